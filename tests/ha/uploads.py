"""The load: MxDCs that upload datasets over all nodes in turn, and record the answers.

Half of them are MxDC as it is today: an upload whose connection breaks is not sent again. The
others send an Idempotency-Key, and send an upload again, to another node, until it is answered.
"""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from books import Books, compare
from cluster import ROOT, Cluster

sys.path.insert(0, str(ROOT / "tests" / "foreign"))

from client import Ed25519Key, pack, token  # noqa: E402

PROGRAMS = 8
PAUSE_SECONDS = 0.05
PATIENCE_SECONDS = 90.0
"""How long a program waits for one answer: longer than a node holds a request."""

Address = tuple[str, int]


class Program:
    """MxDC at one beamline. It signs once a second and asks the nodes in turn."""

    def __init__(self, number: int, addresses: Sequence[Address], *, has_keys: bool) -> None:
        self.number, self.addresses, self.has_keys = number, addresses, has_keys
        self.books = Books()
        self.user, self.beamline = f"user{number}", f"BL{number}"
        self.key = Ed25519Key()
        self.turn = number
        self.signed: tuple[int, str] = (0, "")
        self.record: dict[str, Any] = json.loads((ROOT / "examples" / "dataset.json").read_text(encoding="utf-8"))
        del self.record["sample_id"]

    def token(self) -> str:
        now = int(time.time())
        if self.signed[0] != now:
            self.signed = (now, token(self.user, self.key, at=now))
        return self.signed[1]

    def post(self, tail: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """One request to the node whose turn it is, on a connection of its own."""
        self.turn += 1
        host, port = self.addresses[self.turn % len(self.addresses)]
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", f"/api/v2/{self.token()}/{tail}", body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def launch(self) -> None:
        status, answer = self.post(f"launch/{self.beamline}/day-1/", b"", {})
        if status != 200:
            raise RuntimeError(f"launch: {status} {answer.decode(errors='replace')}")

    def upload(self, scenario: str, stop: threading.Event) -> None:
        """Uploads until `stop` is set."""
        count = 0
        while not stop.wait(PAUSE_SECONDS):
            count += 1
            self.upload_one(f"{scenario}-{self.number}-{count}")

    def upload_one(self, name: str) -> None:
        unique = str(uuid.uuid4())
        body = pack(self.record | {"name": name, "uuid": unique, "directory": f"/users/{self.user}/{name}"})
        headers = {"Idempotency-Key": unique} if self.has_keys else {}
        due = time.monotonic()
        with self.books.lock:
            self.books.sent.add(name)
        while True:
            try:
                status, answer = self.post(f"data/{self.beamline}/", body, headers)
            except ConnectionRefusedError:
                if time.monotonic() - due > PATIENCE_SECONDS:
                    self.refuse(f"{name}: no node takes connections")
                    return
                time.sleep(0.05)
                continue
            except (OSError, http.client.HTTPException) as error:
                if self.has_keys and time.monotonic() - due < PATIENCE_SECONDS:
                    continue
                with self.books.lock:
                    self.books.unanswered += 1
                if self.has_keys:
                    self.refuse(f"{name}: {error!r}")
                return
            if status == 503 and b'"stopping"' in answer and len(self.addresses) > 1:
                # Without HAProxy, this program asks the next node itself.
                continue
            if status == 200:
                self.books.acknowledge(name, int(json.loads(answer)["id"]), due)
            else:
                self.refuse(f"{name}: {status} after {time.monotonic() - due:.1f} s: {answer.decode(errors='replace')}")
            return

    def refuse(self, what: str) -> None:
        with self.books.lock:
            self.books.refused.append(what)


class Load:
    """All programs at once."""

    def __init__(self, cluster: Cluster, addresses: Sequence[Address]) -> None:
        self.cluster = cluster
        self.books = Books()
        self.scenario = ""
        self._stop = threading.Event()
        self._programs = [Program(number, addresses, has_keys=number % 2 == 0) for number in range(PROGRAMS)]
        self._threads: list[threading.Thread] = []

    def write_facility(self, path: Path) -> None:
        """A facility with a project and a beamline for each program."""
        text = ""
        for program in self._programs:
            user, beamline, key = program.user, program.beamline, program.key.public
            text += f'[[project]]\nusername = "{user}"\nname = "{user}"\nkey = "{key}"\n'
            text += f'[[beamline]]\nacronym = "{beamline}"\nname = "{beamline}"\nactive = true\n'
        path.write_text(text, encoding="utf-8")

    def launch(self) -> None:
        """Every program launches a session."""
        for program in self._programs:
            program.launch()

    def start(self, scenario: str) -> None:
        """Starts a new record."""
        self.books, self.scenario = Books(), scenario
        self._stop.clear()
        self._threads = []
        for program in self._programs:
            program.books = self.books
            self._threads.append(threading.Thread(target=program.upload, args=(scenario, self._stop), daemon=True))
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Waits for the last answers."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS * 2)
            if thread.is_alive():
                raise RuntimeError("an upload does not end")

    def audit(self) -> tuple[list[str], list[str]]:
        """Uploads that are lost, and those that are stored twice, by name."""
        sql = f"SELECT id, name FROM beamlive.dataset WHERE name LIKE '{self.scenario}-%'"
        return compare(self.books, self.cluster.query(sql))
