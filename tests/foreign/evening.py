"""The evening: everything is read back, before and after a restart of the service."""

from __future__ import annotations

from typing import Any

import expect
import metrics
from client import ControlSystem, Operator, Wire
from expect import Transcript, holds, same
from server import Server

Sent = dict[int, tuple[dict[str, Any], dict[str, Any]]]
"""By id: the uploaded body, and the fields that the service adds."""


class Evening:
    """Reads back everything that was sent during the day."""

    def __init__(
        self,
        server: Server,
        transcript: Transcript,
        operator: Operator,
        alpha: ControlSystem,
        datasets: Sent,
        reports: Sent,
    ) -> None:
        self.server, self.log, self.step = server, transcript, transcript.step
        self.operator, self.alpha = operator, alpha
        self.datasets, self.reports = datasets, reports

    def play(self) -> None:
        self.log.scene("The evening: reading everything back")
        self.read_back()
        self.read_activity()
        with self.step("Prometheus' library reads the metrics; histograms are complete, all uploads are counted"):
            counted = metrics.uploads(self.operator.wire.send("GET", "/metrics").text)
            holds("uploads", counted >= len(self.datasets), f"{counted} of {len(self.datasets)}")
        before, samples = self.everything(), self.alpha.samples()
        self.restart()
        with self.step("sessions, datasets, reports, connections, feedback and samples are unchanged"):
            same("store", before["records"], self.everything()["records"])
            same("samples", samples, self.alpha.samples())
        with self.step("no entry of the activity log is lost"):
            entries = self.everything()["activity"]
            same("activity", before["activity"], entries[len(entries) - len(before["activity"]) :])
        self.go_on()
        with self.step("SIGTERM: exit code 0 again"):
            same("exit code", 0, self.server.stop())

    def read_back(self) -> None:
        for number, (sent, expected) in sorted(self.datasets.items()):
            with self.step(f"dataset {number} ({sent['type']} of {expected['project']}): every value and type"):
                expect.dataset(f"data/{number}", sent, {"id": number} | expected, self.operator.get(f"data/{number}"))
        for number, (sent, expected) in sorted(self.reports.items()):
            with self.step(f"report {number} ({sent['kind']}): every value and type"):
                row = self.operator.get(f"reports/{number}")
                expect.report(f"reports/{number}", sent, {"id": number} | expected, row)
        with self.step("the lists: newest first, in pages, by project and session"):
            rows = self.operator.get("data", limit=1000)
            numbers = [row["id"] for row in rows]
            same("ids", sorted(numbers, reverse=True), numbers)
            holds("ids", set(self.datasets) <= set(numbers), f"{sorted(self.datasets)} not all in {numbers}")
            pages: list[Any] = []
            before: dict[str, int] = {}
            while page := self.operator.get("data", limit=3, **before):
                holds("page", len(page) <= 3, f"{len(page)} rows")
                holds("page", not before or page[0]["id"] < before["before"], f"{page[0]['id']} again")
                pages += page
                before = {"before": page[-1]["id"]}
            same("pages", rows, pages)
            for row in self.operator.get("data", project="beta"):
                same("project", "beta", row["project"])
        with self.step("alpha's session counts its datasets and reports"):
            session = self.operator.get("sessions", project="alpha")[0]
            inside = self.operator.get("data", session=session["id"], limit=1000)
            same("datasets", [row["id"] for row in rows if row["session"] == session["id"]], [r["id"] for r in inside])
            expect.has("session", {"datasets": len(inside), "reports": len(self.reports)}, session)
            same("one of them", session, self.operator.get(f"sessions/{session['id']}"))

    def read_activity(self) -> None:
        with self.step("the activity log and the datasets contain the address of the client"):
            entries = self.operator.get("activity", project="alpha", limit=1000)
            holds("activity", len(entries) >= 5, f"{len(entries)} entries")
            for number in self.datasets:
                same("address", "127.0.0.1", self.operator.get(f"data/{number}")["address"])
            holds("activity", "127.0.0.1" in str(entries), f"no address in {entries[:3]}")
        with self.step("the outbox is empty, because the built-in Data Proxy gives keys at once"):
            same("outbox", [], self.operator.get("outbox"))
        with self.step("the account of alpha"):
            account = self.operator.get("projects/alpha")
            expect.has("project", {"username": "alpha", "name": "Alpha's group"}, account)

    def everything(self) -> dict[str, Any]:
        """All records in the admin API."""
        everyone = {"limit": 1000}
        records = {route: self.operator.get(route, **everyone) for route in ("sessions", "data", "reports")}
        records["connections"] = self.operator.get("connections", list="nx-local")
        records["feedback"] = [self.operator.get("feedback", session=one["id"]) for one in records["sessions"]]
        records["projects"] = [self.operator.get(f"projects/{name}") for name in ("staff", "alpha", "beta", "gamma")]
        return {"records": records, "activity": self.operator.get("activity", **everyone)}

    def restart(self) -> None:
        self.log.scene("The night: restarting on the same data")
        with self.step("SIGTERM: exit code 0"):
            same("exit code", 0, self.server.stop())
        with self.step("it starts again, with the same admin token"):
            wire = Wire(self.server.start())
            secret = self.server.admin_token()
            holds("admin.token", secret == self.operator.secret, "it has changed")
            self.operator = Operator(wire, secret)
            self.alpha.wire = wire

    def go_on(self) -> None:
        session = self.operator.get("sessions", project="alpha", active="true")[0]
        with self.step("alpha's key is still valid; its session continues in the open stretch"):
            self.alpha.launch(session["name"])
            same("session", session, self.operator.get(f"sessions/{session['id']}"))
        with self.step("a retry of an upload from before the restart returns its id; a new dataset gets the next id"):
            known = max(number for number, (_, mine) in self.datasets.items() if mine["project"] == "alpha")
            sent = self.datasets[known][0]
            same("id of the retry", known, self.alpha.upload("data", sent))
            newest = self.operator.get("data", limit=1)[0]["id"]
            number = self.alpha.upload("data", sent | {"uuid": "night-shift", "name": "night"})
            same("id of the new one", newest + 1, number)
            expect.has("data", {"session": session["id"], "name": "night"}, self.operator.get(f"data/{number}"))
        with self.step("a new report gets the next id"):
            sent = self.reports[max(self.reports)][0]
            same("id", max(self.reports) + 1, self.alpha.upload("report", sent | {"title": "night"}))
