"""Runs a foreign program against the binary and prints its result."""

from __future__ import annotations

import argparse
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path

from client import Mismatch
from expect import Transcript
from server import Server

FACILITY = Path(__file__).resolve().parent / "facility.toml"


def run_program(name: str, description: str, play: Callable[[Server, Transcript], None]) -> int:
    """Calls `play` with a service that is not started yet. Returns the exit code of the program."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--binary", type=Path, required=True, help="the beamlive binary")
    binary = parser.parse_args().binary.resolve()
    transcript = Transcript()
    with (
        tempfile.TemporaryDirectory(prefix=f"beamlive-{name}-") as home,
        Server(binary, Path(home).resolve(), FACILITY) as server,
    ):
        try:
            play(server, transcript)
        except Exception as error:
            # Other exceptions than Mismatch come from replies with an unexpected structure.
            reason = str(error) if isinstance(error, Mismatch) else traceback.format_exc()
            print(f"\n{reason}\n\nthe service's log ends:\n{server.last_words()}\n", flush=True)
            print(f"{name}: {transcript.passed} passed, 1 failed", flush=True)
            return 1
    print(f"\n{name}: {transcript.passed} passed, 0 failed", flush=True)
    return 0
