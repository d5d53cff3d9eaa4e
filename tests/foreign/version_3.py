"""A day by version 3: programs sign in with passwords, and their requests carry access tokens.

    version_3.py --binary target/debug/beamlive

Prints a line per step and stops at the first thing that differs from the contract, with exit code 1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import expect
from client import ControlSystem, DsaKey, Operator, Wire, pack
from day import PAYLOADS, payload
from expect import Transcript, holds, same
from program import run_program
from server import Server
from tokens import REFRESH, TokenSystem, django_token, unsigned, verified, wait_until

SESSION = "CMCF-20261123"
PASSWORD = "correct horse battery"
DJANGO = "django-insecure-7mYp2r!k(8h$w@v0c#n5x^q1z&t6b)j4"
MOVED = 4712
"""The id that the project `moved` had in the earlier server's database."""
ROUNDS = 12
"""Uploads of each version at once."""

WRONG = b'{"detail":"No active account found with the given credentials"}'
INVALID = b'{"detail":"Token is invalid or expired","code":"token_not_valid"}'
SPENT = b'{"detail":"Token is blacklisted","code":"token_not_valid"}'
WRONG_TYPE = b'{"detail":"Token has wrong type","code":"token_not_valid"}'


def django_hash(password: str) -> str:
    """A password as Django stores it."""
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), b"seasalt", 1000)
    return f"pbkdf2_sha256$1000$seasalt${base64.b64encode(digest).decode()}"


ACCOUNTS = {
    "project": [{"username": "moved", "id": MOVED, "password_hash": django_hash(PASSWORD)}],
    "person": [
        {"username": "anna", "name": "Anna", "member_of": [{"project": "alpha"}, {"project": "beta"}]},
        {"username": "ida", "active": False, "member_of": [{"project": "alpha"}]},
    ],
}


