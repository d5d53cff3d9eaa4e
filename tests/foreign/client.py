"""Clients of the service, built with the libraries that the real clients use.

`ControlSystem` is MxDC at one beamline, `Operator` calls the admin API. Both send requests with `Wire`, which sets a
timeout and raises a `Mismatch` with the answer if the status is wrong.
"""

from __future__ import annotations

import base64
import string
import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgpack
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# MxDC makes ssh-dss keys, although they are deprecated.
warnings.filterwarnings("ignore", message=".*DSA.*")

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
SALT = "ca.clsi.cmcf"
TIMEOUT = 15.0
"""The timeout of each request, in seconds."""


class Mismatch(Exception):
    """The service did not follow its contract."""


def base62(number: int) -> str:
    """A positive number in base 62: digits, upper case, lower case."""
    digits = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


class Key(Protocol):
    """A key pair that signs URLs."""

    public: str

    def sign(self, message: bytes) -> bytes:
        """The signature over the message."""


class DsaKey:
    """A DSA key with 1024 bits and SHA-256, as MxDC makes it today."""

    def __init__(self) -> None:
        self._private = dsa.generate_private_key(key_size=1024)
        self.public = self._private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, message: bytes) -> bytes:
        signature: bytes = self._private.sign(message, hashes.SHA256())
        return signature


class Ed25519Key:
    """An Ed25519 key, as newer clients make it."""

    def __init__(self) -> None:
        self._private = ed25519.Ed25519PrivateKey.generate()
        self.public = self._private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def token(username: str, key: Key, *, at: int | None = None, quoted: bool = False) -> str:
    """A signed token. With `quoted` the signature is between b' and ', as older clients write it."""
    stamp = base62(int(time.time()) if at is None else at)
    signature = base64.urlsafe_b64encode(key.sign(f"{SALT}:{username}:{stamp}".encode())).decode()
    return f"{username}:{stamp}:" + (f"b'{signature}'" if quoted else signature)


def pack(body: Any) -> bytes:
    """MessagePack as MxDC sends it: the keys of a map are sorted."""
    packed: bytes = msgpack.packb(dict(sorted(body.items())) if isinstance(body, Mapping) else body)
    return packed


class Wire:
    """HTTP to one running service."""

    def __init__(self, base: str) -> None:
        self.base = base
        self._http = requests.Session()
        # Requests to localhost must not use a proxy from the environment.
        self._http.trust_env = False

    def send(self, method: str, path: str, *, expect: int = 200, **options: Any) -> requests.Response:
        """Sends a request; `path` can be a whole URL. Redirects are followed only with `allow_redirects`."""
        url = path if path.startswith("http") else self.base + path
        options.setdefault("allow_redirects", False)
        try:
            response = self._http.request(method, url, timeout=TIMEOUT, **options)
        except requests.RequestException as error:
            raise Mismatch(f"{method} {shown(url)}: {error}") from error
        if response.status_code != expect:
            raise Mismatch(
                f"{method} {shown(url)}: expected {expect}, got {response.status_code}: {response.text[:600]}"
            )
        return response

    def json(self, method: str, path: str, **options: Any) -> Any:
        """As `send`, and parses the reply, which must be JSON with that content type."""
        response = self.send(method, path, **options)
        kind = response.headers.get("Content-Type", "")
        if not kind.startswith("application/json"):
            raise Mismatch(f"{method} {shown(response.url)}: the reply is {kind!r}, not JSON")
        try:
            return response.json()
        except ValueError as error:
            raise Mismatch(f"{method} {shown(response.url)}: not JSON: {response.text[:600]}") from error


def shown(url: str) -> str:
    """A shortened URL for messages, because tokens are long."""
    return url if len(url) < 120 else f"{url[:50]}…{url[-60:]}"


@dataclass
class ControlSystem:
    """MxDC at one beamline, run by one project."""

    wire: Wire
    username: str
    beamline: str
    key: Key
    quoted: bool = False
    registered: bool = field(default=False, init=False)

    def path(self, tail: str) -> str:
        """A path with a new token."""
        return f"/api/v2/{token(self.username, self.key, quoted=self.quoted)}/{tail}"

    def register(self, *, key: Key | None = None, expect: int = 200) -> Any:
        """Registers a key with a token that the same key signed."""
        key = key or self.key
        path = f"/api/v2/{token(self.username, key)}/project/"
        return self.wire.json("POST", path, data={"public": key.public.encode()}, expect=expect)

    def call(self, method: str, tail: str, **options: Any) -> Any:
        """Sends a request. As in MxDC, the first one gets 400, the key is registered, and it is sent again."""
        if not self.registered:
            self.wire.send(method, self.path(tail), expect=400, **options)
            self.register()
            self.registered = True
        return self.wire.json(method, self.path(tail), **options)

    def launch(self, session: str, **options: Any) -> Any:
        return self.call("POST", f"launch/{self.beamline}/{session}/", **options)

    def close(self, session: str, **options: Any) -> Any:
        return self.call("POST", f"close/{self.beamline}/{session}/", **options)

    def samples(self, **options: Any) -> Any:
        return self.call("GET", f"samples/{self.beamline}/", **options)

    def upload(self, what: str, record: Mapping[str, Any]) -> int:
        """Uploads a dataset (`data`) or a `report` without a Content-Type. Returns its id."""
        reply = self.call("POST", f"{what}/{self.beamline}/", data=pack(record))
        number = reply.get("id") if isinstance(reply, dict) else None
        if not isinstance(number, int):
            raise Mismatch(f"{what}: the reply has no id: {reply}")
        return number


@dataclass
class Operator:
    """An operator who uses the admin API."""

    wire: Wire
    secret: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, route: str, **filters: str | int) -> Any:
        return self.wire.json("GET", f"/api/admin/{route}", headers=self.headers, params=filters)

    def post(self, route: str, body: Any) -> Any:
        return self.wire.json("POST", f"/api/admin/{route}", headers=self.headers, json=body)


def nxupdate(wire: Wire, connections: Sequence[Mapping[str, Any]]) -> Any:
    """Posts connections as the cron job of a remote-access host does every minute."""
    return wire.json("POST", "/api/v2/accesslist/", data=pack(list(connections)))
