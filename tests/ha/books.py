"""The record of uploads: what the programs of the load know, compared with the database."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass
class Books:
    """What the programs know. Times are seconds of the monotonic clock."""

    sent: set[str] = field(default_factory=set)
    acknowledged: dict[str, int] = field(default_factory=dict)
    answers: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unanswered: int = 0
    longest: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def acknowledge(self, name: str, number: int, due: float) -> None:
        now = time.monotonic()
        with self.lock:
            self.acknowledged[name] = number
            self.answers.append(now)
            self.longest = max(self.longest, now - due)

    def pause(self, since: float) -> float:
        """The longest time without an acknowledged upload."""
        times = [since, *sorted(answer for answer in self.answers if answer >= since)]
        return max((later - earlier for earlier, later in pairwise(times)), default=float("inf"))


def compare(books: Books, rows: Sequence[Sequence[str]]) -> tuple[list[str], list[str]]:
    """Compares the record with rows of id and name: the names of lost uploads, and of doubles."""
    stored: dict[str, list[int]] = {}
    for number, name in rows:
        stored.setdefault(name, []).append(int(number))
    lost = [name for name, number in books.acknowledged.items() if number not in stored.get(name, [])]
    twice = [name for name, numbers in stored.items() if len(numbers) > 1]
    strange = stored.keys() - books.sent
    if strange:
        raise RuntimeError(f"rows that nobody sent: {sorted(strange)[:5]}")
    return lost, twice
