"""How well each score ranks the molecules whose answer is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from screenmm.analysis.controls import DECISIVE, SIZE
from screenmm.analysis.known_answers import doubts
from screenmm.analysis.metrics import Metrics
from screenmm.analysis.verdict import in_words
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Controls", place=70)

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Measures of all scores of one receptor by one kind of control.

    Attributes
    ----------
    receptor, kind : str
    rows : list of (str, dict, dict)
        A score in words, its measures, and its lead over heavy-atom count.
    verdict : str
    notes : list of str
    unranked : dict
        Labelled ligands without a rank.
    resamples : int
    """

    receptor: str
    kind: str
    rows: list[tuple[str, Row, Row]]
    verdict: str
    notes: list[str]
    unranked: dict[str, int]
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
    for receptor, controls in metrics["controls"].items():
        verdict = metrics["verdicts"][receptor]
        judged = {each["kind"]: each["text"] for each in verdict["kinds"]}
        tables += [
            Table(
                receptor=receptor,
                kind=kind,
                rows=[
                    (in_words(name, row), row, _lead(row, measure))
                    for name, row in controls[kind].items()
                ],
                verdict=judged[kind],
                notes=verdict["notes"],
                unranked=controls["unranked"],
                resamples=max(row.get("resamples", 0) for row in controls[kind].values()),
            )
            for kind, measure in DECISIVE.items()
            if controls[kind]
        ]
    return tables


def _lead(row: Row, measure: str) -> Row:
    """A score's lead over heavy-atom count, as a measure of its own."""
    size = row.get("baselines", {}).get(SIZE, {}).get(measure)
    if size is None:
        return {"value": None, "reason": "this is size itself, or nothing to compare"}
    if "lead" not in size:
        return {"value": None, "reason": size.get("reason", "the score has no value")}
    return {**size, "value": size["lead"]}
