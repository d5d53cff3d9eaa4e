"""The facility that browsers look at: people with passwords, a day's datasets with files, reports."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from client import ControlSystem, Ed25519Key, Operator, Wire
from server import Server

import files

TESTS = Path(__file__).resolve().parent.parent
FACILITY = Path(__file__).resolve().parent / "facility.toml"
PAYLOADS = TESTS / "fixtures" / "payloads"
KINDS = TESTS.parent / "src" / "page" / "tests" / "reports" / "kinds.json"
PASSWORD = "correct horse"
SESSION = "CMCF-20261123"


def payload(name: str) -> dict[str, Any]:
    """A body of a real client."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))["example"]


class Place:
    """The running service, and what is in it."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.wire = Wire(server.start())
        self.base = self.wire.base
        self.operator = Operator(self.wire, server.admin_token())
        self.alpha = ControlSystem(self.wire, "alpha", "BM", Ed25519Key())
        self.beta = ControlSystem(self.wire, "beta", "ID", Ed25519Key())
        self.simulated = ControlSystem(self.wire, "alpha", "SIM", self.alpha.key)
        self.directory = server.users_root / "alpha" / SESSION / "native"
        self.numbers: dict[str, int] = {}
        """The ids of records, by what they are for in tests."""
        self.survey = ""

    def set_passwords(self) -> None:
        for name in ("omar", "vera", "paula", "nemo", "alpha", "hostile"):
            self.set_password(name)

    def set_password(self, name: str) -> None:
        path = f"/api/admin/accounts/{name}/password"
        self.wire.send("PUT", path, headers=self.operator.headers, json={"password": PASSWORD})

    def fill(self) -> None:
        """A session of alpha at BM with every type of data, one of beta at ID, and reports."""
        files.write(self.directory)
        self.survey = self.alpha.launch(SESSION)["survey"]
        self.beta.launch("BETA-1")
        self.simulated.registered = True
        hdf5 = {"name": "many", "filename": "many_master.h5", "frames": "1-12"} | files.HDF5
        self.numbers["HDF5"] = self.dataset("DATA", **hdf5)
        gone = {"name": "gone", "filename": "gone_{:05d}.cbf", "frames": "1-3"}
        self.numbers["gone"] = self.dataset("DATA", **gone)
        for kind in ("SCREEN", "XRD", "RASTER", "XRF", "MAD", "XAS", "DATA"):
            self.numbers[kind] = self.dataset(kind)
        self.numbers["beta"] = self.beta.upload("data", payload("data-DATA") | {"uuid": "beta"})
        kinds = json.loads(KINDS.read_text(encoding="utf-8"))
        self.numbers["kinds"] = self.report("report-MX", title="Every kind", details=kinds)
        self.numbers["report-MX"] = self.report("report-MX", directory="/users/alpha/mx")
        self.numbers["report-SCREEN"] = self.report("report-SCREEN", directory="/users/alpha/screen")
        self.numbers["report-reupload"] = self.report("report-reupload", directory="/users/alpha/again")
        self.numbers["report of beta"] = self.beta.upload("report", payload("report-MX"))
        session = self.operator.get("sessions", project="alpha")[0]
        self.numbers["session"] = session["id"]
        self.numbers["session of beta"] = self.operator.get("sessions", project="beta")[0]["id"]

    def dataset(self, kind: str, **more: Any) -> int:
        sample = {"sample_id": None, "uuid": str(uuid.uuid4()), "directory": str(self.directory)}
        return self.alpha.upload("data", payload(f"data-{kind}") | sample | files.OF_TYPE.get(kind, {}) | more)

    def report(self, name: str, **more: Any) -> int:
        about = {"data_id": [self.numbers["DATA"]], "id": None}
        return self.alpha.upload("report", payload(name) | about | more)
