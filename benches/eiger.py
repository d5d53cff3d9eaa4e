"""Times pictures of 16M Eiger frames: HDF5, 32 bits, bitshuffle-LZ4, each frame rendered for the first time.

    target/foreign-venv/bin/python benches/eiger.py --binary target/release/beamlive [--frames 12]

`./check foreign` makes the virtual environment. The service runs on one core (taskset); the client has the others. Prints milliseconds
from the request to the whole PNG: least, median, most; and the same for a frame that was rendered at another brightness before.
"""

import argparse
import os
import statistics
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

import h5py
import hdf5plugin
import numpy

ROWS, COLUMNS = 4362, 4148


def write_series(directory: Path, frames: int) -> None:
    """A master, and one file of frames: background that falls off, spots, gaps and a mask."""
    random = numpy.random.default_rng(7)
    y, x = numpy.mgrid[0:ROWS, 0:COLUMNS]
    distance = ((y - ROWS / 2) ** 2 + (x - COLUMNS / 2) ** 2) / (ROWS * COLUMNS)
    mean = 24 / (1 + 6 * distance)
    gaps = (x % 1040 >= 1030) | (y % 551 >= 514)
    with h5py.File(directory / "lys_data_000001.h5", "w") as file:
        data = file.create_dataset(
            "entry/data/data",
            shape=(frames, ROWS, COLUMNS),
            chunks=(1, ROWS, COLUMNS),
            dtype="uint32",
            **hdf5plugin.Bitshuffle(nelems=0, cname="lz4"),
        )
        data.attrs["image_nr_low"], data.attrs["image_nr_high"] = 1, frames
        for number in range(frames):
            frame = random.poisson(mean).astype("uint32")
            frame[5::53, 7::61] += random.integers(400, 3_000, frame[5::53, 7::61].shape, dtype="uint32")
            frame[gaps] = 0xFFFFFFFF
            data[number] = frame
    with h5py.File(directory / "lys_master.h5", "w") as file:
        group = file.create_group("entry/data")
        group["data_000001"] = h5py.ExternalLink("lys_data_000001.h5", "entry/data/data")
        detector = file.create_group("entry/instrument/detector/detectorSpecific")
        detector.create_dataset("pixel_mask", data=gaps.astype("uint32"), **hdf5plugin.Bitshuffle(cname="lz4"))
        detector["countrate_correction_count_cutoff"] = numpy.uint32(199_055)


def timed(url: str) -> float:
    began = time.perf_counter()
    with urllib.request.urlopen(url) as answer:
        assert answer.status == 200 and answer.read(8) == b"\x89PNG\r\n\x1a\n"
        answer.read()
    return (time.perf_counter() - began) * 1e3


def show(what: str, millis: list[float]) -> None:
    print(f"{what:<34} {min(millis):7.1f} {statistics.median(millis):7.1f} {max(millis):7.1f} ms")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", required=True)
    parser.add_argument("--frames", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        users = Path(home, "users/day")
        users.mkdir(parents=True)
        write_series(users, options.frames)
        command = ["taskset", "-c", "0", options.binary, "serve", "--listen", "127.0.0.1:0"]
        command += ["--data", f"{home}/data", "--users-root", f"{home}/users"]
        service = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            base = service.stdout.readline().strip().removeprefix("listening on ") + "/download"
            form = urllib.parse.urlencode({"path": str(users)}).encode()
            with urllib.request.urlopen(f"{base}/data/create/", form) as answer:
                key = answer.read().decode().split('"')[3]
            os.sched_setaffinity(0, set(range(1, os.cpu_count())) or {0})
            frame = f"{base}/files/frame/{key}/lys_master.h5"
            # The mask is read with the first frame.
            show("first frame, with its mask", [timed(f"{frame}/1/nm.png")])
            show("further frames", [timed(f"{frame}/{n}/nm.png") for n in range(2, options.frames + 1)])
            again = options.frames
            show("the last at another brightness", [timed(f"{frame}/{again}/{name}.png") for name in ("xl", "lt", "dk")])
        finally:
            service.terminate()
            service.wait()


if __name__ == "__main__":
    main()
