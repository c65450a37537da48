"""Known molecules that a campaign was not told of: how many of them it came upon."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np

from screenmm.analysis.arms import ARMS, NAMES, Arm
from screenmm.generation.applicability import applicability
from screenmm.metrics.generation import FoundAgain
from screenmm.rounds.features import features_of
from screenmm.rounds.known import How

NEAR = 0.7
"""Similarity (Tanimoto, counts) from which on a molecule is a close neighbour."""

SKELETON = 14
"""Letters of an InChIKey that tell constitution alone: fragments carry no stereochemistry."""

_DOCKED = """
SELECT inchikey, smiles, drawn FROM batches JOIN ligands USING (inchikey)
WHERE drawn IN ('learned', 'blind', 'both', 'neighbour')
"""
_PROPOSED = "SELECT DISTINCT arm, left(inchikey, ?) FROM lineage"


def found_again(con: duckdb.DuckDBPyConnection, held_out: Mapping[str, str]) -> list[FoundAgain]:
    """Count for each arm how many of the molecules held out it found.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``batches``, ``ligands`` and ``lineage``.
    held_out : mapping of str to str
        Key to SMILES, standardised as the library is.
    """
    asked = features_of(held_out.items())
    skeletons = {key[:SKELETON] for key in held_out}
    docked = con.execute(_DOCKED).fetchall()
    proposed = con.execute(_PROPOSED, [SKELETON]).fetchall()
    found = []
    for arm in Arm:
        own = {key: smiles for key, smiles, drawn in docked if How(drawn) in ARMS[arm]}
        similarity, _ = applicability(asked.counts, features_of(own.items()).counts)
        found.append(
            FoundAgain(
                arm=NAMES[arm],
                held_out=len(skeletons),
                proposed=len(skeletons & {key for who, key in proposed if who == arm.value}),
                docked=len(skeletons & {key[:SKELETON] for key in own}),
                near=int(np.count_nonzero(similarity >= NEAR)),
            )
        )
    return found
