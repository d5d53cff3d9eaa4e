"""Runs the bench in namespaces of its own, so that nothing of it remains.

The bench is process 1 of a new PID namespace. When it ends, however it ends, the kernel ends every
process of it, and its network and mounts disappear with the last of them.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

MARK = "BEAMLIVE_HA_DIRECTORY"
PROGRAMS = ["etcd", "patroni", "patronictl", "psql", "haproxy", "unshare", "nsenter", "setpriv", "ip", "nft"]
POSTGRES = Path("/usr/lib/postgresql/15/bin/postgres")


def missing() -> str:
    """What this machine lacks for the bench; empty if nothing."""
    absent = [name for name in PROGRAMS if shutil.which(name) is None]
    if not POSTGRES.exists():
        absent.append(str(POSTGRES))
    if absent:
        return f"there is no {', '.join(absent)}"
    probe = [*_unshare(), "ip", "link", "add", "site0", "type", "bridge"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return f"namespaces with a bridge can't be made here: {done.stderr.strip()}"
    return ""


def directory() -> Path | None:
    """The directory of the bench, inside its namespaces; None outside."""
    value = os.environ.get(MARK)
    return Path(value) if value else None


def enter(arguments: Sequence[str], *, keep: bool) -> int:
    """Runs this program again inside; returns its exit code. Deletes its directory unless `keep`."""
    home = Path(tempfile.mkdtemp(prefix="beamlive-ha-"))
    home.chmod(0o755)
    command = ["setpriv", "--pdeathsig", "KILL", "--", *_unshare(), sys.executable, *arguments]
    process = subprocess.Popen(command, env=os.environ | {MARK: str(home), "PYTHONUNBUFFERED": "1"})

    def stop(number: int, _frame: object) -> None:
        process.kill()
        sys.exit(128 + number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The bench got the signal too, and has a moment to say where it was.
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass
        return 130
    finally:
        process.kill()
        process.wait()
        if keep:
            print(f"logs and data: {home}")
        else:
            shutil.rmtree(home, ignore_errors=True)


def _unshare() -> list[str]:
    return ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
