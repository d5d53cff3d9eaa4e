"""Reads the metrics with the Python library of Prometheus."""

from __future__ import annotations

import math

from expect import holds, same
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

UPLOADS = {"route": "/api/v2/{token}/data/{beamline}", "method": "POST", "status": "200"}


def families(text: str) -> dict[str, Metric]:
    """All families by name. Each must have a type, a help text and different samples."""
    found: dict[str, Metric] = {}
    for family in text_string_to_metric_families(text):
        holds(family.name, family.name not in found, "there twice")
        holds(family.name, family.type in ("counter", "gauge", "histogram"), f"has the type {family.type}")
        holds(family.name, family.documentation != "", "has no help text")
        series = [(sample.name, tuple(sorted(sample.labels.items()))) for sample in family.samples]
        holds(family.name, series != [], "has no sample")
        holds(family.name, len(series) == len(set(series)), "has a sample twice")
        holds(family.name, all(math.isfinite(sample.value) for sample in family.samples), "is not finite")
        if family.type == "histogram":
            histogram(family)
        found[family.name] = family
    return found


def histogram(family: Metric) -> None:
    """The buckets must be cumulative, and the last one must count everything."""
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = {}
    counts: dict[tuple[tuple[str, str], ...], float] = {}
    for sample in family.samples:
        labels = tuple(sorted((name, value) for name, value in sample.labels.items() if name != "le"))
        if sample.name == f"{family.name}_bucket":
            buckets.setdefault(labels, []).append((float(sample.labels["le"]), sample.value))
        elif sample.name == f"{family.name}_count":
            counts[labels] = sample.value
    same(f"{family.name}: series", sorted(counts), sorted(buckets))
    for labels, series in buckets.items():
        same(f"{family.name}: order of buckets", sorted(series), series)
        same(f"{family.name}: last bucket", (math.inf, counts[labels]), series[-1])


def uploads(text: str) -> float:
    """The number of acknowledged datasets."""
    samples = families(text)["beamlive_http_requests"].samples
    return sum(sample.value for sample in samples if sample.labels == UPLOADS)
