"""The beamlive nodes: equal processes over one database, each with its own port and data directory."""

from __future__ import annotations

import os
import subprocess
import time
import urllib.request
from pathlib import Path

from host import GATEWAY

START_SECONDS = 60.0
HOLD_SECONDS = 60


class Node:
    """One node. It runs on the host of the bridge, which has no database."""

    def __init__(self, number: int, binary: Path, home: Path, url: str, facility: Path) -> None:
        self.name = f"bl{number}"
        self.home = home / self.name
        self.address = (GATEWAY, 8000 + number)
        self.log = self.home / "beamlive.log"
        self._command: list[str | Path] = [binary, "serve", "--listen", f"{GATEWAY}:{self.address[1]}"]
        self._command += ["--data", self.home / "data", "--facility", facility]
        self._command += ["--store-engine", "postgres", "--store-url", url]
        self._environment = {name: value for name, value in os.environ.items() if not name.startswith("BEAMLIVE_")}
        self._environment |= {"BEAMLIVE_STORE__HOLD_SECONDS": str(HOLD_SECONDS), "BEAMLIVE_STORE__NODE": self.name}
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the node and waits until it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.log.open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self.home, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not get ready: {self.last_words()}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{GATEWAY}:{self.address[1]}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9"""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def last_words(self, lines: int = 10) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
