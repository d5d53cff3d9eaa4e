"""Clients of version 3: a control system that signs in with a password, and tokens that other servers made."""

from __future__ import annotations

import time
import uuid
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import msgpack

from client import Mismatch, Wire, pack

# A secret that is short for HS512 signs a token that must be refused.
warnings.filterwarnings("ignore", category=jwt.InsecureKeyLengthWarning)

REFRESH = "/api/v3/token/refresh/"
"""Where today's MxDC looks. `/api/v3/auth/refresh/` is the same."""


@dataclass
class TokenSystem:
    """MxDC at one beamline, which keeps its tokens in a file, as MessagePack."""

    wire: Wire
    username: str
    beamline: str
    keys: Path
    project: str | None = None

    @property
    def tokens(self) -> dict[str, str]:
        kept: dict[str, str] = msgpack.unpackb(self.keys.read_bytes())
        return kept

    def keep(self, tokens: Mapping[str, str]) -> None:
        self.keys.write_bytes(msgpack.packb({name: tokens[name] for name in ("access", "refresh")}))

    def sign_in(self, password: str) -> None:
        form = {"username": self.username, "password": password}
        self.keep(self.wire.json("POST", "/api/v3/auth/", data=form))

    def refresh(self) -> None:
        self.keep(self.wire.json("POST", REFRESH, data={"refresh": self.tokens["refresh"]}))

    @property
    def headers(self) -> dict[str, str]:
        project = {"X-Project": self.project} if self.project else {}
        return {"X-Access-Token": f"Bearer {self.tokens['access']}"} | project

    def call(self, method: str, tail: str, **options: Any) -> Any:
        """Sends a request. As in MxDC, a refused access token is refreshed once."""
        path = f"/api/v3/{tail}"
        try:
            return self.wire.json(method, path, headers=self.headers, **options)
        except Mismatch as refused:
            # Only an answer without a body refuses the token.
            if not str(refused).endswith("got 403: "):
                raise
        self.refresh()
        return self.wire.json(method, path, headers=self.headers, **options)

    def launch(self, session: str, **options: Any) -> Any:
        return self.call("POST", f"session/{self.beamline}/{session}/start/", **options)

    def close(self, session: str, **options: Any) -> Any:
        return self.call("POST", f"session/{self.beamline}/{session}/close/", **options)

    def samples(self, **options: Any) -> Any:
        return self.call("GET", f"samples/{self.beamline}/", **options)

    def upload(self, what: str, record: Mapping[str, Any]) -> int:
        """Uploads a dataset (`data`) or a `report`. Returns its id."""
        number: int = self.call("POST", f"{what}/{self.beamline}/", data=pack(record))["id"]
        return number


def django_token(secret: str, kind: str, user: int, *, issued: float, days: float, algorithm: str = "HS256") -> str:
    """A token as a Django server with that secret makes it: it has no `kid`, and does not name the kind of account."""
    claims = {
        "token_type": kind,
        "exp": int(issued + days * 86_400),
        "iat": int(issued),
        "jti": uuid.uuid4().hex,
        "user_id": user,
    }
    return jwt.encode(claims, secret if algorithm != "none" else "", algorithm=algorithm)


def unsigned(token: str) -> dict[str, Any]:
    """What a token says. Its signature is not verified."""
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def verified(token: str, secret: str) -> dict[str, Any]:
    """What a token says, if that secret has signed it."""
    try:
        claims: dict[str, Any] = jwt.decode(token, secret, algorithms=["HS256"])
    except jwt.InvalidTokenError as error:
        raise Mismatch(f"the token is not good for PyJWT: {error}") from error
    return claims


def wait_until(moment: float) -> None:
    """Waits for a moment of the monotonic clock."""
    time.sleep(max(0.0, moment - time.monotonic()))
