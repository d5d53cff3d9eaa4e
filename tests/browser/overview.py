"""The overview in two browsers, while a control system works."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from expect import Transcript, holds
from playwright.sync_api import Browser, Page

from place import Place, payload
from window import Window, window

SECONDS = 1.0
"""How soon the overview shows what happened."""
CARD = "article[aria-label='Beamline SIM']"
SHOWS = """([card, has, hasNot]) => { const text = document.querySelector(card)?.innerText ?? '';
  return has.every((it) => text.includes(it)) && hasNot.every((it) => !text.includes(it)); }"""


class Overview:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, _: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step
        self.slowest = 0.0

    def play(self) -> None:
        self.log.scene("The overview changes by itself, in two browsers")
        with (
            window(self.browser, self.place.base, "omar") as omar,
            window(self.browser, self.place.base, "paula") as paula,
            window(self.browser, self.place.base, "hostile") as other,
        ):
            self.windows, self.other = [omar, paula], other
            for one in (*self.windows, other):
                with one.page.expect_response("**/events"):
                    one.open("/")
                # A mark that a new load of the page would lose.
                one.page.evaluate("window.__same = true")
            self.day()
            with self.step("no browser has loaded its page anew"):
                for one in (*self.windows, other):
                    holds("the page", one.page.evaluate("window.__same === true"), "it was loaded anew")
        print(f"        the slowest change took {self.slowest * 1000:.0f} ms")

    def day(self) -> None:
        sim, numbers = self.place.simulated, {}
        free = (["free"], ["in use"])
        self.change("before", lambda: None, *free)
        self.change("a launch", lambda: sim.launch("SIM-1"), ["in use", "alpha", "SIM-1"], ["free"])
        self.elsewhere(["Another project has it."], ["SIM-1", "alpha"])
        self.change("a dataset", lambda: numbers.update(data=self.data("first")), ["Datasets\n1", "first"], [])
        self.change("the next one", lambda: self.data("second"), ["Datasets\n2", "second"], ["first"])
        self.elsewhere([], ["second"])
        self.change("a report", lambda: self.report(numbers["data"]), ["Reports\n1"], [])
        self.change("another session", lambda: sim.launch("SIM-2"), ["SIM-2", "Datasets\n0"], ["SIM-1"])
        self.change("a close", lambda: sim.close("SIM-2"), ["free", "Free since"], ["in use", "SIM-2"])
        with self.step("the time since counts on"):
            self.place.simulated.launch("SIM-3")
            page: Page = self.windows[0].page
            page.wait_for_function(SHOWS, arg=[CARD, ["SIM-3"], []])
            before = page.inner_text(f"{CARD} time[data-since]")
            page.wait_for_function(
                "([at, before]) => document.querySelector(at).innerText !== before",
                arg=[f"{CARD} time[data-since]", before],
                timeout=3000,
            )
            self.place.simulated.close("SIM-3")

    def change(self, what: str, act: Callable[[], Any], has: list[str], has_not: list[str]) -> None:
        with self.step(f"{what}: both browsers show it within {SECONDS:.0f} s"):
            act()
            began = time.monotonic()
            for one in self.windows:
                one.page.wait_for_function(SHOWS, arg=[CARD, has, has_not])
            took = time.monotonic() - began
            self.slowest = max(self.slowest, took)
            holds(what, took <= SECONDS, f"it took {took:.2f} s")

    def elsewhere(self, has: list[str], has_not: list[str]) -> None:
        with self.step("a browser of another project sees no name"):
            self.other.page.wait_for_function(SHOWS, arg=[CARD, has, has_not])

    def data(self, name: str) -> int:
        return self.place.simulated.upload(
            "data",
            payload("data-DATA") | {"name": name, "uuid": name, "sample_id": None, "directory": "/users/alpha/sim"},
        )

    def report(self, number: int) -> int:
        body = payload("report-MX") | {"data_id": [number], "directory": "/users/alpha/sim/process"}
        return self.place.simulated.upload("report", body)
