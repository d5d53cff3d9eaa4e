"""What both versions do at a beamline."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import msgpack
import requests

from .errors import Unreachable
from .records import Closed, Dataset, Launched, Report, Sample, Value
from .wire import Retries, Wire, json_of

_Client = TypeVar("_Client", bound="BeamlineClient")


class BeamlineClient(ABC):
    """A project at one beamline. Not for several threads at once.

    All calls can be repeated without harm, and are, if there is no answer: a launch joins the
    session that the first one made, a close changes nothing that is closed, and an upload carries
    an `Idempotency-Key`. For 24 hours, uploads with the same key are one record.
    """

    def __init__(
        self,
        url: str,
        beamline: str,
        *,
        timeout: float = 15.0,
        retries: Retries | None = None,
        ca_file: Path | str | None = None,
    ) -> None:
        """`url`: where the service is. `beamline`: its acronym. `timeout`: of one attempt, in s.

        `ca_file`: a PEM file with the certificates to trust for https.
        """
        self.beamline = beamline
        self._wire = Wire(url, timeout=timeout, retries=retries, ca_file=ca_file)
        self._samples: tuple[str, list[Sample]] | None = None

    def __enter__(self: _Client) -> _Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._wire.close()

    @abstractmethod
    def _send(
        self,
        method: str,
        tail: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        """Sends a request that can be repeated, signed as the version wants it."""

    @abstractmethod
    def _session(self, session: str, verb: str) -> str:
        """The path that launches or closes a session."""

    def launch(self, session: str) -> Launched:
        """Launches a session, or joins it. Sessions of others at this beamline end now."""
        launched: Launched = json_of(self._send("POST", self._session(session, "launch")))
        return launched

    def close(self, session: str) -> Closed:
        """Closes a session."""
        closed: Closed = json_of(self._send("POST", self._session(session, "close")))
        return closed

    def samples(self) -> list[Sample]:
        """The samples of the project that can be measured here, in order of priority."""
        known = {"If-None-Match": self._samples[0]} if self._samples else None
        answer = self._send("GET", f"samples/{self._name()}/", headers=known)
        if answer.status_code == 304 and self._samples:
            return [sample.copy() for sample in self._samples[1]]
        samples: list[Sample] = json_of(answer)
        tag = answer.headers.get("ETag")
        self._samples = (tag, [sample.copy() for sample in samples]) if tag else None
        return samples

    def upload_dataset(
        self, dataset: Dataset | Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> int:
        """Uploads a dataset, and returns its id.

        Give your own `idempotency_key`, and keep it with the record, to upload it again after this
        program was ended.
        """
        return self._upload("data", dataset, idempotency_key)

    def upload_report(
        self, report: Report | Mapping[str, Value], *, idempotency_key: str | None = None
    ) -> int:
        """Uploads a report, and returns its id. As `upload_dataset`."""
        return self._upload("report", report, idempotency_key)

    def _upload(
        self, route: str, record: Dataset | Report | Mapping[str, Value], key: str | None
    ) -> int:
        body = record if isinstance(record, Mapping) else record.body()
        headers = {
            "Content-Type": "application/msgpack",
            "Idempotency-Key": str(uuid.uuid4()) if key is None else key,
        }
        path = f"{route}/{self._name()}/"
        packed: bytes = msgpack.packb(body, use_bin_type=True)
        answer: Any = json_of(self._send("POST", path, headers=headers, body=packed))
        number = answer.get("id") if isinstance(answer, dict) else None
        if not isinstance(number, int):
            raise Unreachable(f"the answer has no id: {answer!r}")
        return number

    def _name(self) -> str:
        return quote(self.beamline, safe="")


def segment(text: str) -> str:
    """A text as one part of a path."""
    return quote(text, safe="")
