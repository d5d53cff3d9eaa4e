"""Hostile texts in every field that a client can fill: none runs, and the policy refuses nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import answer_survey
from client import ControlSystem, Ed25519Key, Mismatch, nxupdate
from expect import Transcript, holds, same
from playwright.sync_api import Browser

from hostile_texts import TEXTS
from pages import NO_PAGES, filled, named, pattern
from place import Place, payload
from sweep import LINKS, NARROW, fits
from window import WIDE, Window, window

NAMES = 255
"""Most characters of a name."""
PROJECT = "hostile"
# What a page must not have, whatever it shows: elements, attributes and links that only a text
# can have made.
PLANTED = """() => {
  const found = [];
  for (const it of document.querySelectorAll('main *, header *')) {
    for (const {name, value} of it.attributes) {
      if (name.startsWith('on') || /^\\s*(java|vb)script:/i.test(value) && ['href', 'src', 'action', 'data'].includes(name)
        || ['href', 'src'].includes(name) && /sentinel\\.invalid/.test(new URL(value, location.href).host))
        found.push(it.outerHTML.slice(0, 200));
    }
    if (it.matches('script, iframe, object, embed, base, meta, link, style, audio, video, marquee, math, form[action^="j"]'))
      found.push(it.outerHTML.slice(0, 200));
  }
  return found;
}"""
# The type of a file with a drawing, and what in it can run; a parser's complaint is an element too.
FILE = "async (path) => { const it = await fetch(path); return [it.headers.get('content-type'), await it.text()]; }"
DRAWING = """(text) => {
  const drawn = new DOMParser().parseFromString(text, 'image/svg+xml');
  const wrong = [...drawn.querySelectorAll('parsererror, script, foreignObject, iframe, a, image, use')];
  for (const it of drawn.querySelectorAll('*'))
    if ([...it.attributes].some(({name}) => name.startsWith('on'))) wrong.push(it);
  return wrong.map((it) => it.outerHTML.slice(0, 200));
}"""
# Everything on a page that a person can click or type into, except what leaves the page.
TOUCH = """() => {
  for (const it of document.querySelectorAll('details')) it.open = true;
  for (const it of document.querySelectorAll('main a[href^="java" i], main svg *, main img, main td, main .legend li'))
    for (const kind of ['pointerover', 'mouseover', 'pointermove', 'focus'])
      it.dispatchEvent(new MouseEvent(kind, {bubbles: true}));
}"""


class Hostile:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, pictures: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step
        self.pictures = pictures
        self.wrongs: list[str] = []
        self.client = ControlSystem(place.wire, PROJECT, "SIM", Ed25519Key())
        self.directory = str(place.server.users_root / PROJECT / "x")

    def play(self) -> None:
        self.log.scene(f"{len(TEXTS)} hostile texts in every field")
        holds("texts", len(TEXTS) >= 60, f"only {len(TEXTS)}")
        with self.step("control systems, hosts, people and the staff send them"):
            self.send()
        with window(self.browser, self.place.base, "omar") as omar:
            with self.step("the canary sings: the browser says when a text runs, and when the policy refuses one"):
                self.canary(omar)
            self.look(omar)

    def send(self) -> None:
        self.client.launch("HOSTILE-1")
        self.place.numbers["hostile session"] = self.place.operator.get("sessions", project=PROJECT)[0]["id"]
        reports: list[int] = []
        for number, text in enumerate(TEXTS):
            self.dataset(number, text)
        for many in chunks(TEXTS, 12):
            reports.append(self.report(many))
        self.place.numbers["hostile report"] = reports[0]
        self.reports = reports
        stamp = "2026-11-23 12:00:00"
        posted = [{"project": PROJECT, "name": one_line(text)[:NAMES], "status": "Connected", "date": stamp} for text in TEXTS]
        nxupdate(self.place.wire, posted)
        link = self.client.launch("HOSTILE-1")["survey"]
        for text in TEXTS[:8]:
            answer_survey(self.place.wire, link, text)
        self.apply()

    def dataset(self, number: int, text: str) -> None:
        """A dataset whose every text is hostile. Metadata are named by it too."""
        kind = ("DATA", "RASTER", "XRF", "MAD", "XAS", "SCREEN", "XRD")[number % 7]
        line = one_line(text)
        hostile = {"name": line[:NAMES], "filename": line.replace("/", "")[:200], "comments": text, "group": text}
        hostile |= {"container": text, "port": text, "detector_type": text, "edge": text, "uuid": f"h{number}"}
        hostile |= {text[:100]: {"deep": [text]}, "start_angle": text, "beam_x": text, "resolution": text}
        hostile |= {"grid_size": text, "grid_origin": [text], "grid_points": text, "sample_id": None}
        self.place.numbers[f"hostile {number}"] = self.upload(
            "data", payload(f"data-{kind}") | hostile | {"directory": f"{self.directory}/{number}"}
        )

    def upload(self, what: str, body: dict[str, Any]) -> int:
        return self.client.upload(what, body)

    def report(self, texts: list[str]) -> int:
        """A report of entries of all kinds, each with one text in all its fields."""
        content = [entry(text, kind) for text in texts for kind in KINDS]
        sections = [{"title": text, "description": text, "notes": text, "style": text, "content": []} for text in texts]
        line = one_line(texts[0])
        body = payload("report-MX") | {"title": line[:NAMES], "kind": one_line(texts[-1])[:NAMES], "data_id": []}
        more = {"details": [*sections, {"title": texts[0], "content": content}], "filename": line}
        return self.upload("report", body | more | {"directory": f"{self.directory}/r{line[:40]}"})

    def apply(self) -> None:
        """What staff enter: a sheet or a facility file may come from somebody else. What is refused is no danger."""
        taken = 0
        for number, text in enumerate(TEXTS):
            sample = {"project": PROJECT, "container": "EVIL", "location": str(number % 16 + 1), "group": "g"}
            name = f"s{number}"
            body = {
                "project": [{"username": PROJECT, "name": text}],
                "container": [{"project": PROJECT, "name": "EVIL", "type": "Uni-Puck", "status": "on-site"}],
                "group": [{"project": PROJECT, "name": "g", "priority": 1}],
                "sample": [sample | {"name": name, "barcode": text, "comments": text}] if number < 16 else [],
                "person": [{"username": "nemo", "name": text}],
                "beamline": [{"acronym": "SIM", "name": text, "active": True, "simulated": True}],
            }
            for part, rows in body.items():
                try:
                    self.place.operator.post("apply", {part: rows})
                    taken += len(rows)
                except Mismatch as refused:
                    holds(part, "got 4" in str(refused), str(refused))
        holds("the facility", taken > 3 * len(TEXTS), f"it took {taken} records only")

    def canary(self, one: Window) -> None:
        page = one.open("/sessions")
        page.evaluate("() => { const it = document.createElement('p'); it.innerHTML = "
                      "'<img src=x onerror=__ran(7)>'; document.querySelector('main').append(it); }")
        page.wait_for_timeout(300)
        holds("the canary", any("CSP" in wrong for wrong in one.wrongs), str(one.wrongs))
        holds("planted", page.evaluate(PLANTED) != [], "it is not found")
        one.wrongs.clear()
        page.evaluate("__ran(8)")
        page.wait_for_timeout(100)
        holds("the canary", any("RAN 8" in wrong for wrong in one.wrongs), str(one.wrongs))
        one.wrongs.clear()

    def look(self, one: Window) -> None:
        """All pages that show something of it, also those that are only linked, and those of the search."""
        first = [f"/datasets?project={PROJECT}", f"/reports?project={PROJECT}", "/activity", f"/activity?project={PROJECT}"]
        first += [f"/projects/{PROJECT}", f"/samples?project={PROJECT}", f"/samples/sheet?project={PROJECT}"]
        first += ["/containers", "/projects", "/feedback", "/remote-access", "/people/nemo", "/statistics", "/automounters/SIM"]
        first += ["/", "/sessions", filled("/sessions/{hostile session}", self.place.numbers), "/sign-in?next=/" + "%22%3E%3Cscript%3E__ran()%3C/script%3E"]
        first += [f"/reports/{number}" for number in self.reports]
        first += [f"/datasets/{self.place.numbers[f'hostile {number}']}" for number in range(0, len(TEXTS), 4)]
        kinds = set()
        queue = list(first)
        while queue:
            path = queue.pop(0)
            kinds.add(pattern(path))
            with self.tried(path):
                one.status(path)
                one.page.evaluate(TOUCH)
                same("what is planted", [], one.page.evaluate(PLANTED))
                one.page.set_viewport_size(NARROW)
                fits(one.page, path)
                one.page.screenshot(path=self.pictures / f"hostile-{named(path)[:60]}.png")
                one.page.set_viewport_size(WIDE)
                one.is_well()
            for link in one.page.evaluate(LINKS):
                if pattern(link) not in kinds and not NO_PAGES.search(link):
                    kinds.add(pattern(link))
                    queue.append(link)
        self.rest(one)
        holds("pages", not self.wrongs, "\n".join(self.wrongs))

    @contextmanager
    def tried(self, path: str) -> Iterator[None]:
        """A step. All pages are looked at, also after one that is wrong."""
        try:
            with self.step(path):
                yield
        except Mismatch as wrong:
            self.wrongs.append(f"{path}: {wrong}")

    def rest(self, one: Window) -> None:
        """The pages of the other datasets, without waiting for their pictures: their HTML is parsed, and searched."""
        with self.step("the pages of all other datasets"):
            others = [self.place.numbers[f"hostile {number}"] for number in range(len(TEXTS)) if number % 4]
            for number in others:
                text = one.page.evaluate("async (path) => (await fetch(path)).text()", f"/datasets/{number}")
                found = one.page.evaluate(
                    "([text, planted]) => { const parsed = new DOMParser().parseFromString(text, 'text/html');"
                    " return [...parsed.querySelectorAll('main *')].flatMap((it) => [...it.attributes])"
                    ".filter((it) => it.name.startsWith('on')).map((it) => it.value)"
                    ".concat([...parsed.querySelectorAll('main script, main iframe, body > script')].map((it) => it.outerHTML)); }",
                    [text, ""],
                )
                same(f"dataset {number}", [], found)
        with self.step("figures as files: they are drawings, well-formed, and hold nothing that runs"):
            # The drawings bring a style of their own, which no page of the console may have.
            empty = one.new_page()
            for path in self.files(one):
                kind, text = one.page.evaluate(FILE, path)
                same(path, ("image/svg+xml", []), (kind, empty.evaluate(DRAWING, text)))
            one.is_well()

    def files(self, one: Window) -> Iterator[str]:
        one.open(f"/reports/{self.reports[0]}")
        links = one.page.eval_on_selector_all("main a[href$='.svg']", "(all) => all.map((it) => it.getAttribute('href'))")
        holds("figures", len(links) > 20, f"only {len(links)}")
        yield from links[:24:3]


KINDS = ("table", "lineplot", "scatterplot", "columnchart", "barchart", "histogram", "pie", "timeline", "gauge", "none", None)


def entry(text: str, kind: str | None) -> dict[str, Any]:
    data: dict[str, Callable[[], Any]] = {
        "table": lambda: [[text, text], [text, 1]],
        "columnchart": lambda: {"x-label": text, "data": [{text: text, "a" + text: 4}], "color-by": text, "colors": text},
        "barchart": lambda: {"x-label": text, "data": [{text: text, "b" + text: 4}], "colors": {text: text}},
        "histogram": lambda: {"x-label": text, "y-label": text, "data": [{"x": 1, "y": 2}]},
        "pie": lambda: [{"label": text, "value": 2, "color": text}, {"label": "b", "value": 1}],
        "timeline": lambda: [{"type": text, "start": 1, "end": 99999999, "label": text}],
        "gauge": lambda: {"start": 0, "value": 90, "label": text, "color": text},
        "none": lambda: text,
    }
    plot = {"x": [text, 1, 2, 3], "y1": [[text, 1, 3, 2]], "y2": [[text, 5, 4, 6]], "x-label": text, "y1-label": text}
    plot |= {"y2-label": text, "annotations": [{"value": 2, "text": text}], "interpolation": text, "x-scale": text}
    made = data[kind]() if kind in data else plot
    told = {"title": text, "description": text, "notes": text, "id": text, "style": text, "header": "row " + text}
    return told | {"kind": kind or text, "data": made}


def one_line(text: str) -> str:
    """Names are refused if they hold control characters. Other fields take them."""
    return "".join(character for character in text if ord(character) >= 32)


def chunks(texts: list[str], size: int) -> Iterator[list[str]]:
    for begin in range(0, len(texts), size):
        yield texts[begin : begin + size]
