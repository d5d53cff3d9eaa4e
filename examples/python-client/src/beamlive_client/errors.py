"""What can go wrong. Everything that this package raises on purpose is a `BeamliveError`."""

from __future__ import annotations

from collections.abc import Mapping


class BeamliveError(Exception):
    """Any failure of a call."""


class Unreachable(BeamliveError):
    """There was no answer: no connection, a timeout, or an answer that broke off.

    The service may have done what was asked. Calls that can be repeated were repeated before this.
    """


class Refused(BeamliveError):
    """The service answered, and not with 200."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        fields: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.status = status
        """The status of the answer."""
        self.code = code
        """The service's name of the error. It does not change. Empty if the answer has none."""
        self.message = message
        """What the service says, for people."""
        self.fields = dict(fields or {})
        """What is wrong with each field, if fields are wrong."""
        self.retry_after = retry_after
        """After how many seconds the service wants to be asked again."""
        super().__init__(self._text())

    def _text(self) -> str:
        text = f"{self.status} {self.code}".rstrip() + (f": {self.message}" if self.message else "")
        for name, wrong in sorted(self.fields.items()):
            text += f"\n  {name}: {wrong}"
        return text


class Invalid(Refused):
    """Fields of the request are wrong. `fields` names all of them."""


class NotVerified(Refused):
    """The signature or the access token is not valid, or there is no such account."""


class NoKey(Refused):
    """The account has no key yet: call `register`."""


class AnotherKey(Refused):
    """The account has another key. An operator can set or reset it."""


class NotFound(Refused):
    """There is no such beamline, session or route."""


class SignInFailed(Refused):
    """The username or the password is wrong, or the refresh token is not valid."""


class Unavailable(Refused):
    """The service can't do it now: it is busy, stopping, or asked too often."""
