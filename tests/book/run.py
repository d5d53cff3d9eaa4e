"""Runs the commands of the book.

    run.py --binary target/debug/beamlive [--page NAME]...

A page's blocks of the kinds `sh` and `console` run in their order, in a folder of their own that has
the `examples`, in a network of its own, and cannot change the system. Comments before a block say
otherwise:

| comment | meaning |
|---|---|
| `<!-- not run: WHY -->` | the block is skipped |
| `<!-- in the background -->` | the block is a service, which runs until the end of the page |
| `<!-- with a service -->` | a service with the example's facility runs from here on |

In a block of the kind `console`, lines after `$ ` are commands, and all others are what they print.
"""

from __future__ import annotations

import argparse
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60
READY = "listening on "
ALONE = "BOOK_IS_ALONE"
SKIPPED = 77
SERVICE = "beamlive serve --facility examples/facility.toml"
KINDS = {"sh", "console", "bash", "shell"}
NOT_RUN = re.compile(r"<!-- not run: (.+) -->")
MARKS = {"<!-- in the background -->", "<!-- with a service -->"}


class Wrong(Exception):
    """A mistake in a page."""


@dataclass
class Block:
    """A block of commands, and the comment before it."""

    line: int
    kind: str
    text: str
    mark: str


def blocks(text: str) -> Iterator[Block]:
    """The blocks of a page that are commands."""
    mark, kind, start, body = "", None, 0, []
    for number, line in enumerate(text.splitlines(), 1):
        if kind is not None:
            if line.strip() == "```":
                if kind in KINDS:
                    yield Block(start, kind, "\n".join(body), mark)
                mark, kind = "", None
            else:
                body.append(line)
        elif line.startswith("```"):
            kind, start, body = line.removeprefix("```").strip(), number, []
        elif line.startswith("<!--"):
            mark = line.strip()
            if mark not in MARKS and not NOT_RUN.fullmatch(mark):
                raise Wrong(f"line {number}: this comment is unknown: {mark}")
        elif line.strip():
            mark = ""


class Folder:
    """Where the commands of one page run."""

    def __init__(self, home: Path, binary: Path) -> None:
        self.home = home
        shutil.copytree(ROOT / "examples", home / "examples")
        programs = home / ".programs"
        programs.mkdir()
        (programs / "beamlive").symlink_to(binary)
        known = {name: value for name, value in os.environ.items() if not name.startswith("BEAMLIVE_")}
        self.environment = known | {
            "PATH": f"{programs}:{known['PATH']}",
            "HOME": str(home),
        }
        self.service: subprocess.Popen[str] | None = None

    @staticmethod
    def adapted(text: str) -> str:
        """The commands with the program that is tested."""
        return text.replace("cargo run --release --", "beamlive").replace("target/release/beamlive", "beamlive")

    def run(self, text: str) -> str:
        """Runs commands, all of which must succeed. Returns what they print."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", self.adapted(text)],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != 0:
            raise Wrong(f"exit code {done.returncode}\n{text}\n{done.stdout}{done.stderr}")
        return done.stdout

    def start(self, text: str) -> None:
        """Starts a service, and waits until it answers."""
        if self.service:
            raise Wrong("the page has a service already")
        log = (self.home / "service.log").open("w", encoding="utf-8")
        self.service = subprocess.Popen(
            ["bash", "-euc", "exec " + self.adapted(text)],
            cwd=self.home,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        assert self.service.stdout
        ready, _, _ = select.select([self.service.stdout], [], [], SECONDS)
        line = self.service.stdout.readline() if ready else ""
        if not line.startswith(READY):
            said = (self.home / "service.log").read_text(encoding="utf-8", errors="replace")
            raise Wrong(f"the service said {line!r}\n{said}")

    def stop(self) -> None:
        """Stops the service, which must end well."""
        if self.service is None:
            return
        self.service.send_signal(signal.SIGTERM)
        try:
            code = self.service.wait(timeout=SECONDS)
        finally:
            self.service.kill()
        if code != 0:
            raise Wrong(f"the service ended with {code}")


def transcript(folder: Folder, text: str) -> None:
    """Runs a block of commands with what they print. `…` stands for anything."""
    steps = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    if not steps:
        raise Wrong("the block has no command after $")
    for step in steps:
        command, _, wanted = step.partition("\n")
        said = folder.run(command).strip()
        parts = (re.escape(part) for part in wanted.strip().split("…"))
        if not re.fullmatch(".*".join(parts), said, flags=re.DOTALL):
            raise Wrong(f"$ {command}\nprints\n{said}\nand not\n{wanted}")


def play(path: Path, binary: Path) -> tuple[int, int]:
    """Runs a page. Returns how many blocks ran, and how many did not."""
    ran = skipped = 0
    with tempfile.TemporaryDirectory(prefix="beamlive-book-") as home:
        folder = Folder(Path(home), binary)
        line = 0
        try:
            for block in blocks(path.read_text(encoding="utf-8")):
                line = block.line
                if NOT_RUN.fullmatch(block.mark):
                    skipped += 1
                    continue
                if block.mark == "<!-- with a service -->":
                    folder.start(SERVICE)
                if block.mark == "<!-- in the background -->":
                    folder.start(block.text)
                elif block.kind == "console":
                    transcript(folder, block.text)
                else:
                    folder.run(block.text)
                ran += 1
            folder.stop()
        except (Wrong, subprocess.TimeoutExpired) as error:
            raise Wrong(f"{path.relative_to(ROOT)}:{line}: {error}") from error
        finally:
            if folder.service and folder.service.poll() is None:
                folder.service.kill()
    return ran, skipped


def pages() -> list[Path]:
    """The pages, in the order of the list of contents."""
    contents = (ROOT / "docs" / "SUMMARY.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+\.md)\)", contents)
    return [(ROOT / "docs" / link).resolve() for link in links]


def enter_network() -> None:
    """Starts this program again, alone in a network, where no command can change the system."""
    if os.environ.get(ALONE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        for folder in ("/etc", "/usr", "/var"):
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        return
    unshare = ["unshare", "--user", "--map-root-user", "--net", "--mount"]
    try:
        subprocess.run([*unshare, "ip", "link", "show"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        print("making a network of its own is not permitted here, or unshare or ip is missing")
        sys.exit(SKIPPED)
    os.execvpe(unshare[0], [*unshare, sys.executable, *sys.argv], os.environ | {ALONE: "1"})


def main() -> int:
    parser = argparse.ArgumentParser(description="Runs the commands of the book.")
    parser.add_argument("--binary", type=Path, required=True)
    parser.add_argument("--page", action="append", help="only this page, such as BACKUP.md")
    options = parser.parse_args()
    enter_network()
    passed = failed = skipped = 0
    for path in pages():
        if options.page and path.name not in options.page:
            continue
        try:
            ran, left = play(path, options.binary.resolve())
        except Wrong as wrong:
            print(f"{wrong}\n", flush=True)
            failed += 1
            continue
        passed, skipped = passed + ran, skipped + left
        if ran or left:
            print(f"{path.relative_to(ROOT)}: {ran} ran, {left} not", flush=True)
    print(f"\nbook: {passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
