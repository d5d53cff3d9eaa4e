"""Raw files against nginx, archives against tar -cz, memory under 64 archives, frames a second.

    cargo build --release && python3 benches/files.py [--rounds 5] [--megabytes 1024] [--frames 40]

Needs curl and tar; nginx (Debian: nginx-light) for the first table. All in one run, on the same files, interleaved.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent
MIB = 1 << 20
CLIENTS = 64
# Differences of neighbouring pixels as byte-offset compression writes them: mostly small, of both
# signs.
DELTAS = bytes((value * value * value // 9000) % 256 for value in range(-128, 128))


def free_port() -> int:
    with socket.socket() as chosen:
        chosen.bind(("127.0.0.1", 0))
        return chosen.getsockname()[1]


def wait_for(port: int) -> None:
    for _ in range(500):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise SystemExit(f"nothing listens on port {port}")


def make_files(root: Path, megabytes: int, frames: int) -> tuple[Path, Path]:
    raw, scan = root / "bench" / "raw", root / "bench" / "scan"
    raw.mkdir(parents=True)
    scan.mkdir()
    with (raw / "big.img").open("wb") as big:
        for _ in range(megabytes):
            big.write(os.urandom(MIB))
    for number in range(frames):
        (scan / f"frame_{number:05}.cbf").write_bytes(os.urandom(6 * MIB).translate(DELTAS))
    return raw, scan


def start_nginx(home: Path, raw: Path) -> tuple[subprocess.Popen[bytes], int] | None:
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        print("nginx is not installed: no comparison of raw files")
        return None
    port = free_port()
    temporary = "".join(f"{kind}_temp_path {home}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (home / "nginx.conf").write_text(
        f"daemon off; pid {home}/nginx.pid; error_log stderr; worker_processes auto; events {{}}"
        f"http {{ access_log {home}/access.log; sendfile on; tcp_nopush on; {temporary}"
        f"server {{ listen 127.0.0.1:{port}; root {raw}; }} }}"
    )
    process = subprocess.Popen([program, "-e", "stderr", "-p", home, "-c", home / "nginx.conf", "-g", "user root;" if os.geteuid() == 0 else ""])
    wait_for(port)
    return process, port


def key_of(base: str, directory: Path) -> str:
    form = urllib.parse.urlencode({"path": str(directory)}).encode()
    with urllib.request.urlopen(f"{base}/data/create/", form) as reply:
        return reply.read().decode().split('"')[3]


def download(urls: list[str]) -> tuple[float, int]:
    """Seconds, and bytes, of downloads at once."""
    begin = time.monotonic()
    command = ["curl", "-sSf", "-o", "/dev/null", "-w", "%{size_download}"]
    running = [subprocess.Popen([*command, url], stdout=subprocess.PIPE) for url in urls]
    sizes = [int(one.communicate()[0]) for one in running]
    if any(one.returncode for one in running):
        raise SystemExit(f"curl failed on {urls[0]}")
    return time.monotonic() - begin, sum(sizes)


def tar_cz(directory: Path) -> tuple[float, int]:
    begin = time.monotonic()
    done = subprocess.run(f"tar -cz -C '{directory.parent}' '{directory.name}' | wc -c", shell=True, capture_output=True, check=True)
    return time.monotonic() - begin, int(done.stdout)


def table(title: str, cases: dict[str, object], rounds: int, unit: float) -> dict[str, float]:
    """Runs all cases in turn, every round; prints the median of each, in MiB a second of `unit` bytes or what came."""
    taken: dict[str, list[tuple[float, int]]] = {name: [] for name in cases}
    for name, case in cases.items():
        case()  # warm
    for _ in range(rounds):
        for name, case in cases.items():
            taken[name].append(case())
    print(f"\n{title}")
    rates = {}
    for name, runs in taken.items():
        rates[name] = statistics.median((unit or size) / seconds / MIB for seconds, size in runs)
        spread = [(unit or size) / seconds / MIB for seconds, size in runs]
        print(f"  {name:24} {rates[name]:8.0f} MiB/s  ({min(spread):.0f} to {max(spread):.0f}), {runs[0][1] / MIB:.0f} MiB sent")
    return rates


def resident(pid: int, what: str) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(what)).split()[1]) / 1024


def memory(pid: int, port: int, target: str) -> None:
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = resident(pid, "VmRSS")
    clients = []
    for _ in range(CLIENTS):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(f"GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
        clients.append(client)
    for _ in range(8):
        for client in clients:
            left = MIB
            while left > 0:
                left -= len(client.recv(min(left, 65536))) or left
    print(f"\n{CLIENTS} archives at once: {before:.0f} MiB before, at most {resident(pid, 'VmHWM'):.0f} MiB")
    for client in clients:
        client.close()


def frames(base: str, key: str, scan: Path) -> None:
    """Only where there are frames that can be rendered: point --scan at a directory of them."""
    names = sorted(path.name for path in scan.iterdir())
    begin = time.monotonic()
    for name in names:
        urllib.request.urlopen(f"{base}/files/frame/{key}/{name}/nm.png").read()
    seconds = time.monotonic() - begin
    print(f"\nframes: {len(names) / seconds:.1f} a second, one after the other ({1000 * seconds / len(names):.0f} ms each)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=Path, default=HOME / "target/release/beamlive")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1024, help="of the raw file")
    parser.add_argument("--frames", type=int, default=40, help="of 6 MiB, in the archive")
    parser.add_argument("--scan", type=Path, help="a directory of real frames, to be rendered")
    options = parser.parse_args()
    place = HOME / "target/tmp"
    place.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="files-", dir=place) as home_name:
        home = Path(home_name)
        raw, scan = make_files(home / "users", options.megabytes, options.frames)
        if options.scan:
            shutil.copytree(options.scan, home / "users/bench/real")
        port = free_port()
        service = subprocess.Popen(
            [options.binary, "proxy", "--listen", f"127.0.0.1:{port}", "--data", home / "data", "--users-root", home / "users"],
            stdout=subprocess.DEVNULL,
            stderr=(home / "log").open("w"),
        )
        nginx = None
        try:
            wait_for(port)
            nginx = start_nginx(home, raw)
            base = f"http://127.0.0.1:{port}/download"
            big = f"{base}/files/raw/{key_of(base, raw)}/big.img"
            for count in (1, 4):
                cases = {"beamlive": lambda: download([big] * count)}
                if nginx:
                    cases["nginx"] = lambda: download([f"http://127.0.0.1:{nginx[1]}/big.img"] * count)
                rates = table(f"a raw file of {options.megabytes} MiB, {count} at once", cases, options.rounds, 0)
                if nginx:
                    print(f"  beamlive / nginx = {rates['beamlive'] / rates['nginx']:.2f}")
            key, size = key_of(base, scan), sum(path.stat().st_size for path in scan.iterdir())
            archive = f"{base}/files/archive/{key}/scan.tar.gz"
            cases = {"beamlive .tar.gz": lambda: download([archive]), "tar -cz": lambda: tar_cz(scan), "beamlive .tar": lambda: download([archive[:-3]])}
            rates = table(f"an archive of {options.frames} frames, {size / MIB:.0f} MiB", cases, options.rounds, size)
            print(f"  beamlive .tar.gz / tar -cz = {rates['beamlive .tar.gz'] / rates['tar -cz']:.2f}")
            memory(service.pid, port, f"/download/files/archive/{key}/scan.tar")
            if options.scan:
                frames(base, key_of(base, home / "users/bench/real"), home / "users/bench/real")
        finally:
            for process in [service, *([nginx[0]] if nginx else [])]:
                process.terminate()
                process.wait(60)


if __name__ == "__main__":
    main()
