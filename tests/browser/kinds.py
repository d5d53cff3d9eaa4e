"""A report with every kind of entry and every option of MxLIVE's viewer, made of plain numbers."""

from __future__ import annotations

import math
from typing import Any

D = [20.0, 8.1, 5.2, 4.0, 3.1, 2.6, 2.2, 2.0, 1.85, 1.8]
"""Resolutions in Å, coarse first."""
N = [1.0, 2.0, 4.0, 7.0, 11.0, 16.0]
DAYS = ["2026-11-23 08:00", "2026-11-23 09:30", "2026-11-23 11:00", "2026-11-23 14:00", "2026-11-23 16:00"]


def plot(title: str, x: list[Any], y1: list[list[Any]], y2: list[list[Any]] | None = None, **more: Any) -> dict[str, Any]:
    named = [[f"left {number}", *values] for number, values in enumerate(y1)]
    right = {"y2": [[f"right {number}", *values] for number, values in enumerate(y2)]} if y2 else {}
    kind = more.pop("kind", "lineplot")
    options = {name.replace("_", "-"): value for name, value in more.items()}
    return {"title": title, "kind": kind, "data": {"x": ["the x", *x], "y1": named} | right | options}


def waves(x: list[float], phase: float = 0.0) -> list[float]:
    return [round(40 + 37 * math.sin(place * 0.9 + phase), 3) for place in range(len(x))]


LONG = [round(50 / (1 + 0.045 * place), 4) for place in range(60)]

PLOTS = [
    plot("linear", N, [waves(N)]),
    plot("inv-square", D, [waves(D)], [waves(D, 1)], x_scale="inv-square",
         annotations=[{"value": 2.5, "text": "here"}, {"value": 2.0, "text": "and there"}]),
    plot("inv-square of many", LONG, [waves(LONG), waves(LONG, 2)], x_scale="inv-square"),
    plot("inv-square, spots", D, [waves(D), waves(D, 1)], kind="scatterplot", x_scale="inv-square"),
    plot("spots", N, [waves(N)], [waves(N, 2)], kind="scatterplot"),
    plot("pow", N, [waves(N)], x_scale="pow"),
    plot("log", N, [waves(N)], x_scale="log"),
    plot("log up", N, [[1.0, 12.0, 130.0, 900.0, 5000.0, 60000.0]], y1_scale="log"),
    plot("identity", N, [waves(N)], x_scale="identity"),
    plot("time", DAYS, [[220, 219, 200, 180, 220]], x_scale="time", time_format="%Y-%m-%d %H:%M"),
    plot("a gap", N, [[3.0, 5.0, None, 9.0, 2.0, 4.0]]),
    plot("limits", N, [waves(N)], x_limits=[0, 20], y1_limits=[-50, 150]),
    plot("limits within", N, [waves(N)], kind="scatterplot", x_limits=[3, 12]),
    plot("right limits", N, [waves(N)], [waves(N, 1)], y2_limits=[0, 200]),
    plot("step", N, [waves(N)], interpolation="step"),
    plot("step-before", N, [waves(N)], interpolation="step-before"),
    plot("step-after", N, [waves(N)], interpolation="step-after"),
    plot("cardinal", N, [waves(N)], interpolation="cardinal"),
    plot("basis", N, [waves(N)], interpolation="basis"),
    plot("aspect", N, [waves(N)], aspect_ratio=4),
]  # fmt: skip

YEARS = [
    {"Year": 2023, "Academic": 140, "Industry": 30, "Datasets": 3000},
    {"Year": 2024, "Academic": 135, "Industry": 35, "Datasets": 3700},
    {"Year": 2025, "Academic": 160, "Industry": 20, "Datasets": 5100},
]
SHIFTS = [{"Project": "alpha", "Shifts": 31}, {"Project": "beta", "Shifts": 22.5}, {"Project": "gamma", "Shifts": 9}]
EXPOSURES = [{"x": 0.1, "y": 110}, {"x": 0.2, "y": 170}, {"x": 0.4, "y": 233}, {"x": 0.5, "y": 5}]
SLICES = [{"label": "Data", "value": 60}, {"label": "XRF", "value": 25, "color": "#c8a415"}, {"label": "MAD", "value": 15}]
HOUR = 3_600_000
START = 1_795_392_000_000
STRETCHES = [
    {"type": "Data", "start": START + HOUR, "end": START + 2 * HOUR, "label": "one"},
    {"type": "Screen", "start": START + 2 * HOUR, "end": START + 2.5 * HOUR, "label": "two"},
    {"type": "Data", "start": START + 5 * HOUR, "end": START + 7 * HOUR, "label": "three"},
]
GAUGE = {"start": -120, "value": 168, "label": "70 %", "color": "#0b8a72"}
TABLE = [["", "Overall", "Outer"], ["Resolution", "48.2 – 1.80", "1.85 – 1.80"], ["R", 6.8, 78.4]]

OTHERS = [
    {"title": "a table", "kind": "table", "header": "row column", "data": TABLE, "notes": "*Notes* of a table"},
    {"title": "no header", "kind": "table", "data": TABLE},
    {"title": "columns", "kind": "columnchart", "data": {"x-label": "Year", "stack": [["Academic", "Industry"]],
     "line": "Datasets", "line-limits": [0, 8000], "annotations": [{"value": 2024, "text": "new"}], "data": YEARS}},
    {"title": "side by side", "kind": "columnchart", "data": {"x-label": "Year", "data": YEARS[:2]}},
    {"title": "bars", "kind": "barchart", "data": {"x-label": "Project", "color-by": "Project", "data": SHIFTS}},
    {"title": "one series", "kind": "barchart", "data": {"x-label": "Project", "data": SHIFTS}},
    {"title": "histogram", "kind": "histogram", "y-scale": "linear", "data": {"x-label": "s", "data": EXPOSURES}},
    {"title": "histogram up", "kind": "histogram", "y-scale": "log", "data": {"data": EXPOSURES}},
    {"title": "pie", "kind": "pie", "data": SLICES},
    {"title": "timeline", "kind": "timeline", "start": START, "end": START + 8 * HOUR, "data": STRETCHES},
    {"title": "gauge", "kind": "gauge", "data": GAUGE},
    {"title": "nothing but words", "kind": "none", "description": "Collect **180°**", "notes": "From two frames."},
]  # fmt: skip

SECTIONS = [
    {"title": "Plots", "style": "row", "content": [entry | {"style": "col-12 col-md-6"} for entry in PLOTS]},
    {"title": "Others", "description": "A *section*", "notes": "Notes of a **section**", "content": OTHERS},
]
