"""Molecules to buy first, drawn on cards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screenmm.analysis.picks import POOL, SAME_CLUSTER, pick
from screenmm.report.depict import draw
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Picks", place=20)


@dataclass(frozen=True, kw_only=True)
class Picks(Context):
    """Pick lists.

    Attributes
    ----------
    lists : mapping of str to list of dict
        Receptor to its picks, each with its ``drawing``; receptors without picks are left out.
    any_to_make : bool
        Whether some were proposed, and are nowhere to be bought.
    pool : int
        Ligands that are clustered, at most.
    same_cluster : float
        Tanimoto similarity to a cluster's first molecule from which a molecule belongs to it.
    """

    lists: Mapping[str, list[dict[str, Any]]]
    any_to_make: bool
    pool: int = POOL
    same_cluster: float = SAME_CLUSTER


def context(results: Results) -> Picks | None:
    """Pick and draw; None where no receptor has a pick."""
    lists = {}
    for receptor in results.receptors:
        rows = pick(results.con, receptor, results.settings.ranking.picks)
        if rows:
            lists[receptor] = [
                row | {"drawing": draw(row["state_smiles"] or row["smiles"])} for row in rows
            ]
    to_make = any(row["how_to_get"] == "make" for rows in lists.values() for row in rows)
    return Picks(lists=lists, any_to_make=to_make) if lists else None
