"""What a predicted model's confidence says, and what it does not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.redocking import Redocking
from screenmm.tables.dictionary import MODELS, listed, names

NOT_SUFFICIENT = "Confidence is necessary, not sufficient."

NOT_FORETOLD = "It does not foretell whether docking into a model finds the pose (Holcomb 2023)."

HIGH_PAE_ANGSTROM = 10.0
"""Mean predicted aligned error within a pocket above which its parts may stand otherwise."""


def models(
    con: duckdb.DuckDBPyConnection, redock: Mapping[str, Redocking] | None = None
) -> dict[str, ModelConfidence]:
    """Give the receptors that are predicted models, in config order.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``models`` and ``receptors``.
    redock : mapping, optional
        What docking their reference ligands again came to.
    """
    redocked = redock or {}
    rows = con.execute(
        f"SELECT {listed(MODELS)} FROM models JOIN receptors USING (receptor) ORDER BY ordinal"
    )
    found: dict[str, ModelConfidence] = {}
    for row in rows.fetchall():
        values = dict(zip(names(MODELS), row, strict=True))
        receptor = values.pop("receptor")
        verdict = _verdict(values, redocked.get(receptor))
        text = " ".join(filter(None, [verdict, NOT_FORETOLD, _lowest(values), _apart(values)]))
        found[receptor] = ModelConfidence(verdict=verdict, text=text, **values)
    return found


def _verdict(values: dict[str, Any], redocked: Redocking | None) -> str:
    """Say how sure the model is of its pocket, and whether a known ligand was found in it."""
    mean, limit = values["pocket_plddt"], values["min_pocket_plddt"]
    if mean is None:
        sure = "pLDDT of the pocket not known"
    else:
        guess = f", below {limit:g}: its backbone is a guess, and so is every pose in it"
        sure = f"mean pLDDT of the pocket {mean:.0f}{guess if mean < limit else ''}"
    return f"Model: {sure}; {_ligand(redocked)}. {NOT_SUFFICIENT}"


def _ligand(redocked: Redocking | None) -> str:
    if redocked is None or redocked.ligand is None:
        return "no ligand whose pose is known was docked"
    who = "the relative's ligand" if redocked.of_relative else "the reference ligand"
    closest = redocked.best_rmsd_angstrom
    if closest is None:
        return f"{who} was not docked again"
    if redocked.passed is None:
        return (
            f"{who} was found in its place ({closest:.1f} Å), but side chains were turned away "
            "from it, so that this is no control"
        )
    if redocked.passed:
        return f"{who} was found in its place ({closest:.1f} Å)"
    return f"{who} was not found in its place (closest pose {closest:.1f} Å away)"


def _lowest(values: dict[str, Any]) -> str:
    if values["pocket_plddt"] is None:
        return ""
    return (
        f"Residues around the pocket: {values['pocket_residues']}, of which "
        f"{len(values['doubtful'])} below {values['min_pocket_plddt']:g}; the lowest pLDDT is "
        f"{values['pocket_lowest_plddt']:.0f}."
    )


def _apart(values: dict[str, Any]) -> str:
    pae = values["pocket_pae_angstrom"]
    if pae is None or pae <= HIGH_PAE_ANGSTROM:
        return ""
    return (
        f"Its predicted aligned error within the pocket is {pae:.0f} Å on average: the parts that "
        "make the pocket may stand otherwise to one another."
    )
