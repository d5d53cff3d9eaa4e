"""The high-availability bench: breaks a cluster under load, and checks that nothing is lost.

    run.py SCENARIO...|all|short [--binary target/release/beamlive] [--asynchronous]
                                [--front] [--witness] [--probe] [--keep]

Prints a row per scenario. The exit code is 1 if a check failed, 77 if this machine can't run it.
docs/HIGH-AVAILABILITY.md explains the scenarios and the columns.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import inside
from books import Books
from cluster import EXAMPLES, ROOT, Cluster, NotWhole
from faults import FAULTS, SHORT, Site
from host import GATEWAY
from nodes import HOLD_SECONDS, Node
from uploads import Load

if TYPE_CHECKING:
    from probe import Probe

SKIPPED = 77
STEADY_SECONDS = 5.0
LIMIT_SECONDS = HOLD_SECONDS + 5.0
HEADER = ("scenario", "pause s", "longest s", "whole s", "acknowledged", "unanswered", "refused", "lost", "twice")
WIDTHS = (12, 8, 10, 8, 13, 11, 8, 5, 6)


@dataclass
class Row:
    """The result of one scenario."""

    scenario: str
    books: Books
    pause: float
    whole: float
    lost: list[str]
    twice: list[str]

    def cells(self) -> list[str]:
        books = self.books
        cells = [self.scenario, f"{self.pause:.1f}", f"{books.longest:.1f}", f"{self.whole:.1f}"]
        cells += [str(len(books.acknowledged)), str(books.unanswered), str(len(books.refused))]
        return [*cells, str(len(self.lost)), str(len(self.twice))]

    def failures(self, *, may_lose: bool) -> list[str]:
        """Failures; the examples are the first of their kind."""
        found = []
        kinds = [("stored twice", self.twice), ("refused", self.books.refused)]
        for what, names in kinds if may_lose else [("lost", self.lost), *kinds]:
            if names:
                found.append(f"{len(names)} {what}: {'; '.join(names[:3])}")
        if not self.books.acknowledged:
            found.append("nothing was acknowledged")
        if self.books.longest > LIMIT_SECONDS:
            found.append(f"an upload took {self.books.longest:.1f} s")
        return [f"{self.scenario}: {what}" for what in found]


def line(cells: Sequence[str]) -> str:
    others = (f"{cell:>{width}}" for cell, width in zip(cells[1:], WIDTHS[1:], strict=True))
    return f"{cells[0]:<{WIDTHS[0]}}" + "".join(others)


class Bench:
    """A cluster with two nodes and a load, or with the probe."""

    def __init__(self, home: Path, options: argparse.Namespace) -> None:
        self.binary: Path = options.binary
        self.cluster = Cluster(home, asynchronous=options.asynchronous, witness=options.witness)
        self.cluster.start()
        self.nodes: list[Node] = []
        self.load: Load | Probe
        if options.probe:
            from probe import Probe

            self.load = Probe(self.cluster)
            return
        # Here, the password and the facility file are not at the paths of beamlive.toml.
        settings = {
            "BEAMLIVE_STORE__PASSWORD_FILE": str(home / "password"),
            "BEAMLIVE_STORE__URL": self.cluster.url.replace(f":{self.cluster.password}@", "@"),
            "BEAMLIVE_FACILITY": str(home / "facility.toml"),
        }
        (home / "password").write_text(self.cluster.password, encoding="utf-8")
        hosts = list(self.cluster.hosts.values()) if options.front else [None, None]
        self.nodes = [Node(number, self.binary, home, settings, host) for number, host in enumerate(hosts[:2], start=1)]
        self.load = Load(self.cluster, [(GATEWAY, 80)] if options.front else [node.address for node in self.nodes])
        self.load.write_facility(home / "facility.toml")
        for node in self.nodes:
            node.start()
        if options.front:
            start_front(home)
        self.load.launch()

    def play(self, number: int, scenario: str) -> tuple[Row, list[str]]:
        """One scenario, from a whole cluster to a whole cluster. Returns the row and the failures."""
        self.cluster.wait_whole()
        self.load.start(f"{scenario}-{number}")
        time.sleep(STEADY_SECONDS)
        started = time.monotonic()
        FAULTS[scenario](Site(self.cluster, self.nodes))
        whole = self.cluster.wait_whole()
        time.sleep(STEADY_SECONDS)
        self.load.stop()
        row = Row(scenario, self.load.books, self.load.books.pause(started), whole, *self.load.audit())
        failures = row.failures(may_lose=self.cluster.asynchronous)
        for node in self.nodes:
            if not node.is_running():
                failures.append(f"{scenario}: {node.name} ended: {node.last_words()}")
        if self.nodes:
            failures += [f"{scenario}: {what}" for what in self.verify()]
        return row, failures

    def verify(self) -> list[str]:
        """beamlive verify, while the nodes run."""
        command = [str(self.binary), "verify", "--store-url", self.cluster.url]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return [] if done.returncode == 0 else [f"beamlive verify: {done.stdout}{done.stderr}".strip()]


def start_front(home: Path) -> None:
    """HAProxy on the host of the bridge, as examples/ha/haproxy.cfg sets it up."""
    with (home / "haproxy.log").open("w", encoding="utf-8") as log:
        subprocess.Popen(["haproxy", "-db", "-f", str(EXAMPLES / "haproxy.cfg")], stdout=log, stderr=log)
    deadline = time.monotonic() + 10
    while True:
        try:
            socket.create_connection((GATEWAY, 80), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"haproxy did not start: {(home / 'haproxy.log').read_text()}") from None
            time.sleep(0.1)


def bench(home: Path, options: argparse.Namespace) -> int:
    """Plays the scenarios inside the namespaces, and returns the exit code."""
    failures: list[str] = []
    lost = 0
    started = time.monotonic()
    print(f"starting {'an asynchronous' if options.asynchronous else 'a synchronous'} cluster", flush=True)
    setting = Bench(home, options)
    print(f"it is whole after {time.monotonic() - started:.0f} s\n\n{line(HEADER)}", flush=True)
    for number, scenario in enumerate(options.scenarios):
        try:
            row, found = setting.play(number, scenario)
        except (NotWhole, RuntimeError) as error:
            failures.append(f"{scenario}: {error}")
            print(f"FAILED {failures[-1]}")
            break
        print(line(row.cells()), flush=True)
        for failure in found:
            print(f"FAILED {failure}", flush=True)
        failures += found
        lost += len(row.lost)
    if options.asynchronous and not lost:
        failures.append("the control lost nothing, so the other runs show nothing")
    if failures:
        print(f"\n{len(failures)} failures; the last: {failures[-1]}")
    return 1 if failures else 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="+", choices=[*FAULTS, "all", "short"], metavar="SCENARIO")
    parser.add_argument("--binary", type=Path, default=ROOT / "target" / "release" / "beamlive")
    parser.add_argument("--asynchronous", action="store_true", help="the control: no standby is waited for")
    parser.add_argument("--front", action="store_true", help="nodes on db1 and db2, behind HAProxy")
    parser.add_argument("--witness", action="store_true", help="two databases; the third host has etcd only")
    parser.add_argument("--probe", action="store_true", help="a writer of rows in place of beamlive")
    parser.add_argument("--keep", action="store_true", help="keep the logs and data")
    options = parser.parse_args()
    options.binary = options.binary.resolve()
    if not options.probe and not options.binary.is_file():
        parser.error(f"there is no {options.binary}")
    names = {"all": list(FAULTS), "short": list(SHORT)}
    options.scenarios = [name for given in options.scenarios for name in names.get(given, [given])]
    return options


def main() -> int:
    options = arguments()
    home = inside.directory()
    if home is not None:
        return bench(home, options)
    if os.geteuid() != 0:
        print("the bench makes namespaces, and needs root")
        return SKIPPED
    reason = inside.missing()
    if reason:
        print(reason)
        return SKIPPED
    return inside.enter(sys.argv, keep=options.keep)


if __name__ == "__main__":
    sys.exit(main())
