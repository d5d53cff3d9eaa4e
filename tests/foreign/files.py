"""The files behind a key, fetched and unpacked by programs that know nothing of the service: curl, tar, tarfile.

    files.py --binary target/debug/beamlive

Prints a line per step and stops at the first thing that differs, with exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import traceback
from pathlib import Path

from client import Mismatch, Wire
from expect import Transcript, holds, same
from server import Server

HERE = Path(__file__).resolve().parent
FACILITY = HERE / "facility.toml"
SECONDS = 120
LARGE = 5_000_003
"""Bytes of the large file: many pieces, and no round number of them."""


def run(*command: str | Path, stdin: bytes | None = None, cwd: Path | None = None) -> bytes:
    """What a program prints; it must succeed."""
    done = subprocess.run(command, input=stdin, cwd=cwd, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise Mismatch(f"{command[0]} exited {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def make_files(directory: Path) -> dict[str, bytes]:
    """Files of every kind of name, by their path."""
    pseudo = hashlib.shake_256(b"frame").digest(LARGE)
    files = {
        "frame_0001.cbf": pseudo,
        "frame.with.dots.tar.gz.cbf": b"dots",
        "name with spaces.txt": b"spaces",
        "éüö-βγ-漢字.txt": "unicode – ✓\n".encode(),
        "-rf": b"an option",
        "empty": b"",
        "process/CORRECT.LP": b"x" * 512,
        "process/deep/er/XSCALE.LP": b"y" * 513,
        f"{'long' * 40}/{'name' * 50}.txt": b"long",
        "zeros.img": bytes(3_000_000),
    }
    for path, contents in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(contents)
    os.utime(directory / "empty", (1_700_000_000, 1_700_000_000))
    (directory / "link").symlink_to("/etc/passwd")
    (directory / "empty-directory").mkdir()
    return files


def tree(top: Path) -> dict[str, bytes]:
    """The files in a directory that was unpacked; there must be no links among them."""
    paths = [path for path in top.rglob("*") if not path.is_dir()]
    holds("no links", not any(path.is_symlink() for path in paths), str(paths))
    return {str(path.relative_to(top)): path.read_bytes() for path in paths}


class Files:
    """A directory, its key, and what is asked of them."""

    def __init__(self, server: Server, home: Path, transcript: Transcript) -> None:
        self.log, self.step, self.home = transcript, transcript.step, home
        self.url = server.start()
        self.directory = server.users_root / "alpha" / "scan 1"
        self.directory.mkdir(parents=True)
        self.files = make_files(self.directory)
        made = Wire(self.url).json("POST", "/download/data/create/", data={"path": str(self.directory)})
        self.key = made["key"]

    def at(self, route: str, rest: str) -> str:
        return f"{self.url}/download/files/{route}/{self.key}/{rest}"

    def raw(self) -> None:
        self.log.scene("curl fetches a file")
        url, whole = self.at("raw", "frame_0001.cbf"), self.files["frame_0001.cbf"]
        with self.step("whole, and in ranges"):
            holds("whole", run("curl", "-sSf", url) == whole, "another file")
            for given, part in [
                ("0-0", whole[:1]),
                ("0-1048576", whole[:1_048_577]),
                ("262143-262144", whole[262_143:262_145]),
                ("4999999-", whole[4_999_999:]),
                ("-17", whole[-17:]),
            ]:
                holds(given, run("curl", "-sSf", "-r", given, url) == part, "other bytes")
            status = run("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-r", f"{LARGE}-", url)
            same("past the end", b"416", status)
        with self.step("the rest of it, after it was interrupted"):
            half = self.home / "half.cbf"
            half.write_bytes(whole[:1_234_567])
            run("curl", "-sSf", "-C", "-", "-o", half, url)
            holds("resumed", half.read_bytes() == whole, "another file")
        with self.step("only when it has changed"):
            etag, copy = self.home / "etag", self.home / "copy.cbf"
            run("curl", "-sSf", "--etag-save", etag, "-o", copy, url)
            code = ("-w", "%{http_code}", "-o", "/dev/null")
            same("by tag", b"304", run("curl", "-sS", "--etag-compare", etag, *code, url))
            same("by date", b"304", run("curl", "-sS", "-z", "1 Jan 2100", *code, url))
            same("by old date", b"200", run("curl", "-sS", "-z", "1 Jan 2001", *code, url))
        with self.step("under the name that it has"):
            into = self.home / "named"
            into.mkdir()
            run("curl", "-sSf", "-OJ", self.at("raw", "name%20with%20spaces.txt"), cwd=into)
            same("name", ["name with spaces.txt"], os.listdir(into))
            head = run("curl", "-sSfI", url).decode().lower()
            holds("head", f"content-length: {LARGE}" in head and "accept-ranges: bytes" in head, head)

    def archives(self) -> None:
        for ending, flag, mode in [("tar.gz", "-z", "gz"), ("tar", "", "")]:
            self.log.scene(f"An archive is unpacked: .{ending}")
            archive = run("curl", "-sSf", self.at("archive", f"scan.{ending}"))
            with self.step("listed and unpacked by tar"):
                listed = run("tar", f"-t{flag[1:]}f", "-", "--quoting-style=literal", stdin=archive).decode().splitlines()
                expected = {f"scan 1/{path}" for path in self.files}
                same("files", sorted(expected), sorted(name for name in listed if not name.endswith("/")))
                holds("directories", {"scan 1/", "scan 1/empty-directory/"} <= set(listed), str(listed))
                same("order", listed[0], "scan 1/")
                into = self.home / f"tar-{ending}"
                into.mkdir()
                run("tar", f"-x{flag[1:]}f", "-", "-C", into, stdin=archive)
                holds("contents", tree(into / "scan 1") == self.files, "other files")
                same("time", 1_700_000_000, int((into / "scan 1" / "empty").stat().st_mtime))
            with self.step("by Python's tarfile, from a file and from a stream"):
                for opened in (f"r:{mode}", f"r|{mode}"):
                    with tarfile.open(fileobj=io.BytesIO(archive), mode=opened) as reader:
                        found = {}
                        for member in reader:
                            holds(member.name, member.isfile() or member.isdir(), str(member.type))
                            if member.isfile():
                                contents = reader.extractfile(member)
                                found[member.name.removeprefix("scan 1/")] = contents.read() if contents else b""
                    holds(opened, found == self.files, f"other files: {sorted(found)}")
        with self.step("gzip finds nothing wrong"):
            run("gzip", "-t", stdin=run("curl", "-sSf", self.at("archive", "scan.tar.gz")))
        with self.step("some files, by their stems"):
            some = run("curl", "-sSf", self.at("multi", "some.tar.gz?frame=frame_0001&frame=process/CORRECT.LP"))
            listed = run("tar", "-tzf", "-", stdin=some).decode().splitlines()
            same("files", ["scan 1/frame_0001.cbf", "scan 1/process/CORRECT.LP"], listed)


def main() -> int:
    parser = argparse.ArgumentParser(description="Fetches and unpacks the files behind a key.")
    parser.add_argument("--binary", type=Path, required=True, help="the beamlive binary")
    binary = parser.parse_args().binary.resolve()
    transcript = Transcript()
    with tempfile.TemporaryDirectory(prefix="beamlive-files-") as home:
        place = Path(home).resolve()
        with Server(binary, place, FACILITY) as server:
            try:
                files = Files(server, place, transcript)
                files.raw()
                files.archives()
                same("exit code", 0, server.stop())
            except Exception as error:
                reason = str(error) if isinstance(error, Mismatch) else traceback.format_exc()
                print(f"\n{reason}\n\nthe service's log ends:\n{server.last_words()}\n", flush=True)
                print(f"files: {transcript.passed} passed, 1 failed", flush=True)
                return 1
    print(f"\nfiles: {transcript.passed} passed, 0 failed", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
