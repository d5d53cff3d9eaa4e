"""The faults, and how each is repaired. A fault is over when the cluster is whole again."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass

from cluster import ADDRESSES, Cluster
from host import Host, run
from nodes import Node

DATABASE = ("postgres", "patroni")
FROZEN_SECONDS = 40.0
"""Twice the time after which Patroni replaces a primary that says nothing."""

FILLER = "/var/lib/postgresql/filler"

CUT = """
table inet cut {{
    chain from {{ type filter hook input priority 0; ip saddr {{ {peers} }} drop; }}
    chain to {{ type filter hook output priority 0; ip daddr {{ {peers} }} drop; }}
}}
"""


@dataclass
class Site:
    """What a fault can act on."""

    cluster: Cluster
    nodes: Sequence[Node]

    def primary(self) -> Host:
        leader = self.cluster.leader()
        if leader is None:
            raise RuntimeError("there is no primary to break")
        return leader

    def successor(self, former: Host, seconds: float = 60.0) -> None:
        """Waits until another host is the primary."""

        def replaced() -> bool:
            members = self.cluster.members()
            leaders = [member["name"] for member in members if member["role"] == "leader"]
            return any(name != former.name for name in leaders)

        self.cluster.wait(replaced, f"a successor of {former.name}", seconds)


def kill(site: Site) -> None:
    """kill -9 of the primary's PostgreSQL and Patroni."""
    primary = site.primary()
    primary.signal(signal.SIGKILL, *DATABASE)
    site.successor(primary)
    time.sleep(5)
    site.cluster.start_patroni(primary)


def crash(site: Site) -> None:
    """kill -9 of the primary's PostgreSQL; Patroni sees it."""
    primary = site.primary()
    primary.signal(signal.SIGKILL, "postgres")
    time.sleep(5)


def power(site: Site) -> None:
    """The standbys' cables are out for a second, then the primary's host loses its power."""
    primary = site.primary()
    standbys = [host for host in site.cluster.hosts.values() if host is not primary]
    for host in standbys:
        run("ip", "link", "set", host.port, "down")
    time.sleep(1)
    run("ip", "link", "set", primary.port, "down")
    primary.signal(signal.SIGKILL, *DATABASE, "etcd")
    for host in standbys:
        run("ip", "link", "set", host.port, "up")
    site.successor(primary)
    time.sleep(5)
    run("ip", "link", "set", primary.port, "up")
    site.cluster.start_etcd(primary)
    site.cluster.start_patroni(primary)


def switchover(site: Site) -> None:
    """A planned switch-over to the synchronous standby."""
    primary = site.primary()
    command = ["patronictl", "--config-file", "/etc/patroni/config.yml", "switchover", "beamlive", "--force"]
    settings = site.cluster.settings(primary, "patroni.env")
    primary.run("env", *(f"{name}={value}" for name, value in settings.items()), *command, user="postgres")
    site.successor(primary)


def cable(site: Site) -> None:
    """The primary's cable is pulled."""
    primary = site.primary()
    run("ip", "link", "set", primary.port, "down")
    site.successor(primary)
    time.sleep(10)
    run("ip", "link", "set", primary.port, "up")


def peers(site: Site) -> None:
    """The primary is cut off from the other hosts; the nodes still reach it."""
    primary = site.primary()
    others = ", ".join(address for address in ADDRESSES.values() if address != primary.address)
    rules = primary.home / "cut.nft"
    rules.write_text(CUT.format(peers=others), encoding="utf-8")
    primary.run("nft", "--file", str(rules))
    time.sleep(FROZEN_SECONDS)
    primary.run("nft", "delete", "table", "inet", "cut")


def freeze(site: Site) -> None:
    """The primary's PostgreSQL and Patroni stop for longer than the ttl, and go on."""
    primary = site.primary()
    primary.signal(signal.SIGSTOP, *DATABASE)
    time.sleep(FROZEN_SECONDS)
    primary.signal(signal.SIGCONT, *DATABASE)


def disk(site: Site) -> None:
    """The primary's disk fills up."""
    primary = site.primary()
    primary.run("sh", "-c", f"cat /dev/zero > {FILLER} 2>/dev/null || true")
    time.sleep(FROZEN_SECONDS)
    primary.run("rm", FILLER)


def standby(site: Site) -> None:
    """kill -9 of the synchronous standby's PostgreSQL and Patroni."""
    members = site.cluster.members()
    name = next(member["name"] for member in members if member["role"] == "sync_standby")
    host = site.cluster.hosts[name]
    host.signal(signal.SIGKILL, *DATABASE)
    time.sleep(20)
    site.cluster.start_patroni(host)


def node(site: Site) -> None:
    """kill -9 of a beamlive node; it is started again 5 s later."""
    victim = site.nodes[0]
    victim.kill()
    time.sleep(5)
    victim.start()


def restart(site: Site) -> None:
    """A beamlive node is stopped as systemd does, and started again 5 s later."""
    chosen = site.nodes[0]
    chosen.stop()
    time.sleep(5)
    chosen.start()


FAULTS = {
    fault.__name__: fault
    for fault in (kill, crash, power, switchover, cable, peers, freeze, disk, standby, node, restart)
}
SHORT = ("kill", "switchover")
