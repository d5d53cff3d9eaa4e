"""The service as an operator runs it: one process, one data directory, one line on stdout."""

from __future__ import annotations

import os
import queue
import signal
import stat
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import IO

from client import Mismatch

START_SECONDS = 60.0
STOP_SECONDS = 30.0
COMMAND_SECONDS = 60.0
READY = "listening on "


class Server:
    """Runs the binary on a free port. The process always ends with the `with` block."""

    def __init__(self, binary: Path, home: Path, facility: Path) -> None:
        self.binary = binary
        self.home = home
        self.facility = facility
        self.data = home / "data"
        self.users_root = home / "users"
        self.log = home / "beamlive.log"
        self.settings: dict[str, str] = {}
        """More settings of the service, as variables of its environment."""
        self._process: subprocess.Popen[str] | None = None
        # The environment of the caller must not change the settings.
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BEAMLIVE_")}

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(timeout=STOP_SECONDS)

    def start(self) -> str:
        """Starts the service, waits for its line on stdout, and returns its URL."""
        self.users_root.mkdir(exist_ok=True)
        command: list[str | Path] = [self.binary, "serve", "--listen", "127.0.0.1:0", "--data", self.data]
        command += ["--facility", self.facility, "--users-root", self.users_root]
        command += ["--timezone", "America/Regina", "--schedule"]
        with self.log.open("a", encoding="utf-8") as log:
            environment = self._environment | self.settings
            self._process = subprocess.Popen(
                command, cwd=self.home, env=environment, stdout=subprocess.PIPE, stderr=log, text=True
            )
        if self._process.stdout is None:
            raise Mismatch("the service has no stdout")
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=_read_lines, args=(self._process.stdout, lines), daemon=True).start()
        try:
            line = lines.get(timeout=START_SECONDS)
        except queue.Empty:
            raise Mismatch(f"the service wrote nothing to stdout within {START_SECONDS:.0f} s") from None
        if line is None:
            raise Mismatch(f"the service ended with {self._process.wait(timeout=STOP_SECONDS)} before it was ready")
        if not line.startswith(READY + "http://"):
            raise Mismatch(f"the first line on stdout is {line!r}, not {READY!r} and an address")
        return line.removeprefix(READY).rstrip("/")

    def stop(self) -> int:
        """Sends SIGTERM and returns the exit code."""
        if self._process is None:
            raise Mismatch("the service was not started")
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise Mismatch(f"the service did not stop within {STOP_SECONDS:.0f} s of SIGTERM") from None

    def command(self, *arguments: str | Path) -> str:
        """Runs another command of the binary, which must succeed, and returns its output."""
        try:
            done = subprocess.run(
                [self.binary, *arguments],
                cwd=self.home,
                env=self._environment,
                capture_output=True,
                text=True,
                timeout=COMMAND_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Mismatch(f"beamlive {arguments[0]} did not end within {COMMAND_SECONDS:.0f} s") from None
        if done.returncode != 0:
            raise Mismatch(f"beamlive {arguments[0]} exited {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def admin_token(self) -> str:
        """The token in the data directory. Only its owner can read the file."""
        path = self.data / "admin.token"
        try:
            mode = stat.S_IMODE(path.stat().st_mode)
            secret = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise Mismatch(f"no admin token: {error}") from error
        if mode != 0o600:
            raise Mismatch(f"{path} has mode {mode:o}, not 600")
        return secret

    def last_words(self, lines: int = 30) -> str:
        """The end of the service's log."""
        try:
            return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def _read_lines(stream: IO[str], lines: queue.Queue[str | None]) -> None:
    """Puts every line and then None into the queue, so that the service can't block on a full pipe."""
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)
