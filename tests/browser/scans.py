"""XRF, MAD and XAS scans: the marks are where the numbers of the files put them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
from client import Mismatch
from expect import Transcript, holds, same
from playwright.sync_api import Browser, Page

import files
from beside import Canvas, near
from figures import Drawn, figures
from place import Place, payload
from window import window

SWITCH = ".legend li[data-name='Zn']"


class Scans:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, pictures: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step
        self.pictures = pictures

    def play(self) -> None:
        self.log.scene("Scans from their files")
        with window(self.browser, self.place.base, "paula") as one:
            for kind, check in [("XRF", self.xrf), ("MAD", self.mad), ("XAS", self.xas)]:
                with self.step(f"{kind}: each number of its file is where matplotlib puts it"):
                    page = one.open(f"/datasets/{self.place.numbers[kind]}")
                    drawn = figures(page)
                    same("figures", 1, len(drawn))
                    check(drawn[0], page)

    def canvas(self, drawn: Drawn, first: float, last: float, right: bool = False) -> Canvas:
        canvas = Canvas(drawn)
        canvas.axes.set_xlim(first, last)
        canvas.axes.set_ylim(*drawn.upwards()[0])
        if right:
            canvas.twin().set_ylim(*drawn.upwards(right=True)[0])
        return canvas

    def line(self, drawn: Drawn, canvas: Canvas, name: str, rows: Any, axes: Any = None) -> None:
        """The line of this name goes through the rows that are inside the axes."""
        lines = [line for line in drawn.lines if line["name"] == name]
        same(f"lines of {name}", 1, len(lines))
        at = [command[-1] for command in drawn.vertices(lines[0])]
        expected = canvas.pixels(axes or canvas.axes, rows)
        near(name, expected, at)

    def xrf(self, drawn: Drawn, page: Page) -> None:
        energy = payload("data-XRF")["energy"]
        canvas = self.canvas(drawn, 0.25, energy)
        self.line(drawn, canvas, "counts", files.xrf_rows())
        self.line(drawn, canvas, "fit", files.xrf_rows())
        same("elements", ["counts", "fit", "Zn", "Fe"], drawn.legend)
        for element in ("Zn", "Fe"):
            strokes = [line for line in drawn.lines if line["name"] == element]
            same(f"lines of {element}", len(files.ASSIGNMENTS[element][1]), len(strokes))
            for (_, at, high), stroke in zip(files.ASSIGNMENTS[element][1], strokes, strict=True):
                expected = canvas.pixels(canvas.axes, [[at, 0], [at, high]])
                near(element, expected, [command[-1] for command in drawn.vertices(stroke)])
        shown = "(name) => [...document.querySelectorAll(`path.line[data-name='${name}']`)].map((it) => !it.matches('.off'))"
        page.click(SWITCH)
        same("zinc switched off", [False, False], page.evaluate(shown, "Zn"))
        same("iron", [True], page.evaluate(shown, "Fe"))
        page.focus(SWITCH)
        page.keyboard.press("Enter")
        same("zinc switched on by the keyboard", [True, True], page.evaluate(shown, "Zn"))
        self.values(drawn, page)
        canvas.close()

    def values(self, drawn: Drawn, page: Page) -> None:
        """Under the pointer: the values nearest to it."""
        left, top, right, bottom = drawn.sides
        box = page.eval_on_selector("svg.figure", "(it) => { const {x, y} = it.getBoundingClientRect(); return [x, y] }")
        energy = payload("data-XRF")["energy"]
        at = left + (8.64 - 0.25) / (energy - 0.25) * (right - left)
        page.mouse.move(box[0] + at * drawn.zoom, box[1] + (top + bottom) / 2 * drawn.zoom)
        said = page.inner_text(".tip")
        holds("the values", "8.64" in said and "counts" in said, said)

    def mad(self, drawn: Drawn, page: Page) -> None:
        rows = numpy.array(files.mad_rows())
        # The files have six decimals.
        canvas = self.canvas(drawn, rows[0, 0], rows[-1, 0], right=True)
        self.line(drawn, canvas, "fluorescence", rows)
        first = [(at, -10 + 5 * abs(at - files.EDGE)) for at in rows[:, 0]]
        self.line(drawn, canvas, "f′", first, canvas.right)
        self.line(drawn, canvas, "f″", numpy.column_stack([rows[:, 0], 4 * rows[:, 1]]), canvas.right)
        inside = sorted((it for it in files.CHOICES if it["energy"] <= rows[-1, 0]), key=lambda it: it["energy"])
        same("choices", [it["label"] for it in inside], [note["text"] for note in drawn.notes])
        places = canvas.pixels(canvas.axes, [[it["energy"], 0] for it in inside])[:, 0]
        near("choices", places, [note["x"] for note in drawn.notes])
        cells = page.eval_on_selector_all(
            "main .table tbody tr", "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText))"
        )
        names = ("energy", "wavelength", "fp", "fpp")
        found = [[row[0], *(float(cell.replace("−", "-")) for cell in row[1:])] for row in cells]
        for choice, row in zip(files.CHOICES, found, strict=True):
            same("a choice", choice["label"], row[0])
            for name, value in zip(names, row[1:], strict=True):
                if abs(choice[name] - value) > 0.011:
                    raise Mismatch(f"{name} of {row[0]}: {value}, not {choice[name]}")
        canvas.close()

    def xas(self, drawn: Drawn, page: Page) -> None:
        rows = numpy.array(files.mad_rows())
        canvas = self.canvas(drawn, rows[0, 0], rows[-1, 0])
        for number in (1, 2):
            self.line(drawn, canvas, f"scan {number}", rows * (1, number))
        same("legend", ["scan 1", "scan 2"], drawn.legend)
        holds("the third scan", "xas-1_003.xdi is not there" in page.inner_text("main"), page.inner_text("main"))
        canvas.close()
