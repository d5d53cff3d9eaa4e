"""Pucks are moved by hand, by mouse and by keyboard, and a sheet is pasted."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from expect import Transcript, holds, same
from playwright.sync_api import Browser, Page

from place import Place
from window import window

PAGE = "/automounters/BM"
PUCK = "alpha/CLS-0042"
SECONDS = 1.0
"""How soon another browser shows a move."""
PASTE = """(text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  const paste = new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true });
  document.activeElement.dispatchEvent(paste);
}"""


def middle(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


class Moves:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, _: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step

    def play(self) -> None:
        self.log.scene("Pucks are moved, and a sheet is pasted")
        with window(self.browser, self.place.base, "omar") as omar, window(self.browser, self.place.base, "vera") as vera:
            with vera.page.expect_response("**/events"):
                vera.open(PAGE)
            omar.open(PAGE)
            self.page: Page = omar.page
            self.drags(vera.page)
            self.keyboard()
            self.refused()
            self.sheet()
        with self.step("the puck is back where it was"):
            self.place.operator.post("apply", self.home())

    def ports(self) -> dict[str, str]:
        return {row["name"]: row["port"] for row in self.place.alpha.samples()}

    def home(self) -> dict[str, Any]:
        parent = {"project": "staff", "name": "AM-BM"}
        puck = {"project": "alpha", "name": "CLS-0042", "type": "Uni-Puck", "status": "on-site"}
        return {"container": [puck | {"parent": parent, "location": "1"}]}

    def drag(self, start: str, end: str) -> None:
        (x, y), (u, v) = middle(self.page, start), middle(self.page, end)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move((x + u) / 2, (y + v) / 2, steps=4)
        self.page.mouse.move(u, v, steps=4)
        with self.page.expect_navigation():
            self.page.mouse.up()

    def drags(self, other: Page) -> None:
        loaded = f"a[data-container='{PUCK}']"
        with self.step("a puck is dragged to another place, and MxDC gets its new port"):
            same("the port before", "11", self.ports()["lys-1"])
            self.drag(loaded, "[data-location='5']")
            same("the port", "51", self.ports()["lys-1"])
        with self.step(f"a puck is taken out, and another browser shows it within {SECONDS:.0f} s"):
            row = self.page.locator("#loaded tr", has_text="CLS-0042")
            with self.page.expect_navigation():
                row.get_by_role("button", name="Unload").click()
            began = time.monotonic()
            other.wait_for_function("(at) => !document.querySelector(at)", arg=f"#drawn {loaded}")
            took = time.monotonic() - began
            holds("the other browser", took <= SECONDS, f"it took {took:.2f} s")
            same("the port", "", self.ports()["lys-1"])
        with self.step("a puck is dragged from the list to a place"):
            self.drag(f"li[data-container='{PUCK}']", "[data-location='2']")
            same("the port", "21", self.ports()["lys-1"])

    def keyboard(self) -> None:
        with self.step("the form does the same by keyboard"):
            self.page.focus("#container")
            self.page.keyboard.type(PUCK)
            self.page.keyboard.press("Tab")
            same("the focus", "place", self.page.evaluate("document.activeElement.id"))
            self.page.keyboard.type("3 of")
            self.page.keyboard.press("Tab")
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")
            same("the port", "31", self.ports()["lys-1"])

    def refused(self) -> None:
        with self.step("a place that is taken meanwhile is refused, and says so"):
            self.page.evaluate(
                """(puck) => {
                  const form = document.querySelector('form.loader');
                  form.container.value = puck;
                  form.place.append(new Option('4', 'staff/AM-BM|4', true, true));
                }""",
                PUCK,
            )
            with self.page.expect_navigation():
                self.page.click("form.loader button")
            said = self.page.inner_text("[role=alert]")
            holds("the notice", "is taken by" in said, said)
            same("the port", "31", self.ports()["lys-1"])

    def sheet(self) -> None:
        with self.step("cells of a spreadsheet are pasted into the sheet, and mistakes are in their cells"):
            self.page.goto("/samples/sheet?project=alpha")
            rows = self.page.locator("table.sheet tbody tr")
            rows.nth(rows.count() - 1).locator("input").first.focus()
            self.page.evaluate(PASTE, "PASTED\tUni-Puck\t1\tone\nPASTED\t\t77\ttwo\n")
            with self.page.expect_navigation():
                self.page.click("form:has(table.sheet) button.primary")
            wrong = self.page.locator("table.sheet [aria-invalid]")
            same("cells with mistakes", 1, wrong.count())
            same("its value", "77", wrong.input_value())
            wrong.fill("2")
            with self.page.expect_navigation():
                self.page.click("form:has(table.sheet) button.primary")
            names = self.ports()
            holds("the samples", {"one", "two"} <= set(names), str(names))
