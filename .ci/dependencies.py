"""Holds the dependency tree to the licences, bans and sources of deny.toml, with `cargo metadata` alone.

Reads the parts of deny.toml that it knows and refuses the ones it does not, so that no rule there is silently ignored.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KNOWN_KEYS = {
    "graph": {"targets", "all-features"},
    "advisories": {"version", "yanked", "ignore"},
    "licenses": {"version", "confidence-threshold", "allow"},
    "bans": {"multiple-versions", "deny"},
    "sources": {"unknown-registry", "unknown-git"},
}


class Expression:
    """An SPDX licence expression; the slash of old manifests means OR."""

    def __init__(self, text: str, allowed: set[str]) -> None:
        self.tokens = re.findall(r"[()]|[^\s()]+", text.replace("/", " OR "))
        self.allowed = allowed

    def holds(self) -> bool:
        """Whether the licences allowed are enough to use what stands under this expression."""
        result = self.any_of()
        if self.tokens:
            raise ValueError(f"unexpected {self.tokens[0]!r}")
        return result

    def any_of(self) -> bool:
        result = self.all_of()
        while self.take("OR"):
            result = self.all_of() or result
        return result

    def all_of(self) -> bool:
        result = self.one()
        while self.take("AND"):
            result = self.one() and result
        return result

    def one(self) -> bool:
        if self.take("("):
            result = self.any_of()
            if not self.take(")"):
                raise ValueError("a parenthesis is not closed")
            return result
        if not self.tokens:
            raise ValueError("it ends too early")
        licence = self.tokens.pop(0)
        if self.take("WITH"):
            licence += " WITH " + (self.tokens.pop(0) if self.tokens else "")
        return licence in self.allowed

    def take(self, token: str) -> bool:
        found = bool(self.tokens) and self.tokens[0] == token
        if found:
            self.tokens.pop(0)
        return found


def read_rules() -> dict[str, Any]:
    rules = tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))
    unknown = [
        f"{section}.{key}" for section, keys in rules.items() for key in keys if key not in KNOWN_KEYS.get(section, ())
    ]
    if unknown:
        sys.exit(f"deny.toml: {', '.join(unknown)}: this check does not know these rules; teach it, or leave them out")
    return rules


def read_packages(rules: dict[str, Any]) -> list[dict[str, Any]]:
    command = ["cargo", "metadata", "--format-version", "1", "--locked"]
    command += ["--all-features"] if rules["graph"].get("all-features") else []
    for target in rules["graph"]["targets"]:
        command += ["--filter-platform", target]
    output = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=False)
    if output.returncode != 0:
        sys.exit("cargo metadata failed")
    return json.loads(output.stdout)["packages"]


def licence_mistake(package: dict[str, Any], allowed: set[str]) -> str | None:
    expression = package["license"]
    if not expression:
        return "names no licence"
    try:
        return None if Expression(expression, allowed).holds() else f"its licence is not allowed: {expression}"
    except ValueError as error:
        return f"its licence can't be read: {expression}: {error}"


def source_mistake(package: dict[str, Any], registry: str | None) -> str | None:
    source = package["source"]
    if source is None:
        inside = Path(package["manifest_path"]).is_relative_to(ROOT)
        return None if inside else "comes from a path outside this repository"
    return None if source == registry else f"comes from an unknown source: {source}"


def ban_mistake(package: dict[str, Any], bans: list[dict[str, str]]) -> str | None:
    for ban in bans:
        if ban["crate"] == package["name"]:
            return f"is banned: {ban['reason']}"
    return None


def main() -> int:
    rules = read_rules()
    packages = read_packages(rules)
    allowed = set(rules["licenses"]["allow"])
    # actix is required and comes from the registry that every crate is to come from.
    registry = next((package["source"] for package in packages if package["name"] == "actix"), None)
    if registry is None or not registry.startswith(("registry+", "sparse+")):
        sys.exit("actix does not come from a registry")
    mistakes, versions = [], defaultdict(list)
    for package in packages:
        versions[package["name"]].append(package["version"])
        for mistake in (
            licence_mistake(package, allowed),
            source_mistake(package, registry),
            ban_mistake(package, rules["bans"]["deny"]),
        ):
            if mistake:
                mistakes.append(f"{package['name']} {package['version']} {mistake}")
    twice = [f"{name} ({', '.join(found)})" for name, found in sorted(versions.items()) if len(found) > 1]
    if twice:
        print(f"note: {len(twice)} crates in several versions: {', '.join(twice)}")
    for mistake in mistakes:
        print(f"error: {mistake}", file=sys.stderr)
    print(f"{len(packages)} packages looked at, {len(mistakes)} against deny.toml")
    return 1 if mistakes else 0


if __name__ == "__main__":
    sys.exit(main())
