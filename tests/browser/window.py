"""Chromium, and pages in it that are watched: what runs, what is refused, what is asked elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from client import Mismatch
from expect import holds, same
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, Request

from place import PASSWORD

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--no-proxy-server",
]  # fmt: skip
WIDE = {"width": 1280, "height": 800}
PATIENCE = 20_000
"""Milliseconds that anything may take. The machine may be busy."""

# What a hostile text would call, and what the browser says when it refuses something.
WATCH = """
window.__ran = (what) => console.error('RAN ' + (what ?? ''));
document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP ' + event.violatedDirective + ' ' + event.blockedURI + ' ' + event.sample));
"""
# Files that are not there answer 404 on purpose; Chromium writes that to the console.
EXPECTED = ("Failed to load resource:",)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)


class Window:
    """A browser of one person: its own cookies, one page, and everything that went wrong in it."""

    def __init__(self, browser: Browser, base: str, **options: Any) -> None:
        self.base = base
        self.wrongs: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport=WIDE, base_url=base, **options)
        self.context.add_init_script(WATCH)
        self.context.set_default_timeout(PATIENCE)
        self.context.on("request", self._asked)
        self.page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.wrongs.append(f"{page.url}: {error}"))
        page.on("dialog", lambda dialog: (self.wrongs.append(f"{page.url}: a dialog"), dialog.dismiss()))
        return page

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(EXPECTED):
            self.wrongs.append(f"{message.page.url if message.page else ''}: {message.text}")

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and f"{parts.scheme}://{parts.netloc}" != self.base:
            self.wrongs.append(f"a request elsewhere: {request.url}")

    def sign_in(self, username: str, password: str = PASSWORD) -> None:
        self.page.goto("/sign-in")
        self.page.fill("#username", username)
        self.page.fill("#password", password)
        with self.page.expect_navigation():
            self.page.click("form.sign-in button")

    def signed_in(self, username: str, password: str = PASSWORD) -> Window:
        self.sign_in(username, password)
        same(f"the name of {username} on the page", username, self.page.inner_text("header.top .who span"))
        return self

    def status(self, path: str) -> int:
        """Opens a page. Returns its status."""
        answer = self.page.goto(path)
        if answer is None:
            raise Mismatch(f"{path}: no answer")
        return answer.status

    def open(self, path: str, status: int = 200) -> Page:
        same(f"the status of {path}", status, self.status(path))
        return self.page

    def is_well(self) -> None:
        """Nothing must have run that should not, and nothing must have been refused."""
        self.page.wait_for_timeout(50)
        holds("the browser", not self.wrongs, "\n".join(dict.fromkeys(self.wrongs)))


@contextmanager
def window(browser: Browser, base: str, username: str | None = None, **options: Any) -> Iterator[Window]:
    """A window in which somebody is signed in. At its end, nothing may have gone wrong in it."""
    one = Window(browser, base, **options)
    try:
        yield one.signed_in(username) if username else one
        one.is_well()
    finally:
        one.context.close()
