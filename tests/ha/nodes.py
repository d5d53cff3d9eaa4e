"""The beamlive nodes: equal processes over one database."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from cluster import EXAMPLES
from host import GATEWAY, Host

START_SECONDS = 60.0
STOP_SECONDS = 45.0
STEPS_SECONDS = 0.1
HOLD_SECONDS = 60


class Node:
    """One node, with the settings of examples/ha/beamlive.toml. It runs on the host of the bridge,
    or on `host`, which has a database as well."""

    def __init__(self, number: int, binary: Path, home: Path, settings: Mapping[str, str], host: Host | None) -> None:
        self.name = f"bl{number}"
        self.host = host
        self.home = (host.home if host else home) / self.name
        self.address = (host.address, 8000) if host else (GATEWAY, 8000 + number)
        self._command = [str(binary), "serve", "--config", str(EXAMPLES / "beamlive.toml")]
        self._command += ["--listen", f"{self.address[0]}:{self.address[1]}", "--data", str(self.home / "data")]
        self._settings = {"BEAMLIVE_STORE__NODE": self.name} | dict(settings)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.host.home / "beamlive.log" if self.host else self.home / "beamlive.log"

    def start(self) -> None:
        """Starts the node and waits until it is ready."""
        self.home.mkdir(parents=True, exist_ok=True)
        if self.host:
            self.host.spawn("beamlive", self._command, self._settings)
        else:
            environment = {name: value for name, value in os.environ.items() if not name.startswith("BEAMLIVE_")}
            with self.log.open("a", encoding="utf-8") as log:
                self._process = subprocess.Popen(
                    self._command,
                    cwd=self.home,
                    env=environment | self._settings,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
        deadline = time.monotonic() + START_SECONDS
        while not self.is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not get ready: {self.last_words()}")
            time.sleep(STEPS_SECONDS)

    def is_ready(self) -> bool:
        url = f"http://{self.address[0]}:{self.address[1]}/health/ready"
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def is_running(self) -> bool:
        if self.host:
            return bool(self.host.processes(" serve --config "))
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9"""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Stops the node as systemd does; it answers what it has begun."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self.host:
            self.host.signal(number, " serve --config ")
        elif self._process is not None:
            self._process.send_signal(number)
            self._process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while self.is_running():
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} does not stop: {self.last_words()}")
            time.sleep(STEPS_SECONDS)

    def last_words(self, lines: int = 10) -> str:
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