class Version3:
    """The day."""

    def __init__(self, server: Server, transcript: Transcript) -> None:
        self.server, self.log, self.step = server, transcript, transcript.step
        self.django = server.home / "django.secret"
        self.django.write_text(DJANGO + "\n", encoding="utf-8")
        self.new = server.home / "new.secret"
        self.new.write_text("n" * 64, encoding="utf-8")
        self.start(self.django)
        self.operator = Operator(self.wire, server.admin_token())
        self.alpha = self.system("alpha")
        self.anna = self.system("anna")
        self.datasets: dict[int, tuple[dict[str, Any], dict[str, Any]]] = {}

    def start(self, *secrets: Any) -> None:
        """Starts the service with those secrets."""
        self.server.settings["BEAMLIVE_JWT__SECRET_FILE"] = json.dumps([str(path) for path in secrets])
        self.wire = Wire(self.server.start())

    def restart(self, *secrets: Any) -> None:
        same("exit code", 0, self.server.stop())
        self.start(*secrets)
        self.operator.wire = self.alpha.wire = self.anna.wire = self.wire

    def system(self, username: str) -> TokenSystem:
        return TokenSystem(self.wire, username, "BM", self.server.home / f"{username}.keys")

    def play(self) -> None:
        self.passwords()
        self.sign_in()
        self.tokens()
        self.a_day()
        self.both_versions()
        self.a_person()
        self.moved_in()
        self.reuse()
        self.rotation()

    def passwords(self) -> None:
        self.log.scene("Accounts and passwords")
        with self.step("two persons and a project with Django's hash are declared"):
            self.operator.post("apply", ACCOUNTS)
        with self.step("the operator sets passwords, and beamlive passwd makes one"):
            for username in ("alpha", "ida"):
                path = f"/api/admin/accounts/{username}/password"
                self.wire.json("PUT", path, headers=self.operator.headers, data={"password": PASSWORD})
            secret = self.server.data / "admin.token"
            service = ("--url", self.wire.base, "--token-file", secret)
            said = self.server.command("passwd", "anna", "--reset", *service)
            self.annas = said.strip().rsplit(" ", 1)[-1]
            holds("password", len(self.annas) >= 16, said)

    def refused(self, path: str, body: bytes, status: int = 401, **options: Any) -> None:
        """The answer must have these bytes."""
        response = self.wire.send("POST", path, expect=status, **options)
        same(path, body, response.content)
        if status == 401:
            same("WWW-Authenticate", 'Bearer realm="api"', response.headers.get("WWW-Authenticate"))

    def sign_in(self) -> None:
        self.log.scene("Signing in")
        with self.step("with a form, as MxDC does, and with JSON"):
            self.alpha.sign_in(PASSWORD)
            body = {"username": "alpha", "password": PASSWORD}
            same("tokens", ["access", "refresh"], sorted(self.wire.json("POST", "/api/v3/auth/", json=body)))
            self.anna.sign_in(self.annas)
        with self.step("a wrong password, an unknown and an inactive account: the same 401, byte by byte"):
            for username, password in (("alpha", "wrong horses"), ("nobody", PASSWORD), ("ida", PASSWORD)):
                self.refused("/api/v3/auth/", WRONG, data={"username": username, "password": password})
        with self.step("fields that are missing: 400 with their names, byte by byte"):
            required = '["This field is required."]'
            self.refused("/api/v3/auth/", f'{{"password":{required}}}'.encode(), 400, data={"username": "alpha"})
            both = f'{{"username":{required},"password":{required}}}'
            self.refused("/api/v3/auth/", both.encode(), 400)
            self.refused("/api/v3/auth/verify/", f'{{"token":{required}}}'.encode(), 400)
            self.refused(REFRESH, f'{{"refresh":{required}}}'.encode(), 400)
        with self.step("a body that says it is JSON and is none: 400"):
            headers = {"Content-Type": "application/json"}
            detail = self.wire.json("POST", "/api/v3/auth/", data="{", headers=headers, expect=400)["detail"]
            holds("detail", detail.startswith("JSON parse error - "), detail)

    def tokens(self) -> None:
        self.log.scene("Tokens")
        tokens = self.alpha.tokens
        with self.step("both are good, at three addresses; others are not"):
            for base in ("v3/auth", "v3/token", "v2/auth"):
                for good in tokens.values():
                    reply = self.wire.send("POST", f"/api/{base}/verify/", data={"token": good})
                    same("body", b"{}", reply.content)
                self.refused(f"/api/{base}/verify/", INVALID, data={"token": tokens["access"][:-2]})
        with self.step("PyJWT verifies them; the claims are those of MxLIVE, 30 and 360 days long"):
            for kind, days in (("access", 30), ("refresh", 360)):
                claims = verified(tokens[kind], DJANGO)
                expect.has("claims", {"token_type": kind}, claims)
                same("days", days * 86_400, claims["exp"] - claims["iat"])
                holds("jti", len(claims["jti"]) == 32 and int(claims["jti"], 16) > 0, claims["jti"])
                same("user_id", self.operator.get("projects/alpha")["id"], claims["user_id"])
        with self.step("refreshed at both addresses: a spent token gives the same pair for half a minute"):
            self.alpha.refresh()
            second = self.alpha.tokens
            holds("tokens", set(tokens.values()).isdisjoint(second.values()), "a token is the same")
            form = {"refresh": tokens["refresh"]}
            for path in (REFRESH, "/api/v3/auth/refresh/"):
                same("again", second, self.wire.json("POST", path, data=form))
            third = self.wire.json("POST", "/api/v3/auth/refresh/", data={"refresh": second["refresh"]})
            self.alpha.keep(third)
            self.refused("/api/v3/auth/verify/", SPENT, data={"token": tokens["refresh"]})
        with self.step("an access token can't be refreshed, and a refresh token opens nothing"):
            for path in (REFRESH, "/api/v3/auth/refresh/"):
                self.refused(path, WRONG_TYPE, data={"refresh": self.alpha.tokens["access"]})
                self.refused(path, INVALID, data={"refresh": "no.to.ken"})
            headers = {"X-Access-Token": f"Bearer {self.alpha.tokens['refresh']}"}
            same("body", b"", self.wire.send("GET", "/api/v3/samples/BM/", headers=headers, expect=403).content)
        with self.step("without a good token every route is 403 without a body; a wrong method is 405"):
            for method, tail in (
                ("GET", "samples/BM/"),
                ("POST", "data/BM/"),
                ("POST", "report/BM/"),
                ("POST", f"session/BM/{SESSION}/start/"),
                ("POST", f"session/BM/{SESSION}/close/"),
            ):
                for headers in ({}, {"X-Access-Token": "Bearer x"}, {"Authorization": "Token x"}):
                    reply = self.wire.send(method, f"/api/v3/{tail}", headers=headers, expect=403)
                    same("body", b"", reply.content)
                self.wire.send("DELETE", f"/api/v3/{tail}", headers=self.alpha.headers, expect=405)
        with self.step("MxDC refreshes an access token that is refused, and sends its request again"):
            self.alpha.keep(self.alpha.tokens | {"access": "spoiled"})
            before = self.alpha.tokens["refresh"]
            self.alpha.samples()
            holds("refresh", self.alpha.tokens["refresh"] != before, "it was not refreshed")
        # A sign-in whose first refresh token is spent from now on.
        self.stolen = self.system("stolen")
        self.stolen.username = "alpha"
        self.stolen.sign_in(PASSWORD)
        self.spent = self.stolen.tokens["refresh"]
        self.stolen.refresh()
        self.spent_at = time.monotonic()

    def a_day(self) -> None:
        self.log.scene("A day with a password")
        with self.step("alpha launches; the answer has all four keys"):
            reply = self.alpha.launch(SESSION)
            same("launch", ["duration", "end_time", "session", "survey"], sorted(reply))
            self.session = self.operator.get("sessions", project="alpha")[0]["id"]
        with self.step("its samples"):
            samples = self.alpha.samples()
            same("names", ["lys-1", "lys-3", "ins-1", "thau-2", "thau-10"], [sample["name"] for sample in samples])
            self.sample = samples[0]["id"]
        with self.step("every dataset and its retry, and every report of the real clients"):
            for path in sorted(PAYLOADS.glob("data-*.json")):
                if "reupload" in path.stem:
                    continue
                sent = payload(path.stem) | {"uuid": str(uuid.uuid4()), "sample_id": self.sample}
                number = self.alpha.upload("data", sent)
                same("retry", number, self.alpha.upload("data", sent))
                mine = {"project": "alpha", "beamline": "BM", "session": self.session}
                self.datasets[number] = (sent, mine | {"sample_id": self.sample, "group": "native"})
            for name in ("report-MX", "report-SCREEN"):
                sent = payload(name) | {"data_id": sorted(self.datasets)[:2]}
                number = self.alpha.upload("report", sent)
                mine = {"project": "alpha", "beamline": "BM", "data_id": sent["data_id"]}
                expect.report(f"reports/{number}", sent, {"id": number} | mine, self.operator.get(f"reports/{number}"))
        with self.step("an empty dataset: 400 with our error body; an unknown beamline: 404"):
            error = self.alpha.call("POST", "data/BM/", data=pack({}), expect=400)["error"]
            holds("fields", {"directory", "type", "name"} <= set(error["fields"]), str(error))
            self.alpha.call("GET", "samples/NOWHERE/", expect=404)

    def both_versions(self) -> None:
        self.log.scene("The same project by both versions")
        old = ControlSystem(self.wire, "alpha", "BM", DsaKey())
        with self.step("an older MxDC joins the session, and has the same samples"):
            old.launch(SESSION)
            same("sessions", [self.session], [one["id"] for one in self.operator.get("sessions", project="alpha")])
            same("samples", self.alpha.samples(), old.samples())
        with self.step("what one uploads is a retry for the other"):
            number = min(self.datasets)
            same("id", number, old.upload("data", self.datasets[number][0]))
        with self.step("both upload at once: every dataset has its own id, all in one session"):
            base = payload("data-DATA") | {"sample_id": self.sample}
            sent = [base | {"uuid": str(uuid.uuid4()), "name": f"both-{place}"} for place in range(2 * ROUNDS)]

            def upload(place: int) -> int:
                # `requests` shares no connection between threads.
                wire = Wire(self.wire.base)
                if place % 2:
                    system = ControlSystem(wire, "alpha", "BM", old.key)
                    system.registered = True
                    return system.upload("data", sent[place])
                return TokenSystem(wire, "alpha", "BM", self.alpha.keys).upload("data", sent[place])

            with ThreadPoolExecutor(8) as pool:
                numbers = list(pool.map(upload, range(len(sent))))
            same("ids", len(sent), len(set(numbers)))
            for number, one in zip(numbers, sent, strict=True):
                mine = {"project": "alpha", "beamline": "BM", "session": self.session}
                self.datasets[number] = (one, mine | {"sample_id": self.sample, "group": "native"})
            expect.has("session", {"datasets": len(self.datasets)}, self.operator.get(f"sessions/{self.session}"))
        with self.step("every value and type of every dataset reads back"):
            for number, (one, mine) in self.datasets.items():
                row = self.operator.get(f"data/{number}")
                expect.dataset(f"data/{number}", one, {"id": number} | mine, row)
        with self.step("what one closes is closed for the other; an unknown session: 404"):
            same("close", self.alpha.close(SESSION), old.close(SESSION))
            self.alpha.close("never", expect=404)

    def a_person(self) -> None:
        self.log.scene("A person with two projects")

        def owner() -> list[str]:
            return [one["project"] for one in self.operator.get("sessions", beamline="BM", active="true")]

        with self.step("without a project, nothing says which it is: 404"):
            self.anna.call("POST", f"session/BM/{SESSION}/start/", expect=404)
        with self.step("X-Project takes the beamline for one project after the other"):
            for project in ("alpha", "beta"):
                self.anna.project = project
                self.anna.launch("annas-day")
                same("owner", [project], owner())
        with self.step("in the address and in the form, which comes first"):
            self.anna.project = "beta"
            self.anna.call("POST", "session/BM/annas-day/start/?project=alpha", data={"project": "beta"})
            same("owner", ["beta"], owner())
            self.anna.call("POST", "session/BM/annas-day/start/?project=alpha")
            same("owner", ["alpha"], owner())
        with self.step("without a name, requests are for the project that has the beamline"):
            self.anna.project = None
            same("samples", self.alpha.samples(), self.anna.samples())
            number = self.anna.upload("data", payload("data-MAD") | {"uuid": "annas", "name": "annas"})
            expect.has("dataset", {"project": "alpha"}, self.operator.get(f"data/{number}"))
            self.anna.close("annas-day")
        with self.step("a project of others: 403; a project can't name another: 403"):
            self.anna.project = self.alpha.project = "gamma"
            for system in (self.anna, self.alpha):
                same("code", "forbidden", system.samples(expect=403)["error"]["code"])
            self.alpha.project = None
        with self.step("the activity log has her name"):
            entries = self.operator.get("activity", limit=1000)
            holds("activity", any(entry["who"] == "anna" for entry in entries), str(entries[:3]))

    def moved_in(self) -> None:
        self.log.scene("A project that moved in with its tokens")
        issued = time.time() - 86_400
        moved = self.system("moved")
        with self.step("tokens that Django made yesterday are good here"):
            kinds = (("access", 30), ("refresh", 360))
            moved.keep({kind: django_token(DJANGO, kind, MOVED, issued=issued, days=days) for kind, days in kinds})
            for good in moved.tokens.values():
                self.wire.json("POST", "/api/v3/auth/verify/", data={"token": good})
            before = moved.tokens
            same("samples", [], moved.samples())
            same("tokens", before, moved.tokens)
        with self.step("they stay good after the first sign-in with Django's password"):
            self.system("moved-too").wire.json(
                "POST", "/api/v3/auth/", data={"username": "moved", "password": PASSWORD}
            )
            same("samples", [], moved.samples())
            same("tokens", before, moved.tokens)
        with self.step("the refresh token gives a pair of ours, for the same id"):
            moved.refresh()
            same("user_id", MOVED, verified(moved.tokens["access"], DJANGO)["user_id"])
            same("samples", [], moved.samples())
        with self.step("expired, unsigned, of another secret, algorithm or account: 403 without a body"):
            good: dict[str, Any] = {"kind": "access", "user": MOVED, "issued": issued, "days": 30}
            for bad in (
                django_token(DJANGO, **(good | {"days": 0.5})),
                django_token(DJANGO, **good, algorithm="none"),
                django_token(DJANGO, **good, algorithm="HS512"),
                django_token(DJANGO[:-1], **good),
                django_token(DJANGO, **(good | {"user": 999_999})),
            ):
                headers = {"X-Access-Token": f"Bearer {bad}"}
                reply = self.wire.send("GET", "/api/v3/samples/BM/", headers=headers, expect=403)
                same("body", b"", reply.content)
                self.refused("/api/v3/auth/verify/", INVALID, data={"token": bad})

    def reuse(self) -> None:
        self.log.scene("A spent token that comes again")
        wait_until(self.spent_at + 31)
        with self.step("after half a minute: 401, and all tokens of that sign-in end"):
            self.stolen.samples()
            self.refused(REFRESH, SPENT, data={"refresh": self.spent})
            headers = self.stolen.headers
            same("body", b"", self.wire.send("GET", "/api/v3/samples/BM/", headers=headers, expect=403).content)
            for token in self.stolen.tokens.values():
                self.refused("/api/v3/auth/verify/", SPENT, data={"token": token})
            self.refused(REFRESH, SPENT, data={"refresh": self.stolen.tokens["refresh"]})
        with self.step("alpha's other sign-in goes on"):
            before = self.alpha.tokens
            self.alpha.samples()
            same("tokens", before, self.alpha.tokens)

    def rotation(self) -> None:
        self.log.scene("Secrets change")
        with self.step("a new secret signs, and tokens of the old one stay good"):
            before = self.alpha.tokens
            self.restart(self.new, self.django)
            self.alpha.samples()
            same("tokens", before, self.alpha.tokens)
            self.alpha.sign_in(PASSWORD)
            verified(self.alpha.tokens["access"], "n" * 64)
        with self.step("without the old secret its tokens are not good, and those of the new one are"):
            self.restart(self.new)
            self.refused("/api/v3/auth/verify/", INVALID, data={"token": before["access"]})
            self.alpha.samples()
        with self.step("the operator ends alpha's tokens; a sign-in begins anew"):
            path = "/api/admin/accounts/alpha/tokens"
            self.wire.json("DELETE", path, headers=self.operator.headers)
            self.refused("/api/v3/auth/verify/", SPENT, data={"token": self.alpha.tokens["access"]})
            ended = unsigned(self.alpha.tokens["access"])["jti"]
            self.alpha.sign_in(PASSWORD)
            holds("jti", unsigned(self.alpha.tokens["access"])["jti"] != ended, "it is the same")
            self.alpha.samples()
        with self.step("SIGTERM: exit code 0"):
            same("exit code", 0, self.server.stop())


def play(server: Server, transcript: Transcript) -> None:
    Version3(server, transcript).play()


def main() -> int:
    return run_program("version_3", "Plays a day by version 3 against the running binary.", play)


if __name__ == "__main__":
    sys.exit(main())
