"""The known answer of a ligand: which of its records' labels and affinities counts.

Several records may be of one ligand, and need not agree. The first record in library order that
has a label gives the ligand's label, and the first that has an affinity its affinity; the
primary record is the first of all. Disagreements are counted, never averaged away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

from screenmm.metrics.counts import (
    AffinityConflict,
    AffinityConflicts,
    LabelConflict,
    LabelConflicts,
)

EXAMPLES = 5
"""Ligands that are named of each kind of disagreement."""

SAME_KCAL_MOL = 0.01
"""Affinities of one ligand that differ by less are the same, written in another unit."""

_PLACE = 'CASE WHEN "primary" THEN -1 ELSE ordinal END'
_AFFINITY = "FILTER (isfinite(affinity_kcal_mol))"

LABEL = f"arg_min(label, {_PLACE}) FILTER (label IS NOT NULL)"
AFFINITY_KCAL_MOL = f"arg_min(affinity_kcal_mol, {_PLACE}) {_AFFINITY}"

KNOWN = f"""
SELECT inchikey, {LABEL} AS label, {AFFINITY_KCAL_MOL} AS affinity_kcal_mol
FROM membership JOIN sources USING (record)
GROUP BY inchikey
"""
"""Of every ligand: its label and its affinity, NULL where no record has one."""

_CONFLICTS = f"""
SELECT inchikey, arg_min(name, {_PLACE}) AS name, min(ordinal) AS first,
    {LABEL} AS label, min(label) AS least_label, max(label) AS most_label,
    {AFFINITY_KCAL_MOL} AS affinity_kcal_mol,
    min(affinity_kcal_mol) {_AFFINITY} AS low_kcal_mol,
    max(affinity_kcal_mol) {_AFFINITY} AS high_kcal_mol
FROM membership JOIN sources USING (record)
WHERE label IS NOT NULL OR isfinite(affinity_kcal_mol)
GROUP BY inchikey
"""


def label_conflicts(con: duckdb.DuckDBPyConnection) -> LabelConflicts:
    """Find the ligands whose records have different labels.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``sources`` and ``membership``.
    """
    count, rows = _differing(con, "least_label < most_label", "label")
    examples = [LabelConflict(name=name, inchikey=key, label=label) for name, key, label in rows]
    return LabelConflicts(ligands=count, examples=examples)


def affinity_conflicts(con: duckdb.DuckDBPyConnection) -> AffinityConflicts:
    """Find the ligands whose records have affinities that differ by ``SAME_KCAL_MOL`` or more.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``sources`` and ``membership``.
    """
    differ = f"high_kcal_mol - low_kcal_mol >= {SAME_KCAL_MOL}"
    count, rows = _differing(con, differ, "affinity_kcal_mol, low_kcal_mol, high_kcal_mol")
    examples = [
        AffinityConflict(
            name=name, inchikey=key, affinity_kcal_mol=own, low_kcal_mol=low, high_kcal_mol=high
        )
        for name, key, own, low, high in rows
    ]
    return AffinityConflicts(ligands=count, examples=examples)


def _differing(
    con: duckdb.DuckDBPyConnection, differ: str, columns: str
) -> tuple[int, list[tuple[Any, ...]]]:
    """Count such ligands; name, InChIKey and columns of the first ``EXAMPLES``."""
    rows = con.execute(
        f"SELECT count(*) OVER (), name, inchikey, {columns} FROM ({_CONFLICTS}) WHERE {differ} "
        f"ORDER BY first LIMIT {EXAMPLES}"
    ).fetchall()
    return (rows[0][0] if rows else 0), [row[1:] for row in rows]


def conflict_words(
    labels: LabelConflicts, affinities: AffinityConflicts, shown: Callable[[str], str] = str
) -> list[str]:
    """Say in words which answers disagree; empty where all records agree.

    Parameters
    ----------
    labels, affinities
        What was found.
    shown : callable
        Gives a name as it may be shown.
    """
    told = []
    for found, what in ((labels, "labels"), (affinities, "affinities")):
        if found.ligands:
            names = ", ".join(shown(each.name or each.inchikey) for each in found.examples)
            more = " and others" if found.ligands > len(found.examples) else ""
            ligands = f"{found.ligands} ligand{'s' if found.ligands > 1 else ''}"
            told.append(
                f"Records of {ligands} have different {what}, of which the first in library "
                f"order counts: {names}{more}."
            )
    return told
