"""What a run cost: time, memory, GPU, energy and money, by rule, by ligand and by hit.

Only jobs that made the results that are there count as their cost. Attempts that failed
or were interrupted, and jobs whose results were replaced since, are summed up apart.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from screenmm.config.settings import Costs
from screenmm.execution.usage import Usage
from screenmm.metrics.costs import PerItem, RuleUsed, Used

ADDED = ("wall_s", "cpu_s", "core_s", "gpu_s")
HOUR_S = 3600.0
KWH_J = 3.6e6


@dataclass(frozen=True)
class Account:
    """What the jobs of a run used.

    Attributes
    ----------
    by_rule : dict of str to RuleUsed
    total : Used
        All rules together.
    replaced : Used
        What attempts cost whose results are not there.
    currency : str
        Of all prices.
    energy_source : str
        How the energy is known.
    """

    by_rule: dict[str, RuleUsed]
    total: Used
    replaced: Used
    currency: str
    energy_source: str


def account(
    usage: Mapping[str, Mapping[str, list[Usage]]],
    targets: Mapping[str, Collection[str]],
    rates: Costs,
    benchmarks: Path | None = None,
) -> Account:
    """Add up what the jobs of a run used.

    Parameters
    ----------
    usage : mapping
        From :func:`screenmm.execution.usage.read_usage`.
    targets : mapping of rule to targets
        Jobs that made the present results, from :meth:`screenmm.run.layout.Layout.targets`;
        rules come out in this order.
    rates : Costs
        Prices and powers.
    benchmarks : Path, optional
        Folder of Snakemake's benchmark files: they know the memory of a job's processes
        together, a job itself only of its largest.
    """
    by_rule: dict[str, RuleUsed] = {}
    present: list[Usage] = []
    others: list[Usage] = []
    for rule, wanted in targets.items():
        jobs = {}
        for target, attempts in usage.get(rule, {}).items():
            last = max((i for i, u in enumerate(attempts) if u["status"] == "done"), default=None)
            made = last is not None and target in wanted
            others += [u for i, u in enumerate(attempts) if not (made and i == last)]
            if made and last is not None:
                jobs[target] = attempts[last]
        if jobs:
            by_rule[rule] = RuleUsed(
                **_sum(jobs.values(), rates).given,
                longest_s=max(job["wall_s"] for job in jobs.values()),
                max_rss_mb=_peak_mb(rule, jobs, benchmarks),
            )
        present += jobs.values()
    return Account(
        by_rule=by_rule,
        total=_sum(present, rates),
        replaced=_sum(others, rates),
        currency=rates.currency,
        energy_source=_energy_source(present),
    )


def per_item(total: Used, counts: Mapping[str, int]) -> dict[str, PerItem]:
    """Divide a total by numbers of things.

    Parameters
    ----------
    total : Used
        Of all things together.
    counts : mapping of str to int
        Things and how many there are; those of which there are none are left out.
    """
    return {
        thing: PerItem(
            count=count,
            cpu_s=total.cpu_s / count,
            gpu_s=total.gpu_s / count,
            energy_kwh=total.energy_kwh / count,
            price=None if total.price is None else total.price / count,
        )
        for thing, count in counts.items()
        if count
    }


def versions_used(
    usage: Mapping[str, Mapping[str, list[Usage]]], targets: Mapping[str, Collection[str]]
) -> dict[str, str]:
    """Versions of the packages that made the present results; several are listed."""
    found: dict[str, set[str]] = {}
    for rule, wanted in targets.items():
        for target, attempts in usage.get(rule, {}).items():
            if target in wanted and attempts:
                for package, version in attempts[-1]["versions"].items():
                    found.setdefault(package, set()).add(version)
    return {package: ", ".join(sorted(found[package])) for package in sorted(found)}


def _sum(jobs: Iterable[Usage], rates: Costs) -> Used:
    rows = list(jobs)
    added = {key: round(math.fsum(row[key] for row in rows), 3) for key in ADDED}
    energy_kwh = math.fsum(_energy_kwh(row, rates) for row in rows)
    prices = [
        (rates.per_core_hour, added["core_s"] / HOUR_S),
        (rates.per_gpu_hour, added["gpu_s"] / HOUR_S),
        (rates.per_kwh, energy_kwh),
    ]
    priced = [rate * amount for rate, amount in prices if rate is not None]
    return Used(
        jobs=len(rows), **added, energy_kwh=energy_kwh, price=math.fsum(priced) if priced else None
    )


def _energy_kwh(job: Usage, rates: Costs) -> float:
    processor_j = job["energy_j"]
    if processor_j is None:
        processor_j = job["cpu_s"] * rates.watts_per_core
    joules = processor_j + job["gpu_s"] * rates.watts_per_gpu
    return joules * rates.power_usage_effectiveness / KWH_J


def _energy_source(jobs: Collection[Usage]) -> str:
    measured = sum(job["energy_j"] is not None for job in jobs)
    if measured == 0:
        return "estimated from CPU and GPU time"
    if measured == len(jobs):
        return "processors by their counters, GPUs estimated from their time"
    return f"processors by their counters for {measured} of {len(jobs)} jobs, else estimated"


def _peak_mb(rule: str, jobs: Mapping[str, Usage], benchmarks: Path | None) -> float:
    """Give the largest job's memory; Snakemake, which looks now and then, may have seen less."""
    peaks = [job["max_rss_mb"] for job in jobs.values()]
    if benchmarks is not None:
        for target in jobs:
            path = "/".join([rule, target]).rstrip("/")
            peaks.append(_benchmark_mb(benchmarks / f"{path}.tsv") or 0.0)
    return max(peaks)


def _benchmark_mb(path: Path) -> float | None:
    """Give ``max_rss`` of a benchmark file; Snakemake writes NA for jobs too short to measure."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            values = [row["max_rss"] for row in csv.DictReader(handle, delimiter="\t")]
        return max(float(value) for value in values)
    except (OSError, KeyError, ValueError):
        return None
