"""fabio writes frames, the running binary makes pictures of them, and Pillow reads the pictures.

    frames.py --binary target/debug/beamlive

Prints a line per step and stops at the first thing that differs, with exit code 1.
"""

from __future__ import annotations

import gzip
import io
import sys

import fabio
import h5py
import hdf5plugin
import numpy
from client import Wire
from expect import Transcript, holds, same
from fabio.cbfimage import CbfImage
from fabio.tifimage import TifImage
from PIL import Image, ImageSequence
from program import run_program
from server import Server

SHAPE = (2527, 2463)
"""Rows and columns of a Pilatus 6M."""
EDGE = 1024
BRIGHTNESSES = ("xl", "lt", "nm", "dk")
JSON = {"Accept": "application/json"}
"""Headers that ask for errors in JSON. Without them errors are pictures."""
ANGLES = {0: (200, 30, 30), 90: (30, 200, 30), 180: (30, 30, 200)}


def diffraction() -> tuple[numpy.ndarray, list[tuple[int, int]], numpy.ndarray]:
    """The counts, the places of the spots, and a mask of the pixels in gaps between modules."""
    rows, columns = numpy.indices(SHAPE)
    distance = numpy.hypot(rows - SHAPE[0] / 2, columns - SHAPE[1] / 2) / SHAPE[0]
    random = numpy.random.default_rng(20261123)
    counts = random.poisson(12 * numpy.exp(-4 * distance) + 0.5).astype(numpy.int32)
    gaps = (columns % 494 >= 487) | (rows % 212 >= 195)
    spots = [(int(row), int(column)) for row in range(40, SHAPE[0] - 40, 97) for column in range(50, SHAPE[1] - 50, 103)]
    spots = [(row, column) for row, column in spots if not gaps[row - 2 : row + 3, column - 2 : column + 3].any()]
    for row, column in spots:
        counts[row - 1 : row + 2, column - 1 : column + 2] += random.integers(300, 40_000)
    counts[gaps] = -1
    counts[300, 300] = -2
    return counts, spots, gaps


