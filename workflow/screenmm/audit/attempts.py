"""Who made what: every attempt at every job, and which of them made the present results."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screenmm.execution.usage import Usage

COLUMNS = (
    "rule", "target", "attempt", "made_present_output", "status", "error_type", "started",
    "ended", "wall_s", "cpu_s", "core_s", "max_rss_mb", "gpu_s", "devices", "energy_j", "host",
    "scheduler", "python",
)  # fmt: skip
"""Columns of the table of jobs."""


@dataclass(frozen=True)
class Attempt:
    """One attempt at one job.

    Parameters
    ----------
    rule, target : str
        The job, as in :func:`screenmm.execution.usage.read_usage`.
    number : int
        1 for the first.
    made_present_output : bool
        Whether the job's outputs, as they are now, come from this attempt.
    usage : dict
        What it used.
    """

    rule: str
    target: str
    number: int
    made_present_output: bool
    usage: Usage


@dataclass(frozen=True)
class StageRun:
    """What is known of the jobs of one rule that made the present results.

    Parameters
    ----------
    rule : str
        The rule.
    jobs : int
        Jobs that the present results come from.
    made_by : tuple of Attempt
        The attempt that made each one's outputs, where it is on record.
    unfinished : int
        Jobs whose last attempt did not succeed.
    """

    rule: str
    jobs: int
    made_by: tuple[Attempt, ...]
    unfinished: int

    @property
    def started(self) -> str | None:
        """When the first of the jobs began (ISO 8601)."""
        return min((each.usage["started"] for each in self.made_by), default=None)

    @property
    def ended(self) -> str | None:
        """When the last of the jobs ended (ISO 8601)."""
        return max((each.usage["ended"] for each in self.made_by), default=None)

    def total(self, key: str) -> float | None:
        """Sum of a quantity over the jobs; None where no job could measure it."""
        values = self._values(key)
        return round(math.fsum(values), 3) if values else None

    def largest(self, key: str) -> float | None:
        """Largest value of a quantity; None where no job could measure it."""
        return max(self._values(key), default=None)

    def _values(self, key: str) -> list[float]:
        found = (each.usage.get(key) for each in self.made_by)
        return [value for value in found if value is not None]


def all_attempts(
    usage: Mapping[str, Mapping[str, Sequence[Usage]]], targets: Mapping[str, set[str]]
) -> list[Attempt]:
    """List every attempt on record, in the order of the run's rules, then of the targets.

    Parameters
    ----------
    usage : mapping
        From :func:`screenmm.execution.usage.read_usage`.
    targets : mapping of str to set of str
        Jobs that the present results come from, from :meth:`screenmm.run.layout.Layout.targets`.
    """
    rules = [*targets, *sorted(set(usage) - set(targets))]
    found = []
    for rule in rules:
        for target, lines in sorted(usage.get(rule, {}).items()):
            done = [number for number, line in enumerate(lines) if line["status"] == "done"]
            last = done[-1] if done and target in targets.get(rule, set()) else None
            found += [
                Attempt(rule, target, number + 1, number == last, line)
                for number, line in enumerate(lines)
            ]
    return found


def stage_runs(attempts: Sequence[Attempt], targets: Mapping[str, set[str]]) -> list[StageRun]:
    """Gather the attempts that made the present results, by rule in the run's order."""
    made_by: dict[str, list[Attempt]] = {rule: [] for rule in targets}
    last: dict[tuple[str, str], Attempt] = {}
    for each in attempts:
        if each.target in targets.get(each.rule, set()):
            last[each.rule, each.target] = each
            if each.made_present_output:
                made_by[each.rule].append(each)
    unfinished = Counter(rule for (rule, _), each in last.items() if not each.made_present_output)
    return [
        StageRun(rule, len(jobs), tuple(made_by[rule]), unfinished[rule])
        for rule, jobs in targets.items()
    ]


def host_of(attempt: Attempt) -> str:
    """The machine of an attempt: name, processor, cores and system, as JSON."""
    return json.dumps(attempt.usage["host"], sort_keys=True)


def host_numbers(attempts: Sequence[Attempt]) -> dict[str, int]:
    """Number the machines from 1: a machine's name may be a person's.

    Returns
    -------
    dict
        Machine, as ``host_of`` gives it, to number.
    """
    hosts = sorted({host_of(each) for each in attempts})
    return {host: number for number, host in enumerate(hosts, 1)}


def device_text(device: Mapping[str, Any]) -> str:
    """Platform and name of a device."""
    return f"{device['platform']} {device['name']}"


def as_csv(attempts: Sequence[Attempt], hosts: Mapping[str, int]) -> str:
    """Write the table of jobs: one row per attempt, without paths and names of machines."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    for each in attempts:
        usage = each.usage
        row = {
            **usage,
            "rule": each.rule,
            "target": each.target,
            "attempt": each.number,
            "made_present_output": int(each.made_present_output),
            # the message names files; the log has it
            "error_type": usage["error"].partition(":")[0],
            "devices": "; ".join(sorted({device_text(device) for device in usage["devices"]})),
            "host": hosts[host_of(each)],
        }
        writer.writerow(row)
    return text.getvalue()
