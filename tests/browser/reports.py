"""Reports: every kind with the right number of marks, where matplotlib would put them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy
from client import Mismatch
from expect import Transcript, holds, same
from playwright.sync_api import Browser, Page

import kinds
from beside import STEPS, Canvas, near, number_of, stepped
from charts import Charts
from figures import Drawn, number, titled
from place import Place, payload
from window import window

FEW = 15
"""Lines of fewer values show their points."""


class Reports:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, pictures: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step
        self.pictures = pictures
        self.furthest = 0.0
        self.wrongs: list[str] = []

    def play(self) -> None:
        self.log.scene("Reports: every kind, beside matplotlib")
        number_ = self.place.report("report-MX", title="All kinds", details=kinds.SECTIONS, directory="/users/alpha/k")
        with window(self.browser, self.place.base, "paula") as one:
            page = one.open(f"/reports/{number_}")
            drawn = titled(page)
            for entry in kinds.PLOTS:
                with self.tried(f"{entry['kind']}, {entry['title']}"):
                    self.plot(drawn[entry["title"]], entry)
            for name, check in Charts(self.near).checks().items():
                with self.tried(name):
                    check(drawn.get(name), page)
            for name in ("report-MX", "report-SCREEN", "report-reupload"):
                with self.tried(f"{name} of a real program: side by side"):
                    self.real(one.open(f"/reports/{self.place.numbers[name]}"), name)
        holds("reports", not self.wrongs, "\n".join(self.wrongs))
        print(f"        no mark is further than {self.furthest:.2f} px from where matplotlib puts it")

    @contextmanager
    def tried(self, text: str) -> Iterator[None]:
        """A step. All figures are measured, also after one that is wrong."""
        try:
            with self.step(text):
                yield
        except Mismatch as wrong:
            self.wrongs.append(f"{text}: {wrong}")

    def near(self, where: str, expected: Any, actual: Any) -> None:
        self.furthest = max(self.furthest, near(where, expected, actual))

    def plot(self, drawn: Drawn, entry: dict[str, Any], keep: str | None = None) -> None:
        """A line plot or a scatter plot: its axes follow from the numbers and from its labels, and matplotlib says
        where each value is."""
        data = entry["data"]
        scale, up = data.get("x-scale", "linear"), data.get("y1-scale", "linear")
        x = [number_of(value, place, scale) for place, value in enumerate(data["x"][1:])]
        canvas = Canvas(drawn)
        canvas.scale(scale, up)
        first, last = data.get("x-limits", (x[0], x[-1]))
        # Where 1/x² falls, matplotlib itself puts the largest x at the left.
        canvas.axes.set_xlim(*(sorted((first, last)) if scale == "inv-square" else (first, last)))
        self.upwards(canvas, drawn, data, up)
        series = [(values, canvas.axes) for values in data["y1"]]
        series += [(values, canvas.twin()) for values in data.get("y2", [])]
        lines, spots = list(drawn.lines), list(drawn.spots)
        for values, axes in series:
            name, y = values[0], [math.nan if value is None else value for value in values[1:]]
            points = numpy.column_stack([x, y])
            axes.plot(x, y, marker="o", drawstyle=STEPS.get(data.get("interpolation", ""), "default"))
            mine = [spot for spot in spots if spot["name"] == name]
            inside = [at for at in points if first <= at[0] <= last or first >= at[0] >= last]
            inside = [at for at in inside if not math.isnan(at[1])]
            few = len(x) < FEW or entry["kind"] == "scatterplot"
            same(f"points of {name}", len(inside) if few else 0, len(mine))
            if mine:
                self.near(name, canvas.pixels(axes, inside), [spot["at"] for spot in mine])
            if entry["kind"] == "lineplot":
                stretches = [part for part in split(points) if len(part) > 1]
                same(f"lines of {name}", len(stretches), sum(line["name"] == name for line in lines))
                for line, part in zip([line for line in lines if line["name"] == name], stretches, strict=True):
                    self.line(canvas, axes, drawn.vertices(line), part, data.get("interpolation", "linear"))
        same("lines of others", 0, sum(line["name"] not in [values[0] for values, _ in series] for line in lines))
        legend = [values[0] for values, _ in series] if len(series) > 1 else []
        same("legend", legend, drawn.legend)
        notes = data.get("annotations", [])
        same("annotations", [note["text"] for note in notes], [note["text"] for note in drawn.notes])
        for note, line in zip(notes, drawn.notes, strict=True):
            at = canvas.pixels(canvas.axes, [[note["value"], 1]])[0][0]
            self.near("an annotation", [at], [line["x"]])
        if keep:
            canvas.keep(drawn, self.pictures / f"{keep}.beside-matplotlib.png")
        canvas.close()

    def upwards(self, canvas: Canvas, drawn: Drawn, data: dict[str, Any], up: str) -> None:
        """The axes at the sides: their ends follow from their labels; all labels stand where matplotlib puts them."""
        for right in (False, True):
            if right and "y2" not in data:
                continue
            axes = canvas.twin() if right else canvas.axes
            if up == "log" and not right:
                labels = [(number(tick["text"]), tick["at"][1] - 4) for tick in drawn.ticks if "end" in tick["class"]]
                axes.set_ylim(labels[0][0], labels[-1][0])
            else:
                ends, labels = drawn.upwards(right)
                axes.set_ylim(*ends)
            limits = data.get("y2-limits" if right else "y1-limits")
            if limits:
                self.near("the limits", limits, axes.get_ylim())
            places = canvas.pixels(axes, [[axes.get_xlim()[0], value] for value, _ in labels])[:, 1]
            self.near("the labels", places, [at for _, at in labels])
            values = [value for row in data["y2" if right else "y1"] for value in row[1:] if value is not None]
            low, high = axes.get_ylim()
            holds("the axis", bool(limits) or low <= min(values) and max(values) <= high, f"{low} to {high}")

    def line(self, canvas: Canvas, axes: Any, commands: list[Any], part: Any, kind: str) -> None:
        ends = [command[-1] for command in commands]
        if kind in STEPS:
            path = [at for command in commands for at in command]
            self.near(kind, *without_doubles(canvas.pixels(axes, stepped(kind, part[:, 0], part[:, 1])), path))
        elif kind == "basis":
            knots = canvas.pixels(axes, part)
            # A uniform B-spline, whose ends count three times.
            ends_too = numpy.vstack([knots[0], knots, knots[-1]])
            middles = (ends_too[:-2] + 4 * ends_too[1:-1] + ends_too[2:]) / 6
            self.near(kind, [knots[0], *middles, knots[-1]], ends)
        else:
            self.near(kind, canvas.pixels(axes, part), ends)
            if kind == "cardinal":
                same("curves", len(part) - 1, sum(len(command) == 3 for command in commands))

    def real(self, page: Page, name: str) -> None:
        entries = [it for section in payload(name)["details"] for it in section["content"]]
        plots = [it for it in entries if it["kind"] == "lineplot"]
        drawn = list(titled(page).values())
        same("figures", len(plots), len(drawn))
        for one, entry in zip(drawn, plots, strict=True):
            self.plot(one, entry, keep=name)
        table = next(it for it in entries if it["kind"] == "table")
        cells = page.eval_on_selector_all(
            "main table tr", "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText))"
        )
        same("the table", table["data"], cells)


def split(points: numpy.ndarray) -> list[numpy.ndarray]:
    """The stretches between values that are not there."""
    parts, now = [], []
    for at in points:
        if math.isnan(at[1]):
            parts, now = [*parts, now], []
        else:
            now.append(at)
    return [numpy.array(part) for part in [*parts, now] if part]


def without_doubles(*paths: Any) -> list[list[Any]]:
    """Paths of steps may name a corner twice, or a point on an edge."""
    cleaned = []
    for path in paths:
        kept: list[Any] = []
        for at in path:
            if kept and math.dist(at, kept[-1]) <= 0.05:
                continue
            if len(kept) > 1 and max(abs(kept[-2][1] - at[1]), abs(kept[-1][1] - at[1])) <= 0.05:
                kept.pop()
            kept.append(at)
        cleaned.append(kept)
    return cleaned
