"""Compares answers with expected values and types, and prints the progress."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from typing import Any

from client import Mismatch

REGINA = timezone(timedelta(hours=-6))
"""America/Regina keeps the same offset all year."""

SECURE_KEY = re.compile(r"[0-9a-f]{40}")
DURATION = re.compile(r"0 minutes|\d+ (year|month|week|day|hour|min|sec)s?( \d+ (year|month|week|day|hour|min|sec)s?)?")

# The known fields of a dataset. All other fields are its metadata.
OWN_FIELDS = {
    "directory", "type", "name", "energy", "exposure", "attenuation", "beam_size", "filename", "frames",
    "sample_id", "start_time", "end_time", "id", "uuid",
}  # fmt: skip


class Transcript:
    """Prints one line per step, and counts."""

    def __init__(self) -> None:
        self.passed = 0

    def scene(self, title: str) -> None:
        print(f"\n{title}", flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """A step. It passes if its block raises no exception."""
        try:
            yield
        except BaseException:
            print(f"  FAIL  {text}", flush=True)
            raise
        self.passed += 1
        print(f"  ok    {text}", flush=True)


def same(where: str, expected: Any, actual: Any) -> None:
    """Values and types must be equal at all levels: 12.0 is not 12."""
    if type(expected) is not type(actual):
        raise Mismatch(f"{where}: expected {_shown(expected)}, got {_shown(actual)}")
    if isinstance(expected, dict):
        missing, surplus = expected.keys() - actual.keys(), actual.keys() - expected.keys()
        if missing or surplus:
            raise Mismatch(f"{where}: missing {sorted(missing)}, not expected {sorted(surplus)}")
        for key, value in expected.items():
            same(f"{where}.{key}", value, actual[key])
    elif isinstance(expected, list):
        if len(expected) != len(actual):
            raise Mismatch(f"{where}: expected {len(expected)} items, got {len(actual)}: {_shown(actual)}")
        for index, (one, other) in enumerate(zip(expected, actual, strict=True)):
            same(f"{where}[{index}]", one, other)
    elif expected != actual:
        raise Mismatch(f"{where}: expected {_shown(expected)}, got {_shown(actual)}")


def has(where: str, expected: dict[str, Any], actual: Any) -> None:
    """The actual map must contain the expected fields. It can contain others."""
    if not isinstance(actual, dict):
        raise Mismatch(f"{where}: expected a map, got {_shown(actual)}")
    for key, value in expected.items():
        if key not in actual:
            raise Mismatch(f"{where}: {key} is missing; there are {sorted(actual)}")
        same(f"{where}.{key}", value, actual[key])


def holds(where: str, condition: bool, otherwise: str) -> None:
    """The condition must be true."""
    if not condition:
        raise Mismatch(f"{where}: {otherwise}")


def secure_key(where: str, value: Any) -> None:
    """A key of the Data Proxy."""
    if not isinstance(value, str) or not SECURE_KEY.fullmatch(value):
        raise Mismatch(f"{where}: not a secure key: {_shown(value)}")


def duration(where: str, text: Any) -> None:
    """A readable duration with at most two units."""
    if not isinstance(text, str) or not DURATION.fullmatch(text):
        raise Mismatch(f"{where}: not a duration: {_shown(text)}")


def instant(where: str, text: Any) -> datetime:
    """A time with an offset."""
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise Mismatch(f"{where}: not a time: {_shown(text)}") from None
    if moment.tzinfo is None:
        raise Mismatch(f"{where}: the time has no offset: {text}")
    return moment


def facility_instant(text: str) -> datetime:
    """A time from a client. Without an offset it is in the facility's zone."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=REGINA)


def frame_count(frames: str) -> int:
    """The number of frames in a frame set like `1-4,8`. An empty set is one frame."""
    ranges = [part.split("-") for part in frames.split(",") if part]
    return sum(int(ends[-1]) - int(ends[0]) + 1 for ends in ranges) or 1


def dataset(where: str, sent: dict[str, Any], expected: dict[str, Any], actual: dict[str, Any]) -> None:
    """All fields of a dataset must read back as sent. `expected` contains the fields that the service adds."""
    fields = ("name", "type", "filename", "frames", "energy", "exposure", "attenuation", "beam_size", "uuid")
    has(where, {name: sent[name] for name in fields}, actual)
    has(where, {"num_frames": frame_count(sent["frames"])} | expected, actual)
    has(where, {"meta_data": {name: value for name, value in sent.items() if name not in OWN_FIELDS}}, actual)
    for name in ("start_time", "end_time"):
        moment = instant(f"{where}.{name}", actual[name])
        holds(f"{where}.{name}", moment == facility_instant(sent[name]), f"sent {sent[name]}, got {actual[name]}")
    secure_key(f"{where}.url", actual["url"])
    created, modified = instant(f"{where}.created", actual["created"]), instant(f"{where}.modified", actual["modified"])
    holds(where, created <= modified, f"created {created}, modified {modified}")


def report(where: str, sent: dict[str, Any], expected: dict[str, Any], actual: dict[str, Any]) -> None:
    """All fields of a report must read back as they were sent."""
    has(where, {"name": sent["title"], "kind": sent["kind"], "score": sent["score"]} | expected, actual)
    has(where, {"details": sent["details"]}, actual)
    secure_key(f"{where}.url", actual["url"])


def no_overlap(where: str, sessions: list[dict[str, Any]]) -> None:
    """The stretches of the sessions must not overlap."""
    never = datetime.max.replace(tzinfo=timezone.utc)
    stretches = sorted(
        (instant(where, stretch["start"]), instant(where, stretch["end"]) if stretch["end"] else never)
        for session in sessions
        for stretch in session["stretches"]
    )
    for (_, end), (start, _) in zip(stretches, stretches[1:], strict=False):
        holds(where, end <= start, f"a stretch that ends {end} and one that starts {start} overlap")


def _shown(value: Any) -> str:
    text = repr(value)
    return f"{text if len(text) <= 300 else text[:300] + '…'} ({type(value).__name__})"
