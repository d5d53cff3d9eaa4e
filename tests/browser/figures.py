"""Figures as a browser draws them: where their marks are, in pixels of the figure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from client import Mismatch
from playwright.sync_api import ElementHandle, Page

# Everything is measured by the browser: from the matrix of each mark to the corner of the figure.
MEASURE = """(svg) => {
  const corner = svg.getScreenCTM();
  const at = (element, x, y) => {
    const point = new DOMPoint(x, y).matrixTransform(element.getScreenCTM()).matrixTransform(corner.inverse());
    return [point.x, point.y];
  };
  const said = (element) => ({name: element.dataset.name, x: element.dataset.x, y: element.dataset.y,
    class: element.getAttribute('class'), title: element.querySelector('title')?.textContent});
  const box = (element) => ['x', 'y', 'width', 'height'].map((name) => Number(element.getAttribute(name)));
  return {
    size: [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height],
    zoom: corner.a,
    plot: (svg.dataset.plot ?? '').split(' ').map(Number),
    spots: [...svg.querySelectorAll('g.spots > *')].map((it) => ({...said(it), at: at(it, 0, 0)})),
    lines: [...svg.querySelectorAll('path.line')].map((it) => ({...said(it), d: it.getAttribute('d'),
      shift: at(it, 0, 0)})),
    boxes: [...svg.querySelectorAll('rect.box')].map((it) => { const [x, y, w, h] = box(it);
      return {...said(it), from: at(it, x, y), to: at(it, x + w, y + h)}; }),
    slices: [...svg.querySelectorAll('path.slice')].map((it) => ({...said(it), d: it.getAttribute('d')})),
    notes: [...svg.querySelectorAll('g.note')].map((it) => ({text: it.textContent,
      x: at(it.querySelector('line'), Number(it.querySelector('line').getAttribute('x1')), 0)[0]})),
    ticks: [...svg.querySelectorAll('text.tick')].filter((it) => !it.closest('.note')).map((it) => ({text: it.textContent,
      at: at(it, Number(it.getAttribute('x')), Number(it.getAttribute('y'))), class: it.getAttribute('class')})),
    name: svg.getAttribute('aria-label') ?? svg.querySelector(':scope > title')?.textContent,
    legend: [...svg.closest('figure').querySelectorAll('.legend li')].map((it) => it.dataset.name),
  };
}"""
ENTRY = "figure.plot svg.figure"


@dataclass
class Drawn:
    """A figure that was drawn."""

    handle: ElementHandle
    found: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        return self.found[name]

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the rectangle with the marks."""
        left, top, width, height = self.plot
        return left, top, left + width, top + height

    def vertices(self, line: dict[str, Any]) -> list[list[tuple[float, float]]]:
        """The points of each command of a line's path."""
        dx, dy = line["shift"]
        commands = re.findall(r"[MLC][^MLC]*", line["d"])
        numbers = [[float(text) for text in re.findall(r"-?[\d.]+", command)] for command in commands]
        return [[(x + dx, y + dy) for x, y in zip(flat[::2], flat[1::2], strict=True)] for flat in numbers]

    def upwards(self, right: bool = False) -> tuple[tuple[float, float], list[tuple[float, float]]]:
        """The values at the bottom and at the top, as the labels of the axis say; and all its labels with their
        heights."""
        left, top, end, bottom = self.sides
        labels = [
            (number(tick["text"]), tick["at"][1] - 4)
            for tick in self.ticks
            if tick["class"] == ("tick" if right else "tick end") and (tick["at"][0] > end if right else tick["at"][0] < left)
        ]
        (one, low), (other, high) = labels[0], labels[-1]
        slope = (other - one) / (high - low)
        return (one + slope * (bottom - low), one + slope * (top - low)), labels


def number(text: str) -> float:
    return float(text.replace("−", "-").replace("\u202f", "").replace("\u2009", "").replace(" ", ""))


def figures(page: Page) -> list[Drawn]:
    """All figures of a page, in their order."""
    handles = page.query_selector_all(ENTRY)
    return [Drawn(handle, handle.evaluate(MEASURE)) for handle in handles]


def titled(page: Page) -> dict[str, Drawn]:
    """The figures of a page by their titles."""
    found = {drawn.name: drawn for drawn in figures(page)}
    if not found:
        raise Mismatch(f"{page.url} has no figures")
    return found
