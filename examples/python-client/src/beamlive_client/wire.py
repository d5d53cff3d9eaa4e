"""HTTP: timeouts, errors as exceptions, and retries of requests that can be repeated."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import requests

from . import errors

_LOG = logging.getLogger(__name__)

_AGAIN = {408, 429, 502, 503, 504}
"""Answers that a later attempt may not get. 502 and 504 come from front ends."""

_NOT_DONE = {429, 503}
"""Of these, those of the service itself, which then has done nothing."""


class Repeat(Enum):
    """Whether a request can be sent again."""

    ALWAYS = "a repeat has no further effect"
    IF_NOT_DONE = "only if the service said that it has done nothing, or was not reached"


@dataclass(frozen=True)
class Retries:
    """How long to try."""

    attempts: int = 5
    """How often to send a request, at most."""
    seconds: float = 45.0
    """No attempt begins later than this after the first one."""
    pause: float = 0.25
    """The first pause, in s. Each later one is twice as long, and up to half as long again."""
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)


class Wire:
    """HTTP to one service. Not for several threads at once."""

    def __init__(
        self,
        url: str,
        *,
        timeout: float = 15.0,
        retries: Retries | None = None,
        ca_file: Path | str | None = None,
    ) -> None:
        self.url = url.rstrip("/")
        self.retries = retries or Retries()
        self._timeout = timeout
        self._http = requests.Session()
        # Proxies and passwords that the environment has for other servers are not used.
        self._http.trust_env = False
        self._http.verify = str(ca_file) if ca_file else True

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send(
        self,
        method: str,
        path: Callable[[], str],
        repeat: Repeat,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | Mapping[str, str] | None = None,
        seconds: float | None = None,
    ) -> requests.Response:
        """Sends a request, and again if that is safe. Returns an answer of 200 or 304.

        `path` is asked before each attempt, because a signature in it is good for a minute.
        """
        began, attempt = time.monotonic(), 1
        patience = self.retries.seconds if seconds is None else min(seconds, self.retries.seconds)
        while True:
            failure: errors.BeamliveError
            try:
                answer = self._http.request(
                    method,
                    self.url + path(),
                    headers=headers,
                    data=body,
                    timeout=self._timeout,
                    allow_redirects=False,
                )
            except requests.RequestException as error:
                failure = errors.Unreachable(f"{method} at {self.url}: {_cause(error)}")
                failure.__cause__ = error
                may_repeat = repeat is Repeat.ALWAYS or _was_not_sent(error)
                pause = 0.0
            else:
                if answer.status_code in (200, 304):
                    return answer
                refused = failed(answer)
                failure = refused
                status = refused.status
                is_safe = repeat is Repeat.ALWAYS or status in _NOT_DONE and bool(refused.code)
                may_repeat = status in _AGAIN and is_safe
                pause = refused.retry_after or 0.0
            backoff = self.retries.pause * 2 ** (attempt - 1)
            pause = max(pause, backoff * random.uniform(1.0, 1.5))
            is_late = time.monotonic() - began + pause > patience
            if not may_repeat or attempt >= self.retries.attempts or is_late:
                raise failure
            _LOG.warning("attempt %d failed, the next is in %.1f s: %s", attempt, pause, failure)
            self.retries.sleep(pause)
            attempt += 1


def _was_not_sent(error: requests.RequestException) -> bool:
    """Whether the connection could not be made, so that nothing of the request was sent."""
    if isinstance(error, requests.exceptions.ConnectTimeout):
        return True
    return "NewConnectionError" in repr(error)


def _cause(error: requests.RequestException) -> str:
    """The cause, without the path: it has the signature in it."""
    cause = error.args[0] if error.args else error
    reason = getattr(cause, "reason", None) or cause
    return f"{type(error).__name__}: {str(reason).rpartition(': ')[2]}"


def json_of(answer: requests.Response) -> Any:
    """The body of a successful answer."""
    try:
        return answer.json()
    except ValueError as error:
        raise errors.Unreachable(f"the answer is no JSON: {answer.text[:200]!r}") from error


def failed(answer: requests.Response) -> errors.Refused:
    """The exception for any other answer."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    body = body if isinstance(body, dict) else {}
    said = body.get("error")
    said = said if isinstance(said, dict) else {}
    code = str(said.get("code") or body.get("code") or "")
    message = str(said.get("message") or body.get("detail") or "")
    fields = said.get("fields")
    if not said and not message:
        # The sign-in of version 3 answers with a list for each field.
        fields = {name: " ".join(map(str, wrong)) for name, wrong in body.items() if isinstance(wrong, list)}
        message = f"these fields are wrong: {', '.join(fields)}" if fields else ""
    kind = _kind(answer.status_code, code)
    fields = fields if isinstance(fields, dict) else {}
    return kind(answer.status_code, code, message, fields, _seconds(answer.headers.get("Retry-After")))


def _kind(status: int, code: str) -> type[errors.Refused]:
    """The class of the exception."""
    by_code: dict[str, type[errors.Refused]] = {
        "no_key": errors.NoKey,
        "another_key": errors.AnotherKey,
        "not_verified": errors.NotVerified,
        "not_signed_in": errors.NotVerified,
    }
    by_status: dict[int, type[errors.Refused]] = {
        400: errors.Invalid,
        401: errors.SignInFailed,
        404: errors.NotFound,
    }
    if status in _AGAIN:
        return errors.Unavailable
    if status == 403 and not code:
        return errors.NotVerified
    return by_code.get(code) or by_status.get(status, errors.Refused)


def _seconds(text: str | None) -> float | None:
    """The header Retry-After, of which the service sends seconds."""
    return float(text) if text and text.isdigit() else None
