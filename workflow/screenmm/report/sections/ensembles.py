"""Targets with several structures: each ligand's score over them, and which of them won."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screenmm.metrics.ensembles import Ensemble
from screenmm.report.section import Context, Results, Section
from screenmm.tables.dictionary import ENSEMBLES, listed, names

SECTION = Section(title="Ensembles", place=13)

SHOWN = 25
"""Ligands of each target in the table; ``ensembles.csv`` has all."""


@dataclass(frozen=True, kw_only=True)
class Ensembles(Context):
    """Targets with several structures.

    Attributes
    ----------
    ensembles : mapping of str to Ensemble
        By target, as in the metrics.
    rows : mapping of str to list of dict
        Its best ligands, by the columns of ``ensembles.csv``.
    """

    ensembles: Mapping[str, Ensemble]
    rows: Mapping[str, list[dict[str, Any]]]


def context(results: Results) -> Ensembles | None:
    """Take them from the metrics and the table; None where no target has several structures."""
    found = results.metrics.ensembles
    if not found:
        return None
    rows = {}
    for name in found:
        cursor = results.con.execute(
            f"SELECT {listed(ENSEMBLES)} FROM ensembles WHERE ensemble = ? ORDER BY rank LIMIT ?",
            [name, SHOWN],
        )
        rows[name] = [dict(zip(names(ENSEMBLES), row, strict=True)) for row in cursor.fetchall()]
    return Ensembles(ensembles=found, rows=rows)
