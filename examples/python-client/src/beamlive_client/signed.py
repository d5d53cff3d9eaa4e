"""Version 2: a key signs each request."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import requests

from .beamline import BeamlineClient, segment
from .signing import Key
from .wire import Repeat, Retries


class SignedClient(BeamlineClient):
    """A project at one beamline, which signs its requests with a key."""

    def __init__(
        self,
        url: str,
        beamline: str,
        username: str,
        key: Key,
        *,
        timeout: float = 15.0,
        retries: Retries | None = None,
        ca_file: Path | str | None = None,
    ) -> None:
        """`username`: the project's. The other arguments are those of `BeamlineClient`."""
        super().__init__(url, beamline, timeout=timeout, retries=retries, ca_file=ca_file)
        self.username = username
        self.key = key

    def register(self) -> None:
        """Registers the key. It changes nothing if this key is registered already.

        Raises `AnotherKey` if the project has another one.
        """
        self._wire.send(
            "POST", lambda: self._path("project/"), Repeat.ALWAYS, body={"public": self.key.public}
        )

    def _path(self, tail: str) -> str:
        return f"/api/v2/{self.key.token(self.username)}/{tail}"

    def _send(
        self,
        method: str,
        tail: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        return self._wire.send(
            method, lambda: self._path(tail), Repeat.ALWAYS, headers=headers, body=body
        )

    def _session(self, session: str, verb: str) -> str:
        return f"{verb}/{self._name()}/{segment(session)}/"
