"""Keys and tokens."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_ssh_public_key
from service import Service

from beamlive_client import BeamliveError, Key
from beamlive_client.signing import base62


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (61, "z"), (62, "10"), (1_767_225_600, "1vb66i")]
)
def test_base62(number: int, text: str) -> None:
    assert base62(number) == text


def test_base62_has_no_negative_numbers() -> None:
    with pytest.raises(ValueError, match="negative"):
        base62(-1)


def test_a_token_has_the_time_and_a_good_signature() -> None:
    key = Key.generate()
    user, stamp, signature = key.token("alice", 1_767_225_600.9).split(":")
    assert (user, stamp) == ("alice", "1vb66i")
    public = load_ssh_public_key(key.public.encode())
    public.verify(base64.urlsafe_b64decode(signature), b"ca.clsi.cmcf:alice:1vb66i")  # type: ignore[call-arg]


def test_a_key_is_kept_in_a_file_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "project.key"
    key = Key.load_or_make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Key.load_or_make(path).public == key.public
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(FileExistsError):
        Key.generate().save(path)
    assert Key.load(path).public == key.public


def test_a_key_of_the_command_line_is_read(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "project.key"
    said = service.command("client", "--key", str(path), "keygen")
    assert Key.load(path).public.split()[1] in said


def test_a_file_without_a_key_is_named(tmp_path: Path) -> None:
    path = tmp_path / "project.key"
    with pytest.raises(BeamliveError, match="project.key"):
        Key.load(path)
    path.write_text("no key", encoding="utf-8")
    with pytest.raises(BeamliveError, match="project.key"):
        Key.load(path)
