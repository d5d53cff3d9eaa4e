"""Draws the same numbers in matplotlib with the same axes, and compares where the marks are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy
from client import Mismatch
from expect import holds
from matplotlib import cbook, pyplot
from matplotlib.axes import Axes
from PIL import Image

from figures import Drawn

PIXEL = 1.0
WARPS = {
    "inv-square": (lambda x: 1 / numpy.square(numpy.maximum(x, 1e-9)), lambda at: 1 / numpy.sqrt(numpy.maximum(at, 1e-9))),
    "pow": (numpy.square, numpy.sqrt),
}
STEPS = {"step": "steps-mid", "step-before": "steps-pre", "step-after": "steps-post"}
FLOAT = Sequence[float]


class Canvas:
    """A figure of matplotlib with the size and the axes' rectangle of a drawn one."""

    def __init__(self, drawn: Drawn) -> None:
        self.wide, self.high = drawn.size
        self.figure = pyplot.figure(figsize=(self.wide / 100, self.high / 100), dpi=100)
        left, top, width, height = drawn.plot
        place = (left / self.wide, 1 - (top + height) / self.high, width / self.wide, height / self.high)
        self.axes: Axes = self.figure.add_axes(place)
        self.right: Axes | None = None

    def scale(self, x: str, y: str = "linear") -> None:
        if x in WARPS:
            self.axes.set_xscale("function", functions=WARPS[x])
        elif x == "log":
            self.axes.set_xscale("log")
        if y == "log":
            self.axes.set_yscale("log")

    def twin(self) -> Axes:
        self.right = self.right or self.axes.twinx()
        return self.right

    def pixels(self, axes: Axes, points: Any) -> numpy.ndarray:
        """Where matplotlib puts points, counted from the top left, as browsers do."""
        at = axes.transData.transform(numpy.asarray(points, dtype=float))
        return numpy.column_stack([at[:, 0], self.high - at[:, 1]])

    def keep(self, drawn: Drawn, path: Path) -> None:
        """Saves both pictures side by side."""
        one, other = path.with_suffix(".1.png"), path.with_suffix(".2.png")
        drawn.handle.screenshot(path=one)
        self.figure.savefig(other)
        pictures = [Image.open(one).convert("RGB"), Image.open(other).convert("RGB")]
        both = Image.new("RGB", (sum(it.width for it in pictures), max(it.height for it in pictures)), "white")
        both.paste(pictures[0], (0, 0))
        both.paste(pictures[1], (pictures[0].width, 0))
        both.save(path)
        one.unlink()
        other.unlink()

    def close(self) -> None:
        pyplot.close(self.figure)


def near(where: str, expected: Any, actual: Any, within: float = PIXEL) -> float:
    """Each of the points must be within a pixel of its place. Returns the largest distance."""
    one, other = numpy.asarray(expected, dtype=float), numpy.asarray(actual, dtype=float)
    if one.shape != other.shape:
        raise Mismatch(f"{where}: {len(other)} points are drawn, not {len(one)}")
    off = float(numpy.abs(one - other).max())
    holds(where, off <= within, f"off by {off:.2f} px: {other[:4].tolist()}, not {one[:4].tolist()}")
    return off


def stepped(kind: str, x: FLOAT, y: FLOAT) -> Any:
    return numpy.column_stack(cbook.STEP_LOOKUP_MAP[STEPS[kind]](numpy.asarray(x), numpy.asarray(y)))


def milliseconds(text: str) -> float:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=timezone.utc).timestamp() * 1000


def number_of(value: Any, place: int, scale: str) -> float:
    """The place of a value on an axis of this scale."""
    if scale == "identity":
        return float(place)
    return milliseconds(value) if isinstance(value, str) else float(value)
