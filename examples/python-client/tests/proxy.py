"""A connection that loses answers: a relay between a client and the service."""

from __future__ import annotations

import socket
import threading
from types import TracebackType


class LossyRelay:
    """Passes requests on, and cuts the connection instead of the first `lost` answers.

    Each answer ends its connection, so that one connection is one request.
    """

    def __init__(self, target: str, lost: int) -> None:
        host, _, port = target.removeprefix("http://").rpartition(":")
        self._target = (host, int(port))
        self._left = lost
        self.requests: list[bytes] = []
        """What was passed on."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> LossyRelay:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(timeout=10.0)

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with client, socket.create_connection(self._target, timeout=10.0) as server:
                client.settimeout(10.0)
                self._exchange(client, server)

    def _exchange(self, client: socket.socket, server: socket.socket) -> None:
        head, body = self._request(client)
        if not head:
            return
        self.requests.append(head + b"\r\n\r\n" + body)
        server.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
        answer = b""
        while part := server.recv(65_536):
            answer += part
        if self._left > 0:
            self._left -= 1
            return
        client.sendall(answer)

    @staticmethod
    def _request(client: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            part = client.recv(65_536)
            if not part:
                return b"", b""
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
        lengths = [line for line in lines if line.lower().startswith(b"content-length:")]
        length = int(lengths[0].partition(b":")[2]) if lengths else 0
        while len(body) < length:
            body += client.recv(65_536)
        return b"\r\n".join(lines), body
