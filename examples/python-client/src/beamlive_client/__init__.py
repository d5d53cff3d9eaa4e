"""A client of beamlive, for data-collection programs.

| file | what it holds |
|---|---|
| `signing.py` | keys, and the token that signs a request of version 2 |
| `records.py` | what is sent and answered: datasets, reports, samples, sessions |
| `errors.py` | what can go wrong |
| `wire.py` | HTTP: timeouts, and retries of requests that can be repeated |
| `beamline.py` | what both versions do at a beamline |
| `signed.py` | `SignedClient`: version 2, with a key |
| `tokens.py` | `TokenClient`: version 3, with a password |
| `mxcube.py` | `BeamliveLims` for MXCuBE; needs `mxcubecore`, and is not imported here |
"""

from .beamline import BeamlineClient
from .errors import (
    AnotherKey,
    BeamliveError,
    Invalid,
    NoKey,
    NotFound,
    NotVerified,
    Refused,
    SignInFailed,
    Unavailable,
    Unreachable,
)
from .records import Closed, Dataset, Launched, Report, Sample
from .signed import SignedClient
from .signing import Key
from .tokens import TokenClient, Tokens
from .wire import Retries

__all__ = [
    "AnotherKey",
    "BeamlineClient",
    "BeamliveError",
    "Closed",
    "Dataset",
    "Invalid",
    "Key",
    "Launched",
    "NoKey",
    "NotFound",
    "NotVerified",
    "Refused",
    "Report",
    "Retries",
    "Sample",
    "SignInFailed",
    "SignedClient",
    "TokenClient",
    "Tokens",
    "Unavailable",
    "Unreachable",
]
