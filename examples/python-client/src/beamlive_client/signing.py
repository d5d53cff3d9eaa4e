"""Keys, and the token that signs a request of version 2."""

from __future__ import annotations

import base64
import os
import string
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from .errors import BeamliveError

_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SALT = "ca.clsi.cmcf"


def base62(number: int) -> str:
    """A whole number that is not negative, with the digits 0-9, A-Z and a-z."""
    if number < 0:
        raise ValueError("base62 has no negative numbers")
    digits = ""
    while True:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
        if number == 0:
            return digits


class Key:
    """An Ed25519 key that signs requests. Its files are those of `beamlive client`, and OpenSSH's."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    @classmethod
    def generate(cls) -> Key:
        """A new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def load(cls, path: Path | str) -> Key:
        """The key in a file."""
        try:
            private = load_ssh_private_key(Path(path).read_bytes(), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise BeamliveError(f"can't read the key in {path}: {error}") from error
        if not isinstance(private, Ed25519PrivateKey):
            raise BeamliveError(f"{path} is no Ed25519 key")
        return cls(private)

    @classmethod
    def load_or_make(cls, path: Path | str) -> Key:
        """The key in a file. Without the file it is made."""
        if Path(path).exists():
            return cls.load(path)
        key = cls.generate()
        try:
            key.save(path)
        except FileExistsError:
            # Another process has made it in the meantime.
            return cls.load(path)
        return key

    def save(self, path: Path | str) -> None:
        """Writes the key into a new file that only its owner can read."""
        text = self._private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
        # The file must never exist in part: another process may be about to read it.
        whole = Path(f"{path}.{os.getpid()}")
        descriptor = os.open(whole, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.link(whole, path)
        finally:
            whole.unlink()

    @property
    def public(self) -> str:
        """The public key as OpenSSH writes it, in one line."""
        public = self._private.public_key()
        return public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def token(self, username: str, at: float | None = None) -> str:
        """The part of a URL that signs a request of `username`. It is valid for a minute.

        `at`: seconds since 1970; now, without it.
        """
        stamp = base62(int(time.time() if at is None else at))
        signature = self._private.sign(f"{_SALT}:{username}:{stamp}".encode())
        return f"{username}:{stamp}:{base64.urlsafe_b64encode(signature).decode()}"
