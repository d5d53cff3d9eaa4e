"""One running beamlive, and an operator who looks at what it has."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from pathlib import Path
from typing import Any

import requests

START_SECONDS = 60.0
STOP_SECONDS = 30.0
READY = "listening on "


class Service:
    """Runs the binary, on a port that is free or was its own before."""

    def __init__(self, binary: Path, home: Path, facility: Path) -> None:
        self.binary, self.home, self.facility = binary, home, facility
        self.url = ""
        self.password = "correct horse battery"
        self._process: subprocess.Popen[str] | None = None
        self._http = requests.Session()
        self._http.trust_env = False
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("BEAMLIVE_")
        }

    def start(self) -> None:
        """Starts it, and waits for its line on stdout."""
        listen = self.url.removeprefix("http://") or "127.0.0.1:0"
        users = self.home / "users"
        users.mkdir(exist_ok=True)
        command: list[str | Path] = [self.binary, "serve", "--listen", listen, "--data", self.home / "data"]
        command += ["--facility", self.facility, "--users-root", users]
        with (self.home / "beamlive.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self.home,
                env=self._environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], START_SECONDS)
        assert ready, f"it said nothing for {START_SECONDS:.0f} s"
        line = self._process.stdout.readline()
        assert line.startswith(READY), f"it said {line!r}: {self.log()}"
        self.url = line.removeprefix(READY).strip()

    def stop(self) -> None:
        """Stops it, and waits for its end."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            assert self._process.wait(timeout=STOP_SECONDS) == 0, self.log()
        finally:
            self._process.kill()
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None

    def log(self) -> str:
        """The end of its log."""
        text = (self.home / "beamlive.log").read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-20:])

    def command(self, *arguments: str, said: str = "") -> str:
        """Runs another command of the binary, which must succeed."""
        done = subprocess.run(
            [self.binary, *arguments],
            cwd=self.home,
            env=self._environment,
            input=said,
            capture_output=True,
            text=True,
            timeout=60.0,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def admin(self, route: str) -> Any:
        """What the admin API answers."""
        token = (self.home / "data" / "admin.token").read_text(encoding="utf-8").strip()
        answer = self._http.get(
            f"{self.url}/api/admin/{route}",
            headers={"Authorization": f"Bearer {token}"},
            timeout=15.0,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()
