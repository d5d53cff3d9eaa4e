"""The pages of the console: one line each. A new page needs one line here, or a link to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

STAFF = ("omar", "vera")
ALPHA = (*STAFF, "paula", "alpha")
"""Who sees what is alpha's."""
MEMBERS = (*ALPHA, "hostile")
ANYBODY = (*MEMBERS, "nemo")
ROLES = ANYBODY


@dataclass(frozen=True)
class Look:
    """A page: its address, who gets it, and a text that it must have. `{x}` is the id of x."""

    path: str
    who: tuple[str, ...]
    needs: str


LOOKS = [
    Look("/", ANYBODY, "Beamlines"),
    Look("/sessions", MEMBERS, "Sessions"),
    Look("/sessions?active=true", MEMBERS, "Sessions"),
    Look("/sessions?project=alpha&beamline=BM", ALPHA, "CMCF-20261123"),
    Look("/sessions?project=beta", STAFF, "BETA-1"),
    Look("/sessions/{session}", ALPHA, "CMCF-20261123"),
    Look("/sessions/{session of beta}", STAFF, "BETA-1"),
    Look("/datasets", MEMBERS, "Datasets"),
    Look("/datasets/{DATA}", ALPHA, "lys-1"),
    Look("/datasets/{HDF5}", ALPHA, "many"),
    Look("/datasets/{RASTER}", ALPHA, "raster"),
    Look("/datasets/{XRF}", ALPHA, "xrf-1"),
    Look("/datasets/{MAD}", ALPHA, "peak"),
    Look("/datasets/{XAS}", ALPHA, "xas-1_003.xdi is not there"),
    Look("/datasets/{gone}", ALPHA, "gone"),
    Look("/datasets/{beta}", STAFF, "A1-s2_xtal"),
    Look("/reports", MEMBERS, "Reports"),
    Look("/reports/{kinds}", ALPHA, "Every kind"),
    Look("/reports/{report-MX}", ALPHA, "Data Quality"),
    Look("/reports/{report of beta}", STAFF, "Data Quality"),
    Look("/activity", MEMBERS, "Activity"),
    Look("/samples?project=alpha", ALPHA, "lys-1"),
    Look("/samples?project=beta", STAFF, "ins-1"),
    Look("/samples/sheet?project=alpha", ("omar", "paula", "alpha"), "alpha"),
    Look("/containers", MEMBERS, "Containers"),
    Look("/automounters", ANYBODY, "AM-BM"),
    Look("/automounters/BM", ANYBODY, "BM"),
    Look("/schedule", ANYBODY, "BM"),
    Look("/statistics", MEMBERS, "Statistics"),
    Look("/projects/alpha", ALPHA, "Alpha's group"),
    Look("/projects/beta", STAFF, "Beta's group"),
    Look("/new/project", ("omar",), "project"),
    Look("/people", STAFF, "paula"),
    Look("/people/paula", STAFF, "paula"),
    Look("/new/person", ("omar",), "person"),
    Look("/remote-access", STAFF, "nx-local"),
    Look("/feedback", STAFF, "Feedback"),
    Look("/outbox", STAFF, "Outbox"),
    Look("/state", STAFF, "Data Proxy"),
]

# Addresses that are no pages: files, streams, parts of pages.
NO_PAGES = re.compile(r"^/(download|files|assets|events|overview|api|docs/files)/|^/events$|\.(svg|csv|xlsx|png)$|[?&]format=")


def filled(path: str, numbers: dict[str, int]) -> str:
    return re.sub(r"\{([^}]+)\}", lambda name: str(numbers[name[1]]), path)


def pattern(path: str) -> str:
    """Addresses of one kind of page have one pattern: `/datasets/7` and `/datasets/8`."""
    path = re.sub(r"/\d+(?=/|$)", "/{id}", path.split("#")[0].split("?")[0])
    return re.sub(r"^(/(?:people|projects|automounters)/)[^/]+", r"\1{name}", path)


def named(path: str) -> str:
    """The name of a page's screenshots."""
    return re.sub(r"[^\w.-]+", "-", path.strip("/")).strip("-") or "overview"
