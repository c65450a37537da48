"""Which docked ligands of a round are scored: some by docking, some by a model of the score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from scipy import sparse

from screenmm.campaign.known import (
    AT_RANDOM,
    BY_MODEL,
    batches,
    best_of,
    docked,
    smiles_of_batches,
)
from screenmm.rounds.campaign import learn
from screenmm.rounds.choice import chance
from screenmm.rounds.features import COLUMNS, Features, describe
from screenmm.rounds.known import BY_CHANCE, Docked
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import DOCK

FEWEST_SCORED = 20
"""Scored ligands below which there is no model of the score."""


def select_batch(
    files: Layout, receptor: str, number: str, top: int, share: float, seed: int, *, fair: bool
) -> dict[str, str]:
    """Choose the ligands of a round that are scored.

    Parameters
    ----------
    files : Layout
        Of the run, up to the round.
    receptor, number : str
        The receptor, and the round.
    top : int
        Most ligands.
    share : float
        Part of them that a model of the score chooses.
    seed : int
        Of the run.
    fair : bool
        Whether some must be chosen by chance, because the score is what is learned: all of the
        audit, and of a first batch that was drawn by chance as many as the model would choose.

    Returns
    -------
    dict of str to str
        Key to what the ledger says of the choice; empty where docking chose.
    """
    scores = best_of(files.of_round("dock", "table", number, receptor), DOCK)
    by_docking = sorted(scores, key=lambda key: (scores[key], key))
    before = Layout(files.results, most_rounds=int(number) - 1)
    known = docked(before, receptor, "mmgbsa")
    by_model = order_of_model(files, known, by_docking)
    of_model = math.ceil(share * top)
    by_chance = drawn_by_chance(files, number, seed) if fair else []
    drawn = [key for key in by_chance if key in scores][:of_model]
    return chosen(by_docking, by_model, drawn, top, of_model)


def chosen(
    by_docking: Sequence[str],
    by_model: Sequence[str],
    drawn: Sequence[str],
    top: int,
    of_model: int,
) -> dict[str, str]:
    """Fill the places: those drawn by chance first, then the model's, docking's at the end.

    Parameters
    ----------
    by_docking, by_model : sequence of str
        Keys, best first; the model's empty where there is none.
    drawn : sequence of str
        Keys that are scored whatever they are.
    top, of_model : int
        Places in all, and those of the model.
    """
    found = dict.fromkeys(drawn[:top], AT_RANDOM)
    left = [key for key in by_model if key not in found]
    found |= dict.fromkeys(left[: max(0, of_model - len(found))], BY_MODEL)
    left = [key for key in by_docking if key not in found]
    return found | dict.fromkeys(left[: top - len(found)], "")


def order_of_model(files: Layout, known: Sequence[Docked], keys: Sequence[str]) -> Sequence[str]:
    """Keys of docked ligands by predicted score, best first; none where too few were scored."""
    scored = {each.key: each for each in known if each.value is not None}
    if len(scored) < FEWEST_SCORED:
        return []
    smiles = smiles_of_batches(files)
    model = learn(_described(smiles, sorted(scored)), scored)
    if model is None:
        return []
    features = _described(smiles, sorted(keys))
    predicted = model.ridge.predict(features.counts)
    order = np.lexsort((features.keys.astype(str), predicted))
    return [str(key) for key in features.keys[order]]


def _described(smiles: Mapping[str, str], keys: Sequence[str]) -> Features:
    """Features of ligands that were described before."""
    found = [describe(smiles[key]) for key in keys]
    columns = [column for _, counts in found for column in counts]
    counts = [count for _, own in found for count in own.values()]
    ends = np.cumsum([0, *(len(own) for _, own in found)])
    matrix = sparse.csr_array(
        (np.array(counts, dtype=np.float64), np.array(columns, dtype=np.int32), ends),
        shape=(len(keys), COLUMNS),
    )
    atoms = np.array([each for each, _ in found], dtype=np.int64)
    return Features(np.array(keys, dtype=object), atoms, matrix)


def drawn_by_chance(files: Layout, number: str, seed: int) -> list[str]:
    """Molecules of a round that chance brought in, in the order of their draw."""
    drawn = [each.key for each in batches(files, [number], {}) if each.how in BY_CHANCE]
    keys = np.array(drawn, dtype=object)
    return [str(key) for key in keys[np.argsort(chance(seed, keys), kind="stable")]]
