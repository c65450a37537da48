"""Time per rule, from Snakemake's benchmark files."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from screenmm.methods import VERSIONS


@dataclass(frozen=True, slots=True)
class Timing:
    """What the jobs of one rule took; None where Snakemake could not measure."""

    jobs: int
    wall_s: float | None
    cpu_s: float | None
    longest_s: float | None
    max_rss_mb: float | None


def _number(text: str | None) -> float | None:
    """Value of a cell; Snakemake writes NA or - for jobs too short to measure."""
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _column(rows: Iterable[Mapping[str, str]], name: str) -> list[float]:
    values = (_number(row.get(name)) for row in rows)
    return [value for value in values if value is not None]


def _timing(paths: Iterable[Path]) -> Timing:
    rows = []
    for path in sorted(paths):
        with path.open(newline="", encoding="utf-8") as handle:
            rows += list(csv.DictReader(handle, delimiter="\t"))
    wall, cpu, rss = (_column(rows, name) for name in ("s", "cpu_time", "max_rss"))
    return Timing(
        jobs=len(rows),
        wall_s=math.fsum(wall) if wall else None,
        cpu_s=math.fsum(cpu) if cpu else None,
        longest_s=max(wall, default=None),
        max_rss_mb=max(rss, default=None),
    )


def benchmarks_by_rule(folder: Path) -> dict[str, list[Path]]:
    """Find benchmark files below a folder: ``{rule}.tsv`` or ``{rule}/**/*.tsv``.

    Returns
    -------
    dict
        Rule to files, in the order in which a run does things.
    """
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.tsv")):
        first = path.relative_to(folder).parts[0]
        found.setdefault(first.removesuffix(".tsv"), []).append(path)
    order = list(VERSIONS)
    place = {rule: order.index(rule) if rule in order else len(order) for rule in found}
    return {rule: found[rule] for rule in sorted(found, key=lambda rule: (place[rule], rule))}


def read_timings(
    benchmarks: Mapping[str, Iterable[Path]],
) -> dict[str, dict[str, int | float | None]]:
    """Sum Snakemake's benchmark files per rule.

    Parameters
    ----------
    benchmarks : mapping of rule to paths
        Tab-separated files with the columns ``s``, ``cpu_time`` and ``max_rss``.

    Returns
    -------
    dict
        Rule to ``jobs``, ``wall_s`` (sum over jobs), ``cpu_s``, ``longest_s``, ``max_rss_mb``.
    """
    return {rule: asdict(_timing(paths)) for rule, paths in benchmarks.items()}
