"""Finds the form of the survey page, fills it in and sends it, as a browser does."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

from client import Mismatch, Wire


class Form(HTMLParser):
    """The first POST form of a page, with the last choice of every question and a text in every text field."""

    def __init__(self, page: str, text: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: dict[str, str] = {}
        self._text = text
        self._inside = False
        self._select: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and given.get("method", "get").lower() == "post":
            self.action, self._inside = given.get("action", ""), True
        elif not self._inside or "disabled" in given:
            return
        elif tag == "input":
            self._input(given)
        elif tag == "textarea" and "name" in given:
            self.fields[given["name"]] = self._text
        elif tag == "select":
            self._select = given.get("name")
        elif tag == "option" and self._select and "value" in given:
            self.fields[self._select] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select":
            self._select = None

    def _input(self, given: dict[str, str]) -> None:
        name, kind = given.get("name"), given.get("type", "text").lower()
        if not name or kind in {"submit", "button", "reset", "checkbox", "file", "image"}:
            return
        if kind in {"radio", "hidden"}:
            self.fields[name] = given.get("value", "on")
        elif kind in {"number", "range"}:
            self.fields[name] = given.get("max", "1")
        else:
            self.fields[name] = self._text


def answer_survey(wire: Wire, url: str, text: str) -> int:
    """Opens a survey page, answers every question and sends the form. Returns the number of sent fields."""
    page = wire.send("GET", url, headers={"Accept": "text/html"}, allow_redirects=True)
    if not page.headers.get("Content-Type", "").startswith("text/html"):
        raise Mismatch(f"the survey is {page.headers.get('Content-Type')!r}, not a page")
    form = Form(page.text, text)
    if form.action is None or text not in form.fields.values():
        raise Mismatch(f"the survey has no POST form: {page.text[:600]}")
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(page.url))
    headers = {"Accept": "text/html", "Origin": origin, "Referer": page.url}
    target = urljoin(page.url, form.action)
    wire.send("POST", target, data=form.fields, headers=headers, allow_redirects=True)
    return len(form.fields)
