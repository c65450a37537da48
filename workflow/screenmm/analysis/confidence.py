"""What a predicted model's confidence says, and what it does not."""

from __future__ import annotations

from typing import Any

import duckdb

from screenmm.metrics.confidence import ModelConfidence
from screenmm.tables.dictionary import MODELS, listed, names

NOT_SUFFICIENT = (
    "Confidence is necessary, not sufficient: it does not foretell whether docking into a model "
    "finds the pose (Holcomb 2023)."
)

HIGH_PAE_ANGSTROM = 10.0
"""Mean predicted aligned error within a pocket above which its parts may stand otherwise."""


def models(con: duckdb.DuckDBPyConnection) -> dict[str, ModelConfidence]:
    """Give the receptors that are predicted models, in config order.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``models`` and ``receptors``.
    """
    rows = con.execute(
        f"SELECT {listed(MODELS)} FROM models JOIN receptors USING (receptor) ORDER BY ordinal"
    )
    found: dict[str, ModelConfidence] = {}
    for row in rows.fetchall():
        values = dict(zip(names(MODELS), row, strict=True))
        receptor = values.pop("receptor")
        found[receptor] = ModelConfidence(text=_text(values), **values)
    return found


def _text(values: dict[str, Any]) -> str:
    """Say it in a few sentences."""
    if values["pocket_plddt"] is None:
        told = "A predicted model whose pLDDT around the pocket is not known."
    else:
        doubtful = len(values["doubtful"])
        told = (
            f"A predicted model; pocket pLDDT {values['pocket_plddt']:.0f} "
            f"(lowest {values['pocket_lowest_plddt']:.0f}; {doubtful} of "
            f"{values['pocket_residues']} residues below {values['min_pocket_plddt']:g})."
        )
    return " ".join(filter(None, [told, _below(values), _apart(values), NOT_SUFFICIENT]))


def _below(values: dict[str, Any]) -> str:
    if values["pocket_plddt"] is None or values["pocket_plddt"] >= values["min_pocket_plddt"]:
        return ""
    return (
        f"That is below {values['min_pocket_plddt']:g}: the pocket's backbone is a guess, and so "
        "is every pose in it."
    )


def _apart(values: dict[str, Any]) -> str:
    pae = values["pocket_pae_angstrom"]
    if pae is None or pae <= HIGH_PAE_ANGSTROM:
        return ""
    return (
        f"Its predicted aligned error within the pocket is {pae:.0f} Å on average: the parts that "
        "make the pocket may stand otherwise to one another."
    )
