"""The known answer of a ligand: which of its records' labels and affinities counts.

Several records may be of one ligand, and need not agree. The first record in library order that
has a label gives the ligand's label, and the first that has an affinity its affinity; the
primary record is the first of all. Disagreements are counted, never averaged away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb

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


def conflicts(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, Any]]:
    """Count the ligands whose records disagree on the known answer.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``sources`` and ``membership``.

    Returns
    -------
    dict
        ``conflicting_labels`` and ``conflicting_affinities``, each with the number of ``ligands``
        and up to ``EXAMPLES`` of them, in library order: ``name`` (of the first record with an
        answer), ``inchikey`` and what counts (``label``; ``affinity_kcal_mol``, and the
        ``low_kcal_mol`` and ``high_kcal_mol`` end of what the records say).
    """
    asked = {
        "conflicting_labels": ("least_label < most_label", ("label",)),
        "conflicting_affinities": (
            f"high_kcal_mol - low_kcal_mol >= {SAME_KCAL_MOL}",
            ("affinity_kcal_mol", "low_kcal_mol", "high_kcal_mol"),
        ),
    }
    out = {}
    for kind, (differ, told) in asked.items():
        names = ("name", "inchikey", *told)
        rows = con.execute(
            f"SELECT count(*) OVER (), {', '.join(names)} FROM ({_CONFLICTS}) WHERE {differ} "
            f"ORDER BY first LIMIT {EXAMPLES}"
        ).fetchall()
        out[kind] = {
            "ligands": rows[0][0] if rows else 0,
            "examples": [dict(zip(names, row[1:], strict=True)) for row in rows],
        }
    return out


def conflict_words(counts: dict[str, Any], shown: Callable[[str], str] = str) -> list[str]:
    """Say in words what :func:`conflicts` found; empty where all records agree.

    Parameters
    ----------
    counts : dict
        ``counts`` of the metrics.
    shown : callable
        Gives a name as it may be shown.
    """
    told = []
    for kind, what in (("conflicting_labels", "labels"), ("conflicting_affinities", "affinities")):
        found = counts.get(kind, {"ligands": 0})
        if found["ligands"]:
            names = ", ".join(shown(each["name"] or each["inchikey"]) for each in found["examples"])
            more = " and others" if found["ligands"] > len(found["examples"]) else ""
            ligands = f"{found['ligands']} ligand{'s' if found['ligands'] > 1 else ''}"
            told.append(
                f"Records of {ligands} have different {what}, of which the first in library "
                f"order counts: {names}{more}."
            )
    return told
