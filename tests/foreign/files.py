"""Downloads files by key with curl, and unpacks archives with tar and tarfile.

    files.py --binary target/debug/beamlive

Prints a line per step and stops at the first thing that differs, with exit code 1.
"""

from __future__ import annotations

import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

from client import Mismatch, Wire
from expect import Transcript, holds, same
from program import run_program
from server import Server

SECONDS = 120
LARGE = 5_000_003
"""Size of the large file in bytes: many pieces, and the last one is not full."""


def run(*command: str | Path, stdin: bytes | None = None, cwd: Path | None = None) -> bytes:
    """Runs a program, which must succeed, and returns its output."""
    done = subprocess.run(command, input=stdin, cwd=cwd, capture_output=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        raise Mismatch(f"{command[0]} exited {done.returncode}: {done.stderr.decode(errors='replace')}")
    return done.stdout


def make_files(directory: Path) -> dict[str, bytes]:
    """Writes files with all kinds of names. Returns their contents by path."""
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
    """The files in an unpacked directory, which must not contain links."""
    paths = [path for path in top.rglob("*") if not path.is_dir()]
    holds("no links", not any(path.is_symlink() for path in paths), str(paths))
    return {str(path.relative_to(top)): path.read_bytes() for path in paths}


class Files:
    """Requests for the files of a directory by its key."""

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
        with self.step("the rest after an interruption"):
            half = self.home / "half.cbf"
            half.write_bytes(whole[:1_234_567])
            run("curl", "-sSf", "-C", "-", "-o", half, url)
            holds("resumed", half.read_bytes() == whole, "another file")
        with self.step("only if it has changed"):
            etag, copy = self.home / "etag", self.home / "copy.cbf"
            run("curl", "-sSf", "--etag-save", etag, "-o", copy, url)
            code = ("-w", "%{http_code}", "-o", "/dev/null")
            same("by tag", b"304", run("curl", "-sS", "--etag-compare", etag, *code, url))
            same("by date", b"304", run("curl", "-sS", "-z", "1 Jan 2100", *code, url))
            same("by old date", b"200", run("curl", "-sS", "-z", "1 Jan 2001", *code, url))
        with self.step("saved under its own name"):
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
        with self.step("gzip finds no errors"):
            run("gzip", "-t", stdin=run("curl", "-sSf", self.at("archive", "scan.tar.gz")))
        with self.step("some files, selected by their stems"):
            some = run("curl", "-sSf", self.at("multi", "some.tar.gz?frame=frame_0001&frame=process/CORRECT.LP"))
            listed = run("tar", "-tzf", "-", stdin=some).decode().splitlines()
            same("files", ["scan 1/frame_0001.cbf", "scan 1/process/CORRECT.LP"], listed)


def play(server: Server, transcript: Transcript) -> None:
    files = Files(server, server.home, transcript)
    files.raw()
    files.archives()
    same("exit code", 0, server.stop())


def main() -> int:
    return run_program("files", "Downloads files by key and unpacks archives.", play)


if __name__ == "__main__":
    sys.exit(main())