class Frames:
    """A directory of frames and snapshots, its key, and the pictures of the service."""

    def __init__(self, server: Server, transcript: Transcript) -> None:
        self.log, self.step = transcript, transcript.step
        self.wire = Wire(server.start())
        self.directory = server.users_root / "alpha" / "day-1"
        self.directory.mkdir(parents=True)
        reply = self.wire.json("POST", "/download/data/create/", data={"path": str(self.directory)})
        self.key = reply["key"]

    def picture(self, path: str, brightness: str = "nm") -> Image.Image:
        """The picture of a frame."""
        reply = self.wire.send("GET", f"/download/files/frame/{self.key}/{path}/{brightness}.png")
        same("content type", "image/png", reply.headers["Content-Type"])
        image = Image.open(io.BytesIO(reply.content))
        image.load()
        same("format and mode", ("PNG", "L"), (image.format, image.mode))
        return image

    def play(self) -> None:
        self.log.scene("Frames")
        counts, spots, gaps = diffraction()
        CbfImage(data=counts).write(str(self.directory / "xtal_0001.cbf"))
        with self.step("fabio reads its own frames"):
            read = fabio.open(self.directory / "xtal_0001.cbf").data
            holds("counts", bool((read == counts).all()), "they differ")
        shown: dict[str, numpy.ndarray] = {}
        for brightness in BRIGHTNESSES:
            with self.step(f"a 6M frame at {brightness}: spots dark, background light, gaps white"):
                image = self.picture("xtal_0001.cbf", brightness)
                same("size", (round(EDGE * SHAPE[1] / SHAPE[0]), EDGE), image.size)
                shown[brightness] = numpy.asarray(image)
                self.look(shown[brightness], spots, gaps)
        with self.step("each brightness is darker than the previous one, and no pixel is lighter"):
            for lighter, darker in zip(BRIGHTNESSES, BRIGHTNESSES[1:], strict=False):
                holds(f"{darker} after {lighter}", bool((shown[darker] <= shown[lighter]).all()), "a pixel is lighter")
                holds(f"{darker} after {lighter}", shown[darker].mean() < shown[lighter].mean(), "it is no darker")
        with self.step("every grey value follows from the mean count of its pixels"):
            self.measure(shown["lt"], counts)
        with self.step("the same frame compressed, and as TIFF, gives the same picture"):
            packed = gzip.compress((self.directory / "xtal_0001.cbf").read_bytes(), 1)
            (self.directory / "packed.cbf.gz").write_bytes(packed)
            TifImage(data=counts).write(str(self.directory / "xtal_0001.tif"))
            for path in ("packed.cbf", "packed.cbf.gz", "xtal_0001.tif"):
                holds(path, bool((numpy.asarray(self.picture(path)) == shown["nm"]).all()), "it differs")
        with self.step("a frame with a changed byte is reported as damaged"):
            file = bytearray((self.directory / "xtal_0001.cbf").read_bytes())
            file[len(file) // 2] ^= 1
            (self.directory / "harmed.cbf").write_bytes(file)
            error = self.wire.json("GET", f"/download/files/frame/{self.key}/harmed.cbf/nm.png", headers=JSON, expect=422)
            same("code", "damaged_file", error["error"]["code"])

        self.log.scene("Series in HDF5")
        with self.step("a series of an Eiger, made by h5py and hdf5plugin: grey values follow from mean counts"):
            stored = counts.astype("u4")
            stored[counts < 0] = numpy.iinfo("u4").max
            chunk = {"chunks": (1, *SHAPE), **hdf5plugin.Bitshuffle(cname="lz4")}
            with h5py.File(self.directory / "eiger_data_000001.h5", "w") as file:
                data = file.create_dataset("entry/data/data", data=numpy.stack([stored, stored.T.reshape(SHAPE)]), **chunk)
                data.attrs["image_nr_low"], data.attrs["image_nr_high"] = 1, 2
            with h5py.File(self.directory / "eiger_master.h5", "w") as file:
                file["entry/data/data_000001"] = h5py.ExternalLink("eiger_data_000001.h5", "/entry/data/data")
            first = numpy.asarray(self.picture("eiger_master.h5/1", "lt"))
            self.look(first, spots, gaps)
            self.measure(first, counts)
            holds("the CBF's picture", bool((first == shown["lt"]).all()), "it differs")
            second = counts.T.reshape(SHAPE)
            self.measure(numpy.asarray(self.picture("eiger_master.h5/2", "lt")), second)
        with self.step("a frame after the last: an error with the number of frames"):
            error = self.wire.json("GET", f"/download/files/frame/{self.key}/eiger_master.h5/3/nm.png", headers=JSON, expect=404)
            holds("message", "there are 2" in error["error"]["message"], error["error"]["message"])

        self.log.scene("Snapshots")
        with self.step("snapshots of several angles make an animation in their order"):
            for angle, color in ANGLES.items():
                Image.new("RGB", (1000, 700), color).save(self.directory / f"xtal_{angle}.png")
            reply = self.wire.send("GET", f"/download/files/snapshot/{self.key}/xtal.gif")
            animation = Image.open(io.BytesIO(reply.content))
            same("format and size", ("GIF", (500, 350)), (animation.format, animation.size))
            same("snapshots", len(ANGLES), animation.n_frames)
            for frame, color in zip(ImageSequence.Iterator(animation), ANGLES.values(), strict=True):
                same("how long each is shown", 2000, frame.info["duration"])
                same("colour", color, frame.convert("RGB").getpixel((250, 175)))

    def look(self, levels: numpy.ndarray, spots: list[tuple[int, int]], gaps: numpy.ndarray) -> None:
        """Spots must be dark on a light background, and pixels inside a gap white."""
        row_of = numpy.arange(SHAPE[0]) * levels.shape[0] // SHAPE[0]
        column_of = numpy.arange(SHAPE[1]) * levels.shape[1] // SHAPE[1]
        background = numpy.median(levels)
        holds("background", 150 <= background < 255, f"it is {background}")
        for row, column in spots:
            level = levels[row_of[row], column_of[column]]
            holds("a spot", level < background - 20, f"the one at row {row}, column {column} is {level}")
        open_pixels = numpy.zeros(levels.shape, dtype=int)
        numpy.add.at(open_pixels, (row_of[:, None], column_of[None, :]), ~gaps)
        holds("gaps", bool((levels[open_pixels == 0] == 255).all()), "one is not white")

    def measure(self, levels: numpy.ndarray, counts: numpy.ndarray) -> None:
        """The documented rule: means of good pixels, between the 1st percentile and one 99.85th above it."""
        sums, good = numpy.zeros(levels.shape), numpy.zeros(levels.shape)
        row_of = numpy.arange(SHAPE[0]) * levels.shape[0] // SHAPE[0]
        column_of = numpy.arange(SHAPE[1]) * levels.shape[1] // SHAPE[1]
        index = (row_of[:, None], column_of[None, :])
        numpy.add.at(sums, index, numpy.where(counts >= 0, counts, 0))
        numpy.add.at(good, index, counts >= 0)
        means = numpy.divide(sums, good, out=numpy.zeros_like(sums), where=good > 0)
        sampled = counts[numpy.unique(row_of, return_index=True)[1]]
        white, black = numpy.percentile(sampled[sampled >= 0], (1, 99.85))
        expected = 255 - numpy.clip((means - white) / max(black, 1) * 0.5 * 255, 0, 255)
        # Percentiles above 4096 have bins with a width of 1.6 %.
        off = numpy.abs(expected - levels)
        holds("greys", off.max() <= 6, f"one is off by {off.max():.1f}")


def play(server: Server, transcript: Transcript) -> None:
    Frames(server, transcript).play()


def main() -> int:
    return run_program("frames", "Checks the pictures of frames and snapshots that the running binary makes.", play)


if __name__ == "__main__":
    sys.exit(main())
