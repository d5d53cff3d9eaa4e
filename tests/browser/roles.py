"""Who signs in, what they get, and what they are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from expect import Transcript, holds, same
from playwright.sync_api import Browser

from pages import LOOKS, ROLES, Look, filled
from place import Place
from window import Window, window

SIGN_OUT = "header.top .who button"
REFUSED = (403, 404)
# A form of another origin: the browser itself says where it is of.
FORGED = """(address) => { const form = document.createElement('form');
  form.method = 'post'; form.action = address; document.body.append(form); form.submit(); }"""
# What a visitor is given: by each address its status, where it led, and its text.
GIVEN = """async (paths) => Promise.all(paths.map(async (path) => { const answer = await fetch(path);
  return [answer.status, new URL(answer.url).pathname, await answer.text()]; }))"""
SEND = """async ([path, form]) => (await fetch(path, {method: 'POST', redirect: 'manual',
  headers: {'content-type': 'application/x-www-form-urlencoded'}, body: form})).status"""


def at_sign_in(one: Window, where: str) -> None:
    holds(where, "/sign-in" in one.page.url and one.page.is_visible("#password"), one.page.url)


class Roles:
    def __init__(self, browser: Browser, place: Place, transcript: Transcript, _: Path) -> None:
        self.browser, self.place, self.log, self.step = browser, place, transcript, transcript.step

    def play(self) -> None:
        self.log.scene("Signing in, and being refused")
        self.nobody()
        for role in ROLES:
            self.role(role)
        self.forms()
        self.signing_out()

    def nobody(self) -> None:
        with self.step("nobody: every page leads to the sign-in, and from there back"), self.window() as one:
            one.open("/sign-in")
            for path, (_, landed, text) in self.given(one, LOOKS).items():
                same(path, "/sign-in", landed)
                holds(path, "lys-1" not in text and "BETA-1" not in text, text)
            one.open("/datasets?project=alpha")
            one.page.fill("#username", "omar")
            one.page.fill("#password", "wrong horses")
            with one.page.expect_navigation():
                one.page.click("form.sign-in button")
            holds("a wrong password", "wrong" in one.page.inner_text("[role=alert]"), one.page.content())
            one.page.fill("#password", "correct horse")
            with one.page.expect_navigation():
                one.page.click("form.sign-in button")
            holds("after signing in", one.page.url.endswith("/datasets?project=alpha"), one.page.url)

    def role(self, role: str) -> None:
        allowed = [look for look in LOOKS if role in look.who]
        others = [look for look in LOOKS if role not in look.who]
        with self.step(f"{role}: {len(allowed)} pages are shown, {len(others)} are refused"):
            with self.window(role) as one:
                for path, (status, _, text) in self.given(one, allowed).items():
                    same(f"{path} for {role}", 200, status)
                    holds(path, role in ("omar", "vera") or "BETA-1" not in text, f"{role} sees beta's session")
                for path, (status, _, text) in self.given(one, others).items():
                    holds(f"{path} for {role}", status in REFUSED, f"it is {status}")
                    holds(path, "BETA-1" not in text and "lys-1" not in text, text)

    def given(self, one: Window, looks: list[Look]) -> dict[str, Any]:
        paths = [filled(look.path, self.place.numbers) for look in looks]
        return dict(zip(paths, one.page.evaluate(GIVEN, paths), strict=True))

    def forms(self) -> None:
        with self.step("a form without the browser's key, or with another browser's: 403"):
            with self.window("paula") as one, self.window("paula") as other:
                key = other.page.get_attribute("input[name=form_key]", "value")
                for form in ("", "form_key=", f"form_key={key}"):
                    same(f"the form {form}", 403, one.page.evaluate(SEND, ["/sign-out", form]))
                one.open("/")
        with self.step("a form of another site is refused, and takes no cookie along"):
            with self.window("paula") as one:
                for action in ("/sign-out", "/sign-in"):
                    page = one.new_page()
                    page.goto("data:text/html,<!doctype html><title>elsewhere</title><p>x")
                    with page.expect_navigation() as landed:
                        page.evaluate(FORGED, self.place.base + action)
                    answer = landed.value
                    holds(action, answer.status in (303, 403) or "/sign-in" in page.url, str(answer.status))
                    holds(action, "set-cookie" not in answer.headers, str(answer.headers))
                    page.close()
                one.open("/")
                same("still signed in", "paula", one.page.inner_text("header.top .who span"))
        with self.step("no other page may frame the console"), self.window("paula") as one:
            headers = one.page.goto("/").headers
            holds("policy", "frame-ancestors 'none'" in headers["content-security-policy"], str(headers))
        with self.step("the cookie: HttpOnly, SameSite=Strict, and scripts cannot read it"):
            with self.window("paula") as one:
                cookie = one.context.cookies()[0]
                same("flags", (True, "Strict"), (cookie["httpOnly"], cookie["sameSite"]))
                same("document.cookie", "", one.page.evaluate("document.cookie"))

    def signing_out(self) -> None:
        with self.step("after signing out, the back button and a kept cookie show nothing"):
            with self.window("paula") as one:
                path = f"/datasets/{self.place.numbers['DATA']}"
                one.open("/datasets")
                one.open(path)
                kept = one.context.cookies()
                with one.page.expect_navigation():
                    one.page.click(SIGN_OUT)
                at_sign_in(one, "signing out")
                one.page.go_back()
                at_sign_in(one, "the back button")
                one.context.add_cookies(kept)
                one.open(path)
                at_sign_in(one, "the kept cookie")
        with self.step("a new password signs other browsers out"), self.window("vera") as one:
            self.place.set_password("vera")
            one.open("/sessions")
            at_sign_in(one, "the old sign-in")

    def window(self, username: str | None = None):
        return window(self.browser, self.place.base, username)


class Token:
    """Before an operator has a password."""

    def __init__(self, browser: Browser, place: Place, transcript: Transcript, _: Path) -> None:
        self.browser, self.place, self.step = browser, place, transcript.step

    def play(self) -> None:
        with self.step("the admin token signs in until an operator has a password"):
            with window(self.browser, self.place.base) as one:
                holds("the sign-in", "admin.token" in one.open("/sign-in").inner_text("main"), "it says nothing")
                one.signed_in("operator", self.place.operator.secret)
                one.open("/sessions")
                self.place.set_passwords()
                one.open("/sessions")
                at_sign_in(one, "its sign-in, once omar has a password")
                one.sign_in("operator", self.place.operator.secret)
                at_sign_in(one, "the token, once omar has a password")
                holds("the sign-in", "admin.token" not in one.page.inner_text("main"), "it names the token")
