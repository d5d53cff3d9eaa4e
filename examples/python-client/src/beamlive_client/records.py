"""What is sent and answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypedDict

Value = object
"""What MessagePack can hold: texts, numbers, None, and lists and maps of them."""


class Launched(TypedDict):
    """The answer to a launch."""

    session: str
    duration: str
    """The time of the session so far, for people."""
    survey: str
    """A page where the user can leave feedback."""
    end_time: str | None
    """When the beamtime ends, as ISO-8601, if that is known."""


class Closed(TypedDict):
    """The answer to a close."""

    session: str
    duration: str


class Sample(TypedDict):
    """A sample that can be measured at the beamline."""

    id: int
    name: str
    barcode: str
    comments: str
    group: str | None
    location: str
    container: str
    container_type: str
    port: str
    """Where it is in the automounter; empty if it is not loaded."""
    priority: int


def _time(moment: datetime | str | None) -> str | None:
    """A time as text. A time without a zone is in the facility's."""
    return moment.isoformat() if isinstance(moment, datetime) else moment


@dataclass(kw_only=True)
class Dataset:
    """One dataset, scan or raster."""

    directory: str
    """Where its files are. It goes to the Data Proxy, and is not part of the record."""
    type: str
    """DATA, SCREEN, XRD, RASTER, XAS, XRF, MAD, or what else the facility knows."""
    name: str
    energy: float
    """keV"""
    exposure: float | None = None
    """Of one frame, in s. Needed without `start_time`."""
    attenuation: float | None = None
    """%"""
    beam_size: float | None = None
    """µm"""
    filename: str | None = None
    """The name of its file, or the template of the names."""
    frames: str | None = None
    """Such as "1-4,8,10-99". Without it, one frame."""
    sample_id: int | None = None
    """The `id` of a sample."""
    start_time: datetime | str | None = None
    end_time: datetime | str | None = None
    uuid: str | None = None
    """The client's own id of this measurement. With the same name and directory, it is the same dataset."""
    id: int | None = None
    """The id that an earlier upload of this dataset was answered with."""
    meta_data: Mapping[str, Value] = field(default_factory=dict)
    """Anything else to keep with it, at the top level of the record."""

    def body(self) -> dict[str, Value]:
        """The record as it is sent. What is None is left out."""
        own = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "meta_data"}
        own["start_time"], own["end_time"] = _time(self.start_time), _time(self.end_time)
        taken = set(own) & set(self.meta_data)
        if taken:
            raise ValueError(f"meta_data has fields of the dataset: {', '.join(sorted(taken))}")
        return {name: value for name, value in own.items() if value is not None} | dict(self.meta_data)


@dataclass(kw_only=True)
class Report:
    """One report of an analysis."""

    directory: str
    title: str
    kind: str = "Data Analysis"
    score: float | None = None
    details: Sequence[Value] | Mapping[str, Value] = ()
    """Sections of tables and plots. docs/REPORTS.md says how pages show them."""
    data_id: Sequence[int] = ()
    """The ids of the datasets it is about."""
    id: int | None = None
    """The id that an earlier upload of this report was answered with."""

    def body(self) -> dict[str, Value]:
        """The record as it is sent. What is None is left out."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        own["data_id"] = list(self.data_id)
        if not isinstance(self.details, Mapping):
            own["details"] = list(self.details)
        return {name: value for name, value in own.items() if value is not None}
