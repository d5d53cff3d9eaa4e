"""What the tests share: one service for all of them, and a project for each."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from service import Service

FACILITY = """
[[beamline]]
acronym = "BM"
name = "08B1-1"

[[beamline]]
acronym = "ID"
name = "08ID-1"

[[container_type]]
name = "Automounter"
locations = ["1", "2"]

[[container_type]]
name = "Adaptor"
locations = ["A", "B"]

[[container_type]]
name = "Uni-Puck"
locations = ["1", "2", "3"]

[[project]]
username = "staff"

[[container]]
project = "staff"
name = "AM-BM"
type = "Automounter"
status = "on-site"

[[container]]
project = "staff"
name = "AD-1"
type = "Adaptor"
status = "on-site"
parent = { project = "staff", name = "AM-BM" }
location = "1"

[[automounter]]
beamline = "BM"
container = { project = "staff", name = "AM-BM" }

[[project]]
username = "holder"

[[container]]
project = "holder"
name = "CLS-0042"
type = "Uni-Puck"
status = "on-site"
parent = { project = "staff", name = "AD-1" }
location = "A"

[[container]]
project = "holder"
name = "CLS-0043"
type = "Uni-Puck"
status = "on-site"

[[group]]
project = "holder"
name = "native"
priority = 1

[[sample]]
project = "holder"
name = "lys-3"
container = "CLS-0042"
location = "3"
group = "native"
barcode = "HA00AT5142"

[[sample]]
project = "holder"
name = "ins-1"
container = "CLS-0043"
location = "1"

[[person]]
username = "anna"
member_of = [{ project = "p0" }, { project = "holder" }]
"""

PROJECTS = 40


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--binary", type=Path, required=True, help="the beamlive binary")


@pytest.fixture(scope="session")
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    """A service with the facility above, which runs until the last test."""
    binary: Path = request.config.getoption("--binary")
    with tempfile.TemporaryDirectory(prefix="beamlive-client-") as folder:
        home = Path(folder)
        facility = home / "facility.toml"
        projects = [f'[[project]]\nusername = "p{number}"\n' for number in range(PROJECTS)]
        facility.write_text(FACILITY + "\n".join(projects), encoding="utf-8")
        service = Service(binary.resolve(), home, facility)
        service.start()
        try:
            yield service
        finally:
            service.stop()


_NUMBERS = itertools.count()


@pytest.fixture
def project() -> str:
    """A project that no other test uses. It has no key and no password."""
    number = next(_NUMBERS)
    assert number < PROJECTS, "the facility needs more projects"
    return f"p{number}"
