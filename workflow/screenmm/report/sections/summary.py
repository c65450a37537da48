"""What came of the run: whether the scores can be trusted, and the fates of all records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from screenmm.analysis.known_answers import doubts, has_controls
from screenmm.metrics.counts import Counts
from screenmm.metrics.redocking import Redocking
from screenmm.metrics.verdicts import Verdict
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Summary", place=10)


@dataclass(frozen=True, kw_only=True)
class Summary(Context):
    """Verdicts and counts.

    Attributes
    ----------
    verdicts, redock : mapping
        By receptor, as in the metrics.
    counts : Counts
        As in the metrics.
    platforms : mapping of str to int
        OpenMM's platforms and the poses that each scored.
    statuses : sequence of str
        Fates of records.
    doubts : list of str
        What is doubtful about known answers; empty where the section on controls says it.
    """

    verdicts: Mapping[str, Verdict]
    redock: Mapping[str, Redocking]
    counts: Counts
    platforms: Mapping[str, int]
    statuses: Sequence[str]
    doubts: list[str]


def context(results: Results) -> Summary:
    """Gather what the section shows."""
    metrics = results.metrics
    return Summary(
        verdicts=metrics.verdicts,
        redock=metrics.redock,
        counts=metrics.counts,
        platforms=metrics.platforms,
        statuses=metrics.counts.statuses,
        doubts=[] if has_controls(metrics) else doubts(metrics),
    )
