"""The files of a day: frames, a snapshot, scans."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy
from fabio.cbfimage import CbfImage
from PIL import Image, ImageDraw

FRAMES = Path(__file__).resolve().parent.parent / "fixtures" / "frames"
SHAPE = (619, 487)
"""Rows and columns of a Pilatus 300K."""
BEAM = (230, 310)
"""Column and row of the beam on it."""
HDF5 = {"beam_x": 21, "beam_y": 18, "detector_size": 43, "pixel_size": 0.075, "resolution": 2.0}
OF_TYPE: dict[str, dict[str, Any]] = {
    kind: {"name": name, "filename": name + "_{:05d}.cbf", "frames": frames}
    | {"beam_x": BEAM[0], "beam_y": BEAM[1], "detector_size": SHAPE[1]}
    for kind, name, frames in [
        ("DATA", "lys-1", "1-5"),
        ("SCREEN", "screen", "1-2"),
        ("XRD", "powder", "1-1"),
        ("RASTER", "raster", "1-4"),
    ]
} | {
    "XRF": {"name": "xrf-1", "filename": "xrf-1.xdi"},
    "MAD": {"name": "mad-1", "filename": "mad-1.xdi"},
    "XAS": {"name": "xas-1", "filename": "xas-1_{:0>3d}.xdi", "frames": "1-3"},
}

EDGE = 12.6578
ASSIGNMENTS = {
    "Zn": [9.1, [["Ka1", 8.639, 410.0], ["Kb1", 9.572, 70.0]]],
    "Fe": [4.2, [["Ka1", 6.404, 150.0]]],
    "Ar": [1.1, [["Ka1", 2.957, 20.0]]],
}
"""Elements with their reliability and their lines. Argon's is too low to be shown at first."""
CHOICES = [
    {"label": "peak", "energy": 12.6603, "wavelength": 0.97931, "fp": -7.9, "fpp": 6.1},
    {"label": "infl", "energy": 12.6581, "wavelength": 0.97949, "fp": -10.3, "fpp": 3.0},
    {"label": "remo", "energy": 12.8603, "wavelength": 0.96408, "fp": -4.2, "fpp": 3.7},
]


def write(directory: Path) -> None:
    directory.mkdir(parents=True)
    for kind in ("DATA", "SCREEN", "XRD", "RASTER"):
        one = OF_TYPE[kind]
        for number in range(1, int(one["frames"].split("-")[1]) + 1):
            CbfImage(data=frame(number)).write(str(directory / one["filename"].format(number)))
    for path in FRAMES.glob("many_*.h5"):
        shutil.copy(path, directory)
    for name in ("lys-1", "raster"):
        snapshot().save(directory / f"{name}.png")
    scans(directory)


def frame(number: int) -> numpy.ndarray:
    """Rings around the beam, and spots that turn with the number."""
    rows, columns = numpy.indices(SHAPE)
    radius = numpy.hypot(columns - BEAM[0], rows - BEAM[1])
    random = numpy.random.default_rng(number)
    counts = random.poisson(20 * numpy.exp(-radius / 180) + 6 * numpy.exp(-(((radius - 150) / 9) ** 2)))
    for spot in range(60):
        angle, far = spot * 2.4 + number * 0.2, 30 + spot * 3.4
        row, column = int(BEAM[1] + far * numpy.sin(angle)), int(BEAM[0] + far * numpy.cos(angle))
        if 2 <= row < SHAPE[0] - 2 and 2 <= column < SHAPE[1] - 2:
            counts[row - 1 : row + 2, column - 1 : column + 2] += 900
    counts[195:212] = -1
    counts[407:424] = -1
    return counts.astype(numpy.int32)


def snapshot() -> Image.Image:
    image = Image.new("RGB", (640, 480), (196, 204, 208))
    draw = ImageDraw.Draw(image)
    draw.ellipse((190, 130, 450, 350), outline=(90, 100, 105), width=14)
    draw.polygon([(290, 220), (350, 200), (372, 250), (322, 284)], fill=(150, 165, 175))
    return image


def xdi(columns: list[str], rows: list[tuple[float, ...]]) -> str:
    head = [f"# Column.{number}: {name}" for number, name in enumerate(columns, 1)]
    lines = ["  ".join(f"{value:.6f}" for value in row) for row in rows]
    return "\n".join(["# XDI/1.0 beamlive", *head, "# Element.symbol: Se", "#----", *lines, ""])


def xrf_rows() -> list[tuple[float, float]]:
    lines = [(energy, high) for _, of in ASSIGNMENTS.values() for _, energy, high in of]
    energies = [0.02 * step for step in range(1, 651)]
    return [(at, 5 + sum(high * numpy.exp(-(((at - e) / 0.09) ** 2)) for e, high in lines)) for at in energies]


def mad_rows() -> list[tuple[float, float]]:
    energies = [12.61 + 0.001 * step for step in range(120)]
    return [(at, 1 / (1 + numpy.exp(-(at - EDGE) / 0.0015))) for at in energies]


def scans(directory: Path) -> None:
    (directory / "xrf-1.xdi").write_text(xdi(["energy keV", "counts"], xrf_rows()))
    fit = {"energy": [row[0] for row in xrf_rows()], "fit": [row[1] for row in xrf_rows()]}
    (directory / "xrf-1.xrf").write_text(json.dumps(fit | {"assignments": ASSIGNMENTS}))
    (directory / "mad-1.xdi").write_text(xdi(["energy keV", "normfluor"], mad_rows()))
    energies = [row[0] for row in mad_rows()]
    factors = {"fp": [-10 + 5 * abs(at - EDGE) for at in energies], "fpp": [4 * row[1] for row in mad_rows()]}
    mad = {"esf": {"energy": energies} | factors, "choices": CHOICES}
    (directory / "mad-1.mad").write_text(json.dumps(mad))
    for number in (1, 2):
        rows = [(at, value * number) for at, value in mad_rows()]
        (directory / f"xas-1_{number:03d}.xdi").write_text(xdi(["energy keV", "normfluor"], rows))
