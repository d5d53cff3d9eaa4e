"""The console in Chromium.

    run.py --binary target/debug/beamlive --pictures target/screenshots [PART]...

Prints a line per step. Goes on after a part that fails, and then ends with exit code 1. Parts: see
PARTS. Without any, all of them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "foreign"))

from client import Mismatch  # noqa: E402
from expect import Transcript  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from server import Server  # noqa: E402

from place import FACILITY, Place  # noqa: E402
from reports import Reports  # noqa: E402
from hostile import Hostile  # noqa: E402
from moves import Moves  # noqa: E402
from overview import Overview  # noqa: E402
from roles import Roles, Token  # noqa: E402
from scans import Scans  # noqa: E402
from sweep import Sweep  # noqa: E402
from viewer import Viewer  # noqa: E402
from window import launch  # noqa: E402

PARTS = {
    "roles": Roles, "overview": Overview, "moves": Moves, "viewer": Viewer, "reports": Reports, "scans": Scans,
    "hostile": Hostile, "sweep": Sweep,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description="Looks at the console in Chromium.")
    parser.add_argument("--binary", type=Path, required=True, help="the beamlive binary")
    parser.add_argument("--pictures", type=Path, required=True, help="folder for screenshots")
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="parts to play")
    given = parser.parse_args()
    pictures = given.pictures.resolve()
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir(parents=True)
    transcript, failed = Transcript(), []
    with (
        tempfile.TemporaryDirectory(prefix="beamlive-browser-") as home,
        Server(given.binary.resolve(), Path(home).resolve(), FACILITY) as server,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        place = Place(server)
        place.fill()
        Token(browser, place, transcript, pictures).play()
        for name in given.parts or PARTS:
            began = time.monotonic()
            try:
                PARTS[name](browser, place, transcript, pictures).play()
            except Exception as error:
                reason = str(error) if isinstance(error, Mismatch) else traceback.format_exc()
                print(f"\n{reason}\n\nthe service's log ends:\n{server.last_words(12)}\n", flush=True)
                failed.append(name)
            print(f"        {name} took {time.monotonic() - began:.0f} s", flush=True)
        browser.close()
    print(f"\nbrowser: {transcript.passed} passed, {len(failed)} failed {' '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
