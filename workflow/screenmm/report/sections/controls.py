"""How well each score ranks the molecules whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass

from screenmm.analysis.controls import SIZE
from screenmm.analysis.known_answers import doubts
from screenmm.analysis.measuring import DECISIVE
from screenmm.analysis.verdict import in_words
from screenmm.metrics.controls import Kind, Scored, Unranked
from screenmm.metrics.measures import BaselineMeasure, Measure
from screenmm.metrics.model import Metrics
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Controls", place=70)


@dataclass(frozen=True, slots=True)
class Table:
    """Measures of all scores of one receptor by one kind of control.

    Attributes
    ----------
    receptor, kind : str
    rows : list of (str, Scored, Measure)
        A score in words, its measures, and its lead over heavy-atom count.
    verdict : str
    notes : list of str
    unranked : Unranked
        Labelled ligands without a rank.
    resamples : int
    """

    receptor: str
    kind: Kind
    rows: list[tuple[str, Scored, Measure]]
    verdict: str
    notes: list[str]
    unranked: Unranked
    resamples: int


@dataclass(frozen=True, kw_only=True)
class Controls(Context):
    """Tables of measures.

    Attributes
    ----------
    tables : list of Table
    doubts : list of str
        What is doubtful about the known answers.
    """

    tables: list[Table]
    doubts: list[str]


def context(results: Results) -> Controls | None:
    """Gather the tables; None where no answer is known."""
    tables = _tables(results.metrics)
    return Controls(tables=tables, doubts=doubts(results.metrics)) if tables else None


def _tables(metrics: Metrics) -> list[Table]:
    tables = []
    for receptor, controls in metrics.controls.items():
        verdict = metrics.verdicts[receptor]
        judged = {each.kind: each.text for each in verdict.kinds}
        tables += [
            Table(
                receptor=receptor,
                kind=kind,
                rows=[(in_words(name, row), row, _lead(row, kind)) for name, row in found.items()],
                verdict=judged[kind],
                notes=verdict.notes,
                unranked=controls.unranked,
                resamples=max(row.resamples or 0 for row in found.values()),
            )
            for kind, found in controls.measured.items()
            if found
        ]
    return tables


def _lead(row: Scored, kind: Kind) -> Measure:
    """A score's lead over heavy-atom count, as a measure of its own."""
    if SIZE not in row.baselines:
        return Measure(value=None, reason="this is size itself, or nothing to compare")
    size: BaselineMeasure = getattr(row.baselines[SIZE], DECISIVE[kind])
    if size.lead is None:
        return Measure(value=None, reason=size.reason or "the score has no value")
    return Measure(
        value=size.lead, low=size.low, high=size.high, interval_reason=size.interval_reason
    )
