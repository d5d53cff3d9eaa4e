"""Every page, wide and narrow, light and dark: axe-core, the policy, its weight, screenshots."""

from __future__ import annotations

import importlib.resources
from pathlib import Path
from typing import Any

from client import Mismatch
from expect import Transcript, holds
from playwright.sync_api import Browser, Page

from pages import LOOKS, NO_PAGES, Look, filled, named, pattern
from place import Place
from window import WIDE, Window, window

NARROW = {"width": 390, "height": 844}
HEAVIEST = 150_000
"""Most bytes of a page without its pictures."""
MOST = 60
"""Most pages that are found by their links."""
GRAVE = ("serious", "critical")
AXE = importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
RUN_AXE = """async () => (await axe.run(document, {preload: false, resultTypes: ['violations']})).violations
  .map((it) => [it.impact, it.id, it.help, it.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)
    + ' ' + (node.any[0]?.message ?? ''))])"""
WEIGH = """() => {
  const all = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
  const counted = all.filter((it) => !/^image/.test(it.contentType ?? '') && it.initiatorType !== 'img');
  const [page] = performance.getEntriesByType('navigation');
  return [counted.reduce((sum, it) => sum + it.encodedBodySize + 300, 0), page.loadEventEnd - page.startTime];
}"""
LINKS = """() => [...document.querySelectorAll('header.top a[href], main a[href]:not([download])')]
  .map((it) => new URL(it.getAttribute('href'), location.href)).filter((it) => it.origin === location.origin)
  .map((it) => it.pathname + it.search)"""
# What is wider than the window, and in nothing that can be moved sideways, for the message.
WIDER = """(most) => { const held = (it) => it && (getComputedStyle(it).overflowX !== 'visible' || held(it.parentElement));
  return [...document.querySelectorAll('body *')]
  .filter((it) => it.getBoundingClientRect().right > most + 1 && !held(it.parentElement)).slice(0, 6)
  .map((it) => it.outerHTML.slice(0, 160)); }"""


def axe(page: Page, where: str) -> None:
    """No serious or critical violation. The debugger loads axe-core, so no policy blocks it."""
    page.evaluate(AXE)
    grave = [found for found in page.evaluate(RUN_AXE) if found[0] in GRAVE]
    holds(f"axe-core on {where}", not grave, "\n".join(map(str, grave)))


def fits(page: Page, where: str) -> None:
    """Nobody has to scroll sideways."""
    wide = page.evaluate("document.documentElement.scrollWidth")
    most = NARROW["width"]
    holds(where, wide <= most, f"it is {wide} px wide because of {page.evaluate(WIDER, most)}")


class Sweep:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, pictures: Path) -> None:
        self.browser, self.place, self.log, self.pictures = browser, place, transcript, pictures
        self.weights: list[tuple[str, int, float]] = []
        self.known = {pattern(look.path.replace("{", "/{").replace("//{", "/{")) for look in LOOKS}

    def play(self) -> None:
        self.log.scene("Every page: axe-core, the policy, weight, light, dark and narrow")
        wrongs: list[str] = []
        with window(self.browser, self.place.base) as out:
            self._tried(out, "/sign-in", "Sign in", wrongs)
        with window(self.browser, self.place.base, "omar") as omar:
            seen = {"/sign-in"}
            queue = [(filled(look.path, self.place.numbers), look.needs) for look in LOOKS]
            kinds = {pattern(path) for path, _ in queue} | seen
            while queue and len(self.weights) < MOST:
                path, needs = queue.pop(0)
                self._tried(omar, path, needs, wrongs)
                for link in omar.page.evaluate(LINKS):
                    if pattern(link) not in kinds and not NO_PAGES.search(link):
                        kinds.add(pattern(link))
                        queue.append((link, ""))
        self._report()
        if wrongs:
            raise Mismatch("\n\n".join(wrongs))

    def _tried(self, one: Window, path: str, needs: str, wrongs: list[str]) -> None:
        """All pages are looked at, also after a fault."""
        try:
            with self.log.step(f"{path}"):
                self._page(one, path, needs)
        except Mismatch as wrong:
            wrongs.append(f"{path}: {wrong}")
            one.wrongs.clear()

    def _page(self, one: Window, path: str, needs: str) -> None:
        page = one.page
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(WIDE)
        one.open(path)
        holds(path, needs in page.inner_text("body"), f"{needs!r} is not there")
        self._settle(page)
        weight, took = page.evaluate(WEIGH)
        self.weights.append((path, int(weight), took))
        self._picture(page, path, "light")
        wrongs = []
        for name, scheme in [("light", "light"), ("dark", "dark")]:
            page.emulate_media(color_scheme=scheme)
            try:
                axe(page, f"{path}, {name}")
            except Mismatch as wrong:
                wrongs.append(str(wrong))
        self._picture(page, path, "dark")
        page.emulate_media(color_scheme="light")
        page.set_viewport_size(NARROW)
        self._settle(page)
        self._picture(page, path, "narrow")
        try:
            fits(page, path)
            holds(path, weight < HEAVIEST, f"it weighs {weight:.0f} bytes")
            one.is_well()
        except Mismatch as wrong:
            wrongs.append(str(wrong))
        if wrongs:
            raise Mismatch("\n".join(wrongs))

    def _settle(self, page: Page) -> None:
        """Pictures are there, or are known to be missing."""
        page.wait_for_function(
            "() => [...document.images].every((it) => it.complete || it.hidden)"
        )
        page.wait_for_timeout(60)

    def _picture(self, page: Page, path: str, kind: str) -> None:
        page.screenshot(path=self.pictures / f"{named(path)}.{kind}.png", full_page=True, animations="disabled")

    def _report(self) -> None:
        heaviest = max(self.weights, key=lambda it: it[1])
        slowest = max(self.weights, key=lambda it: it[2])
        times = sorted(took for _, _, took in self.weights)
        print(
            f"        {len(self.weights)} pages; the heaviest {heaviest[1] / 1000:.0f} KB ({heaviest[0]});"
            f" there in {times[len(times) // 2]:.0f} ms, the slowest in {slowest[2]:.0f} ms ({slowest[0]})"
        )
