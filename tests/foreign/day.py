"""A whole day at a beamline: independent client programs call the running binary.

    day.py --binary target/debug/beamlive

Prints a line per step and stops at the first thing that differs from the contract, with exit code 1.
"""

from __future__ import annotations

import json
import sys
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import expect
from browser import answer_survey
from client import ControlSystem, DsaKey, Ed25519Key, Operator, Wire, nxupdate, pack, token
from evening import Evening
from expect import REGINA, Transcript, holds, same
from program import FACILITY, run_program
from server import Server

PAYLOADS = Path(__file__).resolve().parent.parent / "fixtures" / "payloads"
SESSION = "CMCF-20261123"
SURVEY_TEXT = "The cryojet iced up twice; <b>otherwise</b> a good night."
SAMPLES = [
    ("lys-1", "HA00AT5142", "needs a small beam", "native", "1", "CLS-0042", "1A1"),
    ("lys-3", "", "", "native", "3", "CLS-0042", "1A3"),
    ("ins-1", "", "", "se-met", "1", "CLS-0043", ""),
    ("thau-2", "", "", None, "2", "CLS-0042", "1A2"),
    ("thau-10", "", "", None, "10", "CLS-0042", "1A10"),
]
"""Alpha's samples at BM, in order: by group, priority, container and location."""


def payload(name: str) -> Any:
    """A body of a real client."""
    return json.loads((PAYLOADS / f"{name}.json").read_text(encoding="utf-8"))["example"]


