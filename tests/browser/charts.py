"""Tables, columns, bars, histograms, pies, timelines and gauges."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from expect import holds, same
from playwright.sync_api import Page

import kinds
from beside import Canvas
from figures import Drawn

Check = Callable[[Drawn, Page], None]
ROWS = "(rows) => rows.map((row) => [...row.cells].map((cell) => [cell.tagName, cell.innerText]))"


class Charts:
    def __init__(self, near: Callable[[str, Any, Any], None]) -> None:
        self.near = near

    def checks(self) -> dict[str, Check]:
        return {
            "a table": self.table,
            "columns": self.columns,
            "side by side": self.side_by_side,
            "bars": lambda drawn, page: self.bars(drawn, [row["Project"] for row in kinds.SHIFTS]),
            "one series": lambda drawn, page: self.bars(drawn, []),
            "histogram": lambda drawn, page: self.histogram(drawn, "linear"),
            "histogram up": lambda drawn, page: self.histogram(drawn, "log"),
            "pie": self.pie,
            "timeline": self.timeline,
            "gauge": self.gauge,
            "words, notes and titles": self.words,
        }

    def table(self, _: None, page: Page) -> None:
        for caption, heads in [("a table", True), ("no header", False)]:
            rows = page.evaluate(
                f"(caption) => ({ROWS})([...document.querySelectorAll('main table')]"
                ".find((it) => it.caption?.innerText === caption).rows)".replace("(rows) => rows.map", "(rows) => [...rows].map"),
                caption,
            )
            same(caption, [[str(cell) for cell in row] for row in kinds.TABLE], [[text for _, text in row] for row in rows])
            marked = [[tag for tag, _ in row] for row in rows]
            first, rest = (["TH"] * 3, ["TH", "TD", "TD"]) if heads else (["TD"] * 3, ["TD"] * 3)
            wanted = [first, rest, rest]
            if heads:
                # The corner is empty: it may be no heading.
                marked[0][0] = "TH"
            same(f"the headings of {caption}", wanted, marked)

    def columns(self, drawn: Drawn, _: Page) -> None:
        left, top, right, bottom = drawn.sides
        canvas = Canvas(drawn)
        canvas.axes.set_xlim(0, 3)
        canvas.axes.set_ylim(*drawn.upwards()[0])
        twin = canvas.twin()
        twin.set_ylim(*drawn.upwards(right=True)[0])
        same("the limits of the line", (0, 8000), tuple(round(it) for it in twin.get_ylim()))
        same("columns", 6, len(drawn.boxes))
        for place, row in enumerate(kinds.YEARS):
            base = 0
            for name in ("Academic", "Industry"):
                box = next(it for it in drawn.boxes if it["name"] == name and it["x"] == str(row["Year"]))
                ends = canvas.pixels(canvas.axes, [[place + 0.5, base], [place + 0.5, base + row[name]]])
                self.near(name, ends[:, 1], [box["to"][1], box["from"][1]])
                self.near(name, [ends[0][0]], [(box["from"][0] + box["to"][0]) / 2])
                holds(name, box["to"][0] - box["from"][0] > 0.3 * (right - left) / 3, "it is narrow")
                base += row[name]
        line = canvas.pixels(twin, [[place + 0.5, row["Datasets"]] for place, row in enumerate(kinds.YEARS)])
        same("lines", ["Datasets"], [it["name"] for it in drawn.lines])
        self.near("the line", line, [it[-1] for it in drawn.vertices(drawn.lines[0])])
        self.near("its points", line, [spot["at"] for spot in drawn.spots])
        same("annotations", ["new"], [note["text"] for note in drawn.notes])
        self.near("the annotation", [line[1][0]], [drawn.notes[0]["x"]])
        same("legend", ["Academic", "Industry", "Datasets"], drawn.legend)
        canvas.close()

    def side_by_side(self, drawn: Drawn, _: Page) -> None:
        same("columns", 2 * 3, len(drawn.boxes))
        spans = sorted((box["from"][0], box["to"][0]) for box in drawn.boxes)
        for one, other in zip(spans, spans[1:], strict=False):
            holds("columns", one[1] <= other[0] + 0.1, f"they overlap: {one}, {other}")
        same("legend", {"Academic", "Industry", "Datasets"}, set(drawn.legend))

    def bars(self, drawn: Drawn, legend: list[str]) -> None:
        canvas = Canvas(drawn)
        left, top, right, bottom = drawn.sides
        ticks = [tick for tick in drawn.ticks if tick["at"][1] > bottom]
        canvas.axes.set_ylim(3, 0)
        (low, high) = (ticks[0], ticks[-1])
        step = (float(high["text"]) - float(low["text"])) / (high["at"][0] - low["at"][0])
        ends = [float(low["text"]) + step * (x - low["at"][0]) for x in (left, right)]
        canvas.axes.set_xlim(*ends)
        same("bars", 3, len(drawn.boxes))
        for place, row in enumerate(kinds.SHIFTS):
            box = next(it for it in drawn.boxes if it["x"] == row["Project"])
            at = canvas.pixels(canvas.axes, [[0, place + 0.5], [row["Shifts"], place + 0.5]])
            self.near(row["Project"], at[:, 0], [box["from"][0], box["to"][0]])
            self.near(row["Project"], [at[0][1]], [(box["from"][1] + box["to"][1]) / 2])
        same("legend", legend, drawn.legend)
        colours = {box["class"] for box in drawn.boxes}
        same("colours", len(legend) or 1, len(colours))
        canvas.close()

    def histogram(self, drawn: Drawn, up: str) -> None:
        canvas = Canvas(drawn)
        canvas.scale("linear", up)
        # A column is as wide as the least distance, around its x.
        canvas.axes.set_xlim(0.05, 0.55)
        if up == "log":
            labels = [tick for tick in drawn.ticks if "end" in tick["class"]]
            canvas.axes.set_ylim(float(labels[0]["text"]), float(labels[-1]["text"]))
        else:
            canvas.axes.set_ylim(*drawn.upwards()[0])
        same("columns", len(kinds.EXPOSURES), len(drawn.boxes))
        for row, box in zip(kinds.EXPOSURES, drawn.boxes, strict=True):
            at = canvas.pixels(canvas.axes, [[row["x"] - 0.05, row["y"]], [row["x"] + 0.05, row["y"]]])
            self.near("a column", at, [box["from"], [box["to"][0], box["from"][1]]])
            self.near("its foot", [drawn.sides[3]], [box["to"][1]])
        canvas.close()

    def pie(self, drawn: Drawn, _: Page) -> None:
        same("slices", [row["label"] for row in kinds.SLICES], [it["name"] for it in drawn.slices])
        whole, begun = sum(row["value"] for row in kinds.SLICES), 0.0
        for row, it in zip(kinds.SLICES, drawn.slices, strict=True):
            self.slice(drawn, it, begun, begun + 360 * row["value"] / whole)
            begun += 360 * row["value"] / whole
        same("legend", [row["label"] for row in kinds.SLICES], drawn.legend)

    def slice(self, drawn: Drawn, it: dict[str, Any], begin: float, end: float) -> None:
        """A slice begins and ends at its angles, clockwise from the top, on the outer circle."""
        numbers = [float(text) for text in re.findall(r"-?[\d.]+", it["d"])]
        (x, y), radius = numbers[:2], numbers[2]
        middle = drawn.size[0] / 2
        sweep = re.match(r"M\S+ \S+A\S+ \S+ 0 (\d) (\d) (\S+) ([\d.]+)L", it["d"])
        holds("the slice", sweep is not None, it["d"])
        place = lambda degrees: (  # noqa: E731
            middle + radius * math.sin(math.radians(degrees)),
            middle - radius * math.cos(math.radians(degrees)),
        )
        self.near("a slice", [place(begin), place(end)], [(x, y), (float(sweep[3]), float(sweep[4]))])
        same("the long way round", end - begin > 180, sweep[1] == "1")

    def timeline(self, drawn: Drawn, _: Page) -> None:
        canvas = Canvas(drawn)
        canvas.axes.set_xlim(kinds.START, kinds.START + 8 * kinds.HOUR)
        lanes = ["Data", "Screen"]
        canvas.axes.set_ylim(len(lanes), 0)
        same("stretches", len(kinds.STRETCHES), len(drawn.boxes))
        for row in kinds.STRETCHES:
            box = next(it for it in drawn.boxes if it["x"] == row["label"])
            lane = lanes.index(row["type"]) + 0.5
            at = canvas.pixels(canvas.axes, [[row["start"], lane], [row["end"], lane]])
            self.near(row["label"], at[:, 0], [box["from"][0], box["to"][0]])
            self.near(row["label"], [at[0][1]], [(box["from"][1] + box["to"][1]) / 2])
        same("colours", 2, len({box["class"] for box in drawn.boxes}))
        hours = [tick["text"] for tick in drawn.ticks if re.fullmatch(r"\d\d:\d\d", tick["text"])]
        holds("the ticks", len(hours) >= 5, str([tick["text"] for tick in drawn.ticks]))
        canvas.close()

    def gauge(self, drawn: Drawn, _: Page) -> None:
        same("slices", 1, len(drawn.slices))
        self.slice(drawn, drawn.slices[0], -120, 48)
        same("its value", "168°", drawn.slices[0]["y"])

    def words(self, _: None, page: Page) -> None:
        text = page.inner_text("main")
        for word in ("nothing but words", "Collect 180°", "From two frames.", "Notes of a section", "Notes of a table"):
            holds("the page", word in text, f"{word!r} is not there")
