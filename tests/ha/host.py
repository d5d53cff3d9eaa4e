"""A host: network, processes and mounts of its own, on one bridge with the others.

The bridge is 10.77.0.1/24 in the namespace of the bench. Every host has the directories that its
programs use on a real machine, such as /var/lib/postgresql, so the files of examples/ha are used
as they are.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

BRIDGE = "site0"
GATEWAY = "10.77.0.1"
DATA_BYTES = 768 * 1024 * 1024
"""The size of the disk of PostgreSQL on each host."""

INIT = """
set -e
mount --make-rprivate /
hostname "$1"
mkdir -p "$2"/etcd "$2"/socket "$2"/etc-patroni "$2"/postgresql
mount -t tmpfs -o "size=$3,mode=755" tmpfs "$2"/postgresql
chown postgres:postgres "$2"/etcd "$2"/socket "$2"/etc-patroni "$2"/postgresql
mount --bind "$2"/postgresql /var/lib/postgresql
mount --bind "$2"/socket /run/postgresql
mount --bind "$2"/etc-patroni /etc/patroni
mount --bind "$2"/etcd /var/lib/etcd
mount -t tmpfs tmpfs /dev/shm
ip link set lo up
touch "$2"/up
while :; do sleep 3600 & wait; done
"""


def run(*command: str) -> str:
    """Runs a program that must succeed, and returns its output."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def make_bridge() -> None:
    """Makes the bridge that the hosts are on, in the namespace of the bench."""
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "add", f"{GATEWAY}/24", "dev", BRIDGE)
    run("ip", "link", "set", BRIDGE, "up")


@dataclass
class Host:
    """One of the hosts. `start` makes its namespaces; its programs are started with `spawn`."""

    name: str
    address: str
    home: Path
    init: int = field(default=0, init=False)

    @property
    def port(self) -> str:
        """The host's end of the cable at the bridge."""
        return f"to-{self.name}"

    def start(self) -> None:
        self.home.mkdir(parents=True)
        self.home.chmod(0o755)
        command = ["unshare", "--net", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc"]
        command += ["bash", "-c", INIT, "init", self.name, str(self.home), str(DATA_BYTES)]
        log = (self.home / "init.log").open("w", encoding="utf-8")
        outer = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while not (self.home / "up").exists():
            if outer.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start: {(self.home / 'init.log').read_text()}")
            time.sleep(0.02)
        self.init = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        run("ip", "link", "add", self.port, "type", "veth", "peer", "name", "eth0", "netns", str(self.init))
        run("ip", "link", "set", self.port, "master", BRIDGE, "up")
        self.run("ip", "address", "add", f"{self.address}/24", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "up")

    def _enter(self, user: str | None = None) -> list[str]:
        command = ["nsenter", "--target", str(self.init), "--net", "--mount", "--pid", "--ipc", "--uts", "--"]
        if user:
            command += ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]
        return command

    def run(self, *command: str, user: str | None = None) -> str:
        """Runs a program on the host; it must succeed."""
        return run(*self._enter(user), *command)

    def spawn(self, name: str, command: Sequence[str], environment: Mapping[str, str], user: str | None = None) -> None:
        """Starts a program on the host, with its output in NAME.log."""
        settings = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": "/var/lib/postgresql"} | dict(environment)
        with (self.home / f"{name}.log").open("a", encoding="utf-8") as log:
            subprocess.Popen(
                [*self._enter(user), *command],
                env=settings,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def processes(self, *names: str) -> dict[int, str]:
        """The processes of the host whose program has one of these names, with their command lines."""
        mine = os.readlink(f"/proc/{self.init}/ns/pid")
        found = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if os.readlink(entry / "ns" / "pid") != mine:
                    continue
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
            except OSError:
                continue
            if int(entry.name) != self.init and state != "Z" and any(name in line for name in names):
                found[int(entry.name)] = line
        return found

    def signal(self, number: signal.Signals, *names: str) -> int:
        """Sends a signal to the processes with these names, and returns to how many."""
        hit = 0
        for pid in self.processes(*names):
            try:
                os.kill(pid, number)
                hit += 1
            except ProcessLookupError:
                continue
        return hit