class Day:
    """The day. It records everything that was sent, so that `Evening` can read it back."""

    def __init__(self, server: Server, transcript: Transcript) -> None:
        self.server, self.log, self.step = server, transcript, transcript.step
        self.wire = Wire(server.start())
        self.operator = Operator(self.wire, server.admin_token())
        self.alpha = ControlSystem(self.wire, "alpha", "BM", DsaKey())
        self.beta = ControlSystem(self.wire, "beta", "BM", Ed25519Key())
        self.datasets: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.reports: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}
        self.session, self.survey = 0, ""

    def play(self) -> Evening:
        self.opening()
        self.sign_in()
        self.launch()
        self.load_samples()
        self.collect()
        self.analyse()
        self.change_of_shift()
        self.remote_access()
        self.data_proxy()
        self.feedback()
        return Evening(self.server, self.log, self.operator, self.alpha, self.datasets, self.reports)

    def opening(self) -> None:
        self.log.scene("The doors open")
        with self.step("health is live and ready, and there are metrics"):
            self.wire.json("GET", "/health/live")
            self.wire.json("GET", "/health/ready")
            holds("metrics", "# TYPE " in self.wire.send("GET", "/metrics").text, "there are no metrics")
        with self.step("the admin API refuses a wrong token"):
            wrong = {"Authorization": "Bearer no-such-token"}
            self.wire.json("GET", "/api/admin/sessions", headers=wrong, expect=401)
        with self.step("beamlive check accepts the facility file"):
            self.server.command("check", FACILITY)
        now = datetime.now(REGINA).replace(microsecond=0)
        self.start = now - timedelta(hours=1)
        self.ends = {"alpha": now + timedelta(hours=3), "beta": now + timedelta(hours=2)}
        beamtimes = [
            {"project": name, "beamline": "BM", "start": self.start.isoformat(), "end": end.isoformat()}
            | {"remote": name == "beta", "cancelled": False}
            for name, end in self.ends.items()
        ]
        with self.step("beamlive apply adds two beamtimes to the running service; beta's is remote"):
            schedule = self.server.home / "schedule.json"
            schedule.write_text(json.dumps({"beamtime": beamtimes}), encoding="utf-8")
            secret = self.server.data / "admin.token"
            self.server.command("apply", schedule, "--url", self.wire.base, "--token-file", secret)
        with self.step("applying the same again through the admin API changes nothing"):
            counts = self.operator.post("apply", {"beamtime": beamtimes})
            expect.has("apply", {"created": 0, "updated": 0, "unchanged": 2}, counts)

    def sign_in(self) -> None:
        self.log.scene("Signing in")
        tail = f"launch/BM/{SESSION}/"
        with self.step("a user that does not exist: 405 with an empty Allow"):
            refused = self.refusal("POST", f"/api/v2/{token('nobody', self.beta.key)}/{tail}")
        with self.step("alpha has no key yet: 400; its MxDC registers a DSA key and calls again"):
            self.alpha.launch(SESSION)
        with self.step("a wrong key, a stale token and one in the future: the same 405, byte by byte"):
            now = int(time.time())
            for bad in (
                token("alpha", self.beta.key),
                token("alpha", self.alpha.key, at=now - 120),
                token("alpha", self.alpha.key, at=now + 120),
                "alpha:1vb66i:",
                "alpha",
            ):
                same("body", refused, self.refusal("POST", f"/api/v2/{bad}/{tail}"))
        with self.step("the same key registered again: 200; another key: 409, and the first key stays"):
            same("reply", {}, self.alpha.register())
            self.alpha.register(key=Ed25519Key(), expect=409)
            self.alpha.launch(SESSION)
        with self.step("a wrong method: 405 with the allowed one"):
            response = self.wire.send("GET", self.alpha.path(tail), expect=405)
            holds("Allow", "POST" in response.headers.get("Allow", ""), repr(response.headers.get("Allow")))

    def refusal(self, method: str, path: str) -> bytes:
        """The body of the answer to a refused signature."""
        response = self.wire.send(method, path, expect=405)
        same("Allow", "", response.headers.get("Allow"))
        expect.has("refusal", {}, response.json().get("error"))
        return response.content

    def launch(self) -> None:
        self.log.scene("Launching")
        with self.step("alpha launches again and joins its session; the answer has all four keys"):
            reply = self.alpha.launch(SESSION)
            same("launch", ["duration", "end_time", "session", "survey"], sorted(reply))
            same("launch.session", SESSION, reply["session"])
            expect.duration("launch.duration", reply["duration"])
            end = expect.instant("launch.end_time", reply["end_time"])
            holds("launch.end_time", end == self.ends["alpha"], f"{end}, the beamtime ends {self.ends['alpha']}")
            self.survey = reply["survey"]
            holds("survey", self.survey.startswith(self.wire.base + "/"), self.survey)
            holds("survey", SESSION not in self.survey and "alpha" not in self.survey, f"a name in {self.survey}")
            print("        " + "Joined session {session}, {duration}, in progress until {end_time}.".format(**reply))
        with self.step("an older MxDC with b'…' around its signature joins the same session"):
            older = ControlSystem(self.wire, "alpha", "BM", self.alpha.key, quoted=True)
            older.registered = True
            same("survey", self.survey, older.launch(SESSION)["survey"])
        with self.step("one session with one open stretch, and a secure key for its directory"):
            self.session = (session := self.sole_session(project="alpha"))["id"]
            expect.has("session", {"name": SESSION, "project": "alpha", "beamline": "BM"}, session)
            same("stretches", [None], [stretch["end"] for stretch in session["stretches"]])
            expect.secure_key("session.url", session["url"])
        with self.step("an unknown beamline and a session name that is none: 404"):
            self.alpha.call("POST", f"launch/NOWHERE/{SESSION}/", expect=404)
            self.alpha.call("POST", "launch/BM/no%20name/", expect=404)

    def sole_session(self, **filters: str) -> Any:
        sessions = self.operator.get("sessions", **filters)
        same(f"sessions of {filters}", 1, len(sessions))
        return sessions[0]

    def load_samples(self) -> None:
        self.log.scene("Samples")
        with self.step("alpha's samples: on-site, in order, with their ports in the robot"):
            response = self.wire.send("GET", self.alpha.path("samples/BM/"))
            samples = response.json()
            names = ("name", "barcode", "comments", "group", "location", "container", "port")
            kinds = {"container_type": "Uni-Puck"}
            wanted = [dict(zip(names, row, strict=True)) | kinds | {"priority": i} for i, row in enumerate(SAMPLES)]
            same("samples", wanted, [{k: v for k, v in sample.items() if k != "id"} for sample in samples])
            holds("samples", all(type(sample["id"]) is int for sample in samples), "an id is not an integer")
            self.sample = next(sample["id"] for sample in samples if sample["name"] == "lys-3")
        with self.step("nothing has changed: 304 without a body"):
            etag = {"If-None-Match": response.headers.get("ETag", "")}
            unchanged = self.wire.send("GET", self.alpha.path("samples/BM/"), headers=etag, expect=304)
            same("body", b"", unchanged.content)
        with self.step("without the trailing slash: the same; an unknown beamline: 404"):
            same("samples", samples, self.alpha.call("GET", "samples/BM"))
            self.alpha.call("GET", "samples/NOWHERE/", expect=404)
        with self.step("beta's MxDC registers an Ed25519 key on its first call; beta has no samples"):
            same("beta's samples", [], self.beta.samples())

    def collect(self) -> None:
        self.log.scene("Datasets")
        last = 0
        for name in sorted(path.stem for path in PAYLOADS.glob("data-*.json") if "reupload" not in path.stem):
            with self.step(f"{name}: uploaded; again with its id: the same; again without it: the same"):
                sent = payload(name) | {"uuid": str(uuid.uuid4())}
                # One payload names a sample that does not exist. The sample is ignored, the dataset
                # is stored.
                known = name != "data-XRF"
                sent |= {"sample_id": self.sample} if known else {}
                number = self.alpha.upload("data", sent)
                holds("id", last in (0, number - 1), f"{number} follows {last}")
                same("id of the upload with its id", number, self.alpha.upload("data", sent | {"id": number}))
                same("id of the retry", number, self.alpha.upload("data", sent))
                mine = {"project": "alpha", "beamline": "BM", "session": self.session}
                sample = {"sample_id": self.sample, "group": "native"} if known else {"sample_id": None, "group": None}
                self.datasets[number], last = (sent, mine | sample), number
        with self.step("data-DATA-reupload: the same dataset with twice the frames"):
            number = next(number for number, (sent, _) in self.datasets.items() if sent["type"] == "DATA")
            old, expected = self.datasets[number]
            sent = payload("data-DATA-reupload") | {"id": number, "uuid": old["uuid"], "sample_id": self.sample}
            same("id", number, self.alpha.upload("data", sent))
            self.datasets[number] = (sent, expected)
        with self.step("an empty dataset: 400 with the names of all missing fields"):
            error = self.alpha.call("POST", "data/BM/", data=pack({}), expect=400)["error"]
            missing = {"directory", "type", "name", "energy", "exposure"} - set(error["fields"])
            holds("fields", not missing, f"{sorted(missing)} not named in {error}")
        self.collect_json(last + 1)
        self.collect_run()
        self.collect_old()

    def collect_run(self) -> None:
        run = payload("data-DATA") | {"uuid": str(uuid.uuid4()), "sample_id": self.sample}
        mine = {"project": "alpha", "beamline": "BM", "session": self.session}
        mine |= {"sample_id": self.sample, "group": "native"}
        numbers: dict[str, int] = {}
        with self.step("an inverse beam: two uploads of one run with the same uuid make two datasets"):
            for half in ("invA", "invB"):
                sent = run | {"name": half}
                numbers[half] = self.alpha.upload("data", sent)
                self.datasets[numbers[half]] = (sent, mine)
            same("numbers", 2, len(set(numbers.values())))
        with self.step("a retry of one of them returns its id, and the other does not change"):
            other = self.operator.get(f"data/{numbers['invB']}")
            same("id", numbers["invA"], self.alpha.upload("data", run | {"name": "invA"}))
            same("the other half", other, self.operator.get(f"data/{numbers['invB']}"))

    def collect_old(self) -> None:
        with self.step("an old metadata file with an id of an earlier server: a new dataset and a note"):
            today = min(self.datasets)
            before = self.operator.get(f"data/{today}")
            old = {"id": today, "uuid": str(uuid.uuid4()), "name": "lys-2019", "sample_id": None}
            sent = payload("data-DATA-reupload") | old | {"directory": "/users/alpha/2019/lys"}
            number = self.alpha.upload("data", sent)
            holds("id", number not in self.datasets, f"{number} is another dataset")
            same("the dataset that has the id now", before, self.operator.get(f"data/{today}"))
            note = self.operator.get("activity", project="alpha", limit=1)[0]
            expect.has("note", {"action": "dataset uploaded", "record": {"subject": "dataset", "id": number}}, note)
            holds("note", f"dataset {today}" in note["note"], note["note"])
            expected = {"project": "alpha", "beamline": "BM", "session": self.session}
            self.datasets[number] = (sent, expected | {"sample_id": None, "group": None})

    def collect_json(self, number: int) -> None:
        with self.step("a JSON dataset with aliases of fields and without times: its end is now"):
            directory = self.server.users_root / "alpha" / SESSION / "lys-3"
            sent = {"name": "lys-3", "type": "SCREEN", "directory": str(directory), "energy": 12, "frames": "1-4,8"}
            sent |= {"exposure_time": 0.5, "file_name": "lys-3_{:05d}.cbf", "sample_id": None, "note": 1.0}
            reply = self.alpha.call("POST", "data/BM/", json=sent)
            same("id", number, reply.get("id"))
            row = self.operator.get(f"data/{number}")
            expect.has("data", {"num_frames": 5, "exposure": 0.5, "filename": sent["file_name"]}, row)
            same("data.meta_data", {"note": 1.0}, row["meta_data"])
            start, end = (expect.instant("data", row[name]) for name in ("start_time", "end_time"))
            same("end − start", timedelta(seconds=2.5), end - start)
            holds("end_time", abs(datetime.now(REGINA) - end) < timedelta(minutes=1), f"{end} is not now")

    def analyse(self) -> None:
        self.log.scene("Reports")
        numbers = sorted(self.datasets)
        for name, about in (("report-MX", numbers[:1]), ("report-SCREEN", numbers[:3])):
            with self.step(f"{name}: uploaded; again with its id: the same; null and unknown datasets are skipped"):
                sent = payload(name) | {"data_id": [*about, None, 987_654]}
                number = self.alpha.upload("report", sent)
                same("id", number, self.alpha.upload("report", sent | {"id": number}))
                self.reports[number] = (sent, {"project": "alpha", "beamline": "BM", "data_id": about})
        with self.step("report-reupload: the same report"):
            number = min(self.reports)
            sent = payload("report-reupload") | {"id": number, "data_id": numbers[:2]}
            same("id", number, self.alpha.upload("report", sent))
            self.reports[number] = (sent, self.reports[number][1] | {"data_id": numbers[:2]})

    def change_of_shift(self) -> None:
        self.log.scene("Change of shift")
        with self.step("alpha closes twice: the second close changes nothing"):
            first = self.alpha.close(SESSION)
            ended = self.sole_session(project="alpha")["stretches"]
            same("close", ["duration", "session"], sorted(first))
            expect.duration("close.duration", first["duration"])
            same("close again", first, self.alpha.close(SESSION))
            same("stretches", ended, self.sole_session(project="alpha")["stretches"])
            holds("end", ended[0]["end"] is not None, "the stretch is still open")
        with self.step("alpha's MxDC posts launch instead of close: the stretch is open again"):
            self.alpha.launch(SESSION)
            stretches = self.sole_session(project="alpha")["stretches"]
            same("stretches", [ended[0] | {"end": None}], stretches)
        with self.step("beta launches at the same beamline: alpha's stretch ends"):
            reply = self.beta.launch("beta-night")
            end = expect.instant("launch.end_time", reply["end_time"])
            holds("launch.end_time", end == self.ends["beta"], f"{end}, the beamtime ends {self.ends['beta']}")
            same("project", "beta", self.sole_session(beamline="BM", active="true")["project"])
            holds("alpha", self.sole_session(project="alpha")["stretches"][0]["end"] is not None, "still open")
        with self.step("beta uploads with the id and uuid of alpha's dataset: beta gets a new dataset"):
            victim = min(self.datasets)
            sent = self.datasets[victim][0] | {"id": victim}
            number = self.beta.upload("data", sent)
            holds("id", number > max(self.datasets), f"{number} is alpha's")
            mine = {"project": "beta", "beamline": "BM", "sample_id": None, "group": None}
            self.datasets[number] = (sent, mine | {"session": self.sole_session(project="beta")["id"]})
        with self.step("alpha uploads a late dataset: it belongs to no session"):
            sent = payload("data-MAD") | {"uuid": str(uuid.uuid4()), "sample_id": self.sample, "name": "late"}
            late = {"project": "alpha", "beamline": "BM", "session": None}
            late |= {"sample_id": self.sample, "group": "native"}
            self.datasets[self.alpha.upload("data", sent)] = (sent, late)
        with self.step("beta can close neither alpha's session nor one that was never launched: 404"):
            self.beta.close(SESSION, expect=404)
            self.beta.close("never-launched", expect=404)
        with self.step("alpha launches again: beta's stretch ends, alpha's session gets a second one"):
            self.alpha.launch(SESSION)
            same("stretches", 2, len(self.sole_session(project="alpha")["stretches"]))
            same("project", "alpha", self.sole_session(beamline="BM", active="true")["project"])
            expect.no_overlap("BM", self.operator.get("sessions", beamline="BM"))

    def remote_access(self) -> None:
        self.log.scene("Remote access")
        users = ["alpha", "beta", "gamma"]
        connections: list[dict[str, Any]] = payload("accesslist-post")
        with self.step("the access list: its users, and beta with its remote beamtime"):
            same("list", users, self.wire.json("GET", "/api/v2/accesslist/"))
            same("list", users, self.wire.json("GET", "/access/accesslist/"))
        with self.step("nxupdate posts its connections twice, and then as finished"):
            bad = {"name": "D-1", "project": "nobody", "status": "Connected", "date": "2026-11-23 12:00:00"}
            for _ in range(2):
                same("list", users, nxupdate(self.wire, [*connections, bad]))
            finished = [one | {"status": "Finished", "date": "2026-11-23 12:30:00"} for one in connections]
            same("list", users, nxupdate(self.wire, [*connections, *finished]))
        with self.step("one connection with its history; the entry of an unknown project was ignored"):
            rows = self.operator.get("connections", list="nx-local")
            same("connections", 1, len(rows))
            names = {"list": "nx-local", "project": "alpha", "name": connections[0]["name"], "status": "Finished"}
            expect.has("connection", names, rows[0])
            noon = datetime(2026, 11, 23, 12, tzinfo=REGINA)
            span = [noon, noon + timedelta(minutes=30)]
            history = [(one["status"], expect.instant("history", one["date"])) for one in rows[0]["history"]]
            holds("history", history == list(zip(("Connected", "Finished"), span, strict=True)), str(history))
            seen = [expect.instant("connection", rows[0][name]) for name in ("created", "end")]
            holds("created and end", seen == span, str(seen))
        with self.step("sshd asks for keys: gamma has two; unlisted and unknown users have none"):
            response = self.wire.send("GET", "/api/v2/keys/gamma")
            holds("keys", response.headers.get("Content-Type", "").startswith("text/plain"), str(response.headers))
            lines = response.text.splitlines()
            holds("keys", len(lines) == 2 and all(line in FACILITY.read_text() for line in lines), response.text)
            for path in ("/api/v2/keys/staff", "/api/v2/keys/nobody", "/access/keys/nobody"):
                same(path, "", self.wire.send("GET", path).text)

    def data_proxy(self) -> None:
        self.log.scene("Directories and keys")
        directory = self.server.users_root / "alpha" / SESSION
        with self.step("every call makes a new key of the directory; directories outside the users' root: 403"):
            path = "/download/data/create/"
            reply = self.wire.json("POST", path, data={"path": str(directory)})
            expect.secure_key("key", reply.get("key"))
            again = self.wire.json("POST", path, json={"path": str(directory)}).get("key")
            expect.secure_key("the next key", again)
            holds("the next key", again != reply["key"], "it is the same")
            self.wire.send("POST", path, data={"path": "/etc"}, expect=403)

    def feedback(self) -> None:
        self.log.scene("Survey")
        with self.step("the survey form is filled in and sent"):
            count = answer_survey(self.wire, self.survey, SURVEY_TEXT)
            answers = self.operator.get("feedback", session=self.session)
            same("answers", 1, len(answers))
            holds("feedback", SURVEY_TEXT in json.dumps(answers, ensure_ascii=False), f"{count} fields: {answers}")


def play(server: Server, transcript: Transcript) -> None:
    Day(server, transcript).play().play()


def main() -> int:
    return run_program("foreign", "Plays a whole day at a beamline against the running binary.", play)


if __name__ == "__main__":
    sys.exit(main())
