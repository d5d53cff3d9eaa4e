"""The frame viewer on a series of CBF files, and on one in HDF5."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from expect import Transcript, holds, same
from playwright.sync_api import Browser, Page

import files
from place import Place, payload
from window import Window, window

HC = 12.398_419_84
STAGE, IMAGE, SAID = ".frames .stage", ".frames .stage img", ".frames [data-said]"
LOADED = """(path) => { const image = document.querySelector('.frames .stage img');
  return image.src.endsWith(path) && image.complete && image.naturalWidth > 0; }"""


class Viewer:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, pictures: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step
        self.pictures = pictures

    def play(self) -> None:
        self.log.scene("The frame viewer")
        with window(self.browser, self.place.base, "paula") as one:
            self.window, self.page = one, one.page
            size = (files.SHAPE[1], files.SHAPE[0])
            meta = payload("data-DATA") | files.OF_TYPE["DATA"]
            one.open(f"/datasets/{self.place.numbers['DATA']}")
            self.series("CBF", size, meta, last=5, file="lys-1_{:05d}.cbf/{}.png")
            meta = payload("data-DATA") | files.HDF5
            one.open(f"/datasets/{self.place.numbers['HDF5']}")
            self.series("HDF5", (43, 37), meta, last=12, file="many_master.h5/{}/{}.png")
            self.missing(one)

    def series(self, kind: str, size: tuple[int, int], meta: dict[str, Any], last: int, file: str) -> None:
        page = self.page

        def at(number: int, brightness: str = "nm") -> None:
            page.wait_for_function(LOADED, arg=file.format(number, brightness))
            angle = meta["start_angle"] + (number - 1) * meta["delta_angle"]
            self.says(f"frame {number}, {angle:.2f}°")
            same("the field", str(number), page.input_value("[data-frame]"))

        with self.step(f"{kind}: the first frame, with its size and its angle"):
            at(1)
            natural = page.eval_on_selector(IMAGE, "(it) => [it.naturalWidth, it.naturalHeight]")
            same("the picture", list(size), natural)
        with self.step(f"{kind}: next, previous, jump, keys; never before the first or after the last"):
            page.click("[data-go='1']")
            at(2)
            page.click("[data-go='-1']")
            at(1)
            page.click("[data-go='-1']")
            at(1)
            page.fill("[data-frame]", str(last - 1))
            page.press("[data-frame]", "Enter")
            at(last - 1)
            page.focus(STAGE)
            page.keyboard.press("ArrowRight")
            page.keyboard.press("ArrowRight")
            at(last)
            page.keyboard.press("Home")
            at(1)
            page.fill("[data-frame]", "999999")
            page.press("[data-frame]", "Enter")
            at(last)
        with self.step(f"{kind}: the four brightnesses are four pictures"):
            pictures = set()
            for brightness in ("xl", "lt", "dk", "nm"):
                page.select_option("[data-brightness]", brightness)
                at(last, brightness)
                pictures.add(page.evaluate("async () => (await (await fetch(document.querySelector("
                             "'.frames .stage img').src)).blob()).text()"))
            same("pictures", 4, len(pictures))
        with self.step(f"{kind}: resolution and place under the pointer"):
            self.resolution(size, meta)
        with self.step(f"{kind}: zoom keeps the place under the pointer; a drag moves; Fit fits"):
            self.zoom()
        page.screenshot(path=self.pictures / f"viewer-{kind}.png")

    def says(self, text: str) -> None:
        self.page.wait_for_function(
            "([at, text]) => document.querySelector(at).innerText.startsWith(text)", arg=[SAID, text]
        )

    def box(self) -> dict[str, float]:
        return self.page.eval_on_selector(
            IMAGE, "(it) => { const {x, y, width, height} = it.getBoundingClientRect(); return {x, y, width, height} }"
        )

    def pointed(self, share: tuple[float, float]) -> tuple[float, float, float | None]:
        """Points at a share of the picture. Returns the x, the y and the resolution that are said."""
        box = self.box()
        self.page.mouse.move(box["x"] + share[0] * box["width"], box["y"] + share[1] * box["height"])
        said = self.page.inner_text(SAID)
        found = re.search(r", x (-?\d+), y (-?\d+)(?:, ([\d.]+) Å)?$", said)
        holds("the output", found is not None, said)
        return float(found[1]), float(found[2]), float(found[3]) if found[3] else None

    def resolution(self, size: tuple[int, int], meta: dict[str, Any]) -> None:
        """From the numbers of the upload: Bragg's law, with the distance that the edge's resolution gives."""
        wavelength = HC / meta["energy"]
        edge = meta["detector_size"] * meta["pixel_size"] / 2
        distance = edge / math.tan(2 * math.asin(wavelength / (2 * meta["resolution"])))
        for share in [(0.2, 0.3), (0.75, 0.25), (0.4, 0.9), (0.97, 0.5)]:
            x, y, said = self.pointed(share)
            expected = share[0] * size[0], share[1] * size[1]
            holds("the place", math.dist((x, y), expected) <= 2, f"{x}, {y}; expected {expected}")
            radius = math.hypot(expected[0] - meta["beam_x"], expected[1] - meta["beam_y"]) * meta["pixel_size"]
            right = wavelength / (2 * math.sin(math.atan(radius / distance) / 2))
            holds("the resolution", said is not None and abs(said - right) <= 0.02 * right, f"{said} Å, not {right}")

    def zoom(self) -> None:
        page: Page = self.page
        page.dblclick(STAGE)
        before, fitted = self.pointed((0.4, 0.45)), self.box()
        page.mouse.wheel(0, -200)
        page.wait_for_timeout(100)
        larger = self.box()
        holds("the wheel", abs(larger["width"] / fitted["width"] - math.exp(0.5)) < 0.02, f"{fitted} {larger}")
        after = self.pointed((0.4, 0.45))
        holds("the place", math.dist(before[:2], after[:2]) <= 2, f"{before} {after}")
        page.mouse.down()
        stage = page.eval_on_selector(STAGE, "(it) => { const box = it.getBoundingClientRect(); return [box.x, box.y] }")
        at = (stage[0] + 120, stage[1] + 120)
        page.mouse.move(*at)
        page.mouse.up()
        moved = self.box()
        holds("the drag", moved["x"] != larger["x"] or moved["y"] != larger["y"], f"{larger} {moved}")
        page.click("[data-zoom='in']")
        holds("the button", abs(self.box()["width"] / moved["width"] - 1.25) < 0.01, "it does not zoom")
        page.click("[data-zoom='fit']")
        same("Fit", {k: round(v) for k, v in fitted.items()}, {k: round(v) for k, v in self.box().items()})
        page.set_viewport_size({"width": 390, "height": 800})
        page.wait_for_timeout(150)
        inside, box = page.eval_on_selector(STAGE, "(it) => it.clientWidth"), self.box()
        high = page.eval_on_selector(STAGE, "(it) => it.clientHeight")
        scale = min(inside / fitted["width"], high / fitted["height"])
        holds("a narrower window", abs(box["width"] - fitted["width"] * scale) < 1, f"{box} in {inside} × {high}")
        page.set_viewport_size({"width": 1280, "height": 800})
        page.wait_for_timeout(150)

    def missing(self, one: Window) -> None:
        with self.step("a frame whose file is gone is said, and the rest of the page is shown"):
            one.open(f"/datasets/{self.place.numbers['gone']}")
            self.says("frame 1")
            self.page.wait_for_function(
                "(at) => document.querySelector(at).innerText.includes('not there')", arg=SAID, timeout=3000
            )
            holds("the page", "12.6581 keV" in self.page.inner_text("main"), "its facts are missing")
