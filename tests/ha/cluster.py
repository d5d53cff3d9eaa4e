"""Three hosts with etcd, Patroni and PostgreSQL, set up with the files of examples/ha."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from host import Host, make_bridge, run

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "ha"
ADDRESSES = {"db1": "10.77.0.11", "db2": "10.77.0.12", "db3": "10.77.0.13"}
START_SECONDS = 90.0
WHOLE_SECONDS = 150.0


class NotWhole(Exception):
    """The cluster did not become whole in time."""


def environment(path: Path) -> dict[str, str]:
    """The variables of a file as systemd reads it."""
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class Cluster:
    """The three hosts. `asynchronous` turns the synchronous standby off, as the control. With a
    `witness`, the third host has etcd only."""

    def __init__(self, home: Path, *, asynchronous: bool = False, witness: bool = False) -> None:
        self.asynchronous = asynchronous
        self.machines = [Host(name, address, home / name) for name, address in ADDRESSES.items()]
        self.hosts = {host.name: host for host in self.machines[: 2 if witness else 3]}
        self.password = environment(EXAMPLES / "patroni.env")["BEAMLIVE_DATABASE_PASSWORD"]

    @property
    def url(self) -> str:
        """The database, as beamlive and libpq are told."""
        hosts = ",".join(host.address for host in self.hosts.values())
        return f"postgres://beamlive:{self.password}@{hosts}/beamlive?target_session_attrs=read-write"

    # ---- setting up ------------------------------------------------------------------------------

    def start(self) -> None:
        make_bridge()
        for host in self.machines:
            host.start()
            self.configure(host)
            self.start_etcd(host)
        first, *others = self.hosts.values()
        self.start_patroni(first)
        self.wait(lambda: self.leader() is not None, "a first primary", START_SECONDS)
        for host in others:
            self.start_patroni(host)
        self.wait_whole()

    def configure(self, host: Host) -> None:
        """Copies the files of examples/ha to where Debian's packages look for them."""
        text = (EXAMPLES / "patroni.yml").read_text(encoding="utf-8")
        if self.asynchronous:
            changed = text.replace("synchronous_mode: true", "synchronous_mode: false")
            if changed == text:
                raise RuntimeError("patroni.yml has no line 'synchronous_mode: true'")
            text = changed
        etc = host.home / "etc-patroni"
        (etc / "config.yml").write_text(text, encoding="utf-8")
        script = etc / "create-database.sh"
        script.write_bytes((EXAMPLES / "create-database.sh").read_bytes())
        script.chmod(0o755)

    def settings(self, host: Host, file: str) -> dict[str, str]:
        """The variables of a file of examples/ha, which is that of db1, changed for another host."""
        values = environment(EXAMPLES / file)
        for name, value in values.items():
            if name != "ETCD_INITIAL_CLUSTER":
                values[name] = host.name if value == "db1" else value.replace(ADDRESSES["db1"], host.address)
        return values

    def start_etcd(self, host: Host) -> None:
        host.spawn("etcd", ["etcd"], self.settings(host, "etcd.env"), "postgres")

    def start_patroni(self, host: Host) -> None:
        host.spawn("patroni", ["patroni", "/etc/patroni/config.yml"], self.settings(host, "patroni.env"), "postgres")

    # ---- looking at it ---------------------------------------------------------------------------

    def members(self, host: Host | None = None) -> list[dict[str, Any]]:
        """The members as one host sees them; without one, as the first host that answers."""
        for asked in [host] if host else self.hosts.values():
            try:
                with urllib.request.urlopen(f"http://{asked.address}:8008/cluster", timeout=2) as answer:
                    members: list[dict[str, Any]] = json.load(answer)["members"]
                    return members
            except (OSError, ValueError, KeyError):
                continue
        return []

    def leader(self) -> Host | None:
        """The primary that takes writes, as the hosts themselves say."""
        for host in self.hosts.values():
            try:
                with urllib.request.urlopen(f"http://{host.address}:8008/primary", timeout=2) as answer:
                    if answer.status == 200:
                        return host
            except (urllib.error.HTTPError, OSError):
                continue
        return None

    def ails(self) -> str:
        """What keeps the cluster from being whole; empty if nothing. All hosts must say the same."""
        views = {name: self.members(host) for name, host in self.hosts.items()}
        for name, members in views.items():
            found = self._ails(members)
            if found:
                return f"{name} says: {found}"
        leaders = {member["name"] for members in views.values() for member in members if member["role"] == "leader"}
        return "" if len(leaders) == 1 else f"the leaders are {leaders}"

    def _ails(self, members: list[dict[str, Any]]) -> str:
        if len(members) != len(self.hosts):
            return f"{len(members)} members"
        wrong = [
            f"{member['name']} is {member['role']} and {member['state']}, lag {member.get('lag')}"
            for member in members
            if member["state"] not in ("running", "streaming")
            or (member["role"] != "leader" and member.get("lag") not in range(1024 * 1024))
        ]
        if wrong:
            return "; ".join(wrong)
        timelines = {member.get("timeline") for member in members}
        if len(timelines) != 1:
            return f"timelines {timelines}"
        roles = sorted(str(member["role"]) for member in members)
        standbys = ["replica"] * (len(self.hosts) - 1)
        if not self.asynchronous:
            standbys[-1] = "sync_standby"
        wanted = ["leader", *standbys]
        return "" if roles == wanted else f"roles {roles}"

    def wait_whole(self, seconds: float = WHOLE_SECONDS) -> float:
        """Waits until all three hosts are in the cluster, and returns the seconds that took."""
        return self.wait(lambda: not self.ails(), "the cluster to be whole", seconds)

    def wait(self, condition: Callable[[], bool], what: str, seconds: float) -> float:
        started = time.monotonic()
        while not condition():
            if time.monotonic() - started > seconds:
                raise NotWhole(f"waited {seconds:.0f} s for {what}: {self.ails()}")
            time.sleep(0.5)
        return time.monotonic() - started

    def query(self, sql: str) -> list[list[str]]:
        """Asks the primary; rows of columns as text."""
        command = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "--command", sql, self.url]
        return [line.split(",") for line in run(*command).splitlines()]
