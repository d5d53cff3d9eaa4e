"""Version 3: a password gives an access token, which each request carries."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack
import requests

from .beamline import BeamlineClient, segment
from .errors import BeamliveError, NotVerified, SignInFailed
from .wire import Repeat, Retries, json_of

_REFRESH_SECONDS = 25.0
"""For 30 s, the service answers a refresh that comes again with the same pair."""


@dataclass(frozen=True)
class Tokens:
    """What a sign-in gives. Whoever has it can act for the account."""

    access: str
    refresh: str

    def __repr__(self) -> str:
        return "Tokens(…)"

    @classmethod
    def load(cls, path: Path | str) -> Tokens:
        """The tokens in a file. `beamlive client --v3 login` writes such files, too."""
        try:
            kept = msgpack.unpackb(Path(path).read_bytes())
            return cls(access=kept["access"], refresh=kept["refresh"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BeamliveError(f"can't read the tokens in {path}: {error}") from error

    def save(self, path: Path | str) -> None:
        """Writes the tokens into a file that only its owner can read, in place of an older one."""
        new = Path(f"{path}.{os.getpid()}")
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgpack.packb({"access": self.access, "refresh": self.refresh}))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


class TokenClient(BeamlineClient):
    """A project or a person at one beamline, with a password.

    An access token that is refused is refreshed once, and the request is sent again.
    """

    def __init__(
        self,
        url: str,
        beamline: str,
        *,
        tokens: Tokens | None = None,
        project: str | None = None,
        on_new_tokens: Callable[[Tokens], None] | None = None,
        timeout: float = 15.0,
        retries: Retries | None = None,
        ca_file: Path | str | None = None,
    ) -> None:
        """`tokens`: of an earlier sign-in.

        `project`: for which of a person's projects the requests are. `on_new_tokens` is called with
        each new pair before it is used, for example to save it. The other arguments are those of
        `BeamlineClient`.
        """
        super().__init__(url, beamline, timeout=timeout, retries=retries, ca_file=ca_file)
        self.tokens = tokens
        self.project = project
        self._on_new_tokens = on_new_tokens

    def login(self, username: str, password: str) -> Tokens:
        """Signs in. A wrong password raises `SignInFailed`.

        It is not repeated after a lost answer: failed sign-ins are counted.
        """
        form = {"username": username, "password": password}
        return self._keep(self._auth("auth/", form, Repeat.IF_NOT_DONE))

    def verify(self) -> bool:
        """Whether the service takes the access token."""
        if self.tokens is None:
            return False
        try:
            self._auth("auth/verify/", {"token": self.tokens.access}, Repeat.ALWAYS)
        except SignInFailed:
            return False
        return True

    def refresh(self) -> Tokens:
        """Changes the refresh token for a new pair. If it is spent, raises `SignInFailed`."""
        form = {"refresh": self._known().refresh}
        return self._keep(self._auth("auth/refresh/", form, Repeat.ALWAYS, _REFRESH_SECONDS))

    def _auth(
        self, route: str, form: Mapping[str, str], repeat: Repeat, seconds: float | None = None
    ) -> Any:
        path = f"/api/v3/{route}"
        return json_of(self._wire.send("POST", lambda: path, repeat, body=form, seconds=seconds))

    def _keep(self, answer: Mapping[str, str]) -> Tokens:
        tokens = Tokens(access=answer["access"], refresh=answer["refresh"])
        if self._on_new_tokens:
            self._on_new_tokens(tokens)
        self.tokens = tokens
        return tokens

    def _known(self) -> Tokens:
        if self.tokens is None:
            raise BeamliveError("there are no tokens: call login first")
        return self.tokens

    def _send(
        self,
        method: str,
        tail: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> requests.Response:
        def send() -> requests.Response:
            own = {"X-Access-Token": f"Bearer {self._known().access}"}
            if self.project:
                own["X-Project"] = self.project
            return self._wire.send(
                method,
                lambda: f"/api/v3/{tail}",
                Repeat.ALWAYS,
                headers=own | dict(headers or {}),
                body=body,
            )

        try:
            return send()
        except NotVerified:
            self.refresh()
            return send()

    def _session(self, session: str, verb: str) -> str:
        verb = "start" if verb == "launch" else verb
        return f"session/{self._name()}/{segment(session)}/{verb}/"
