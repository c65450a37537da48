"""Which docked ligands of a round are scored: some by docking, some by a model of the score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from screenmm.campaign.known import (
    AT_RANDOM,
    BY_MODEL,
    batches,
    best_of,
    smiles_of_batches,
    values,
)
from screenmm.rounds.choice import chance
from screenmm.rounds.features import features_of
from screenmm.rounds.known import BY_CHANCE
from screenmm.rounds.scoring import choose_scored
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import DOCK


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
        Part of them that a model of the score chooses, from 0 to 1.
    seed : int
        Of the run.
    fair : bool
        Whether some must be chosen by chance, because the score is what is learned: of those that
        chance brought into the batch as many as the model may choose.

    Returns
    -------
    dict of str to str
        Key to what the ledger says of the choice; empty where docking chose.
    """
    docking = best_of(files.of_round("dock", "table", number, receptor), DOCK)
    drawn = [key for key in drawn_by_chance(files, number, seed) if key in docking] if fair else []
    before = Layout(files.results, most_rounds=int(number) - 1)
    scored = values(before, receptor, "mmgbsa")
    earlier = values(before, receptor, "docking")
    return chosen(
        docking | {key: earlier[key] for key in scored if key in earlier},
        scored,
        smiles_of_batches(files),
        drawn,
        top,
        share,
    )


def chosen(
    docking: Mapping[str, float],
    scored: Mapping[str, float],
    smiles: Mapping[str, str],
    drawn: Sequence[str],
    top: int,
    share: float,
) -> dict[str, str]:
    """Fill the places: those drawn by chance first, out of the model's places.

    Parameters
    ----------
    docking : mapping of str to float
        Docking score by key, of the round's ligands and of those scored before, kcal/mol.
    scored : mapping of str to float
        MM/GBSA energy of those scored before, kcal/mol.
    smiles : mapping of str to str
        Of all these.
    drawn : sequence of str
        Keys of the round's ligands that chance brought in, in the order of their draw.
    top : int
        Places.
    share : float
        Part of them that is the model's.
    """
    places = math.ceil(share * top)
    found = dict.fromkeys(drawn[:places], AT_RANDOM)
    left = top - len(found)
    keys = [key for key in sorted(docking) if key not in found]
    if not keys or not left:
        return found
    scores = np.array([docking[key] for key in keys])
    of_model = (places - len(found)) / left
    choice = choose_scored(
        features_of((key, smiles[key]) for key in keys), scores, scored, left, of_model
    )
    return found | {each.key: BY_MODEL if each.by_model else "" for each in choice}


def drawn_by_chance(files: Layout, number: str, seed: int) -> list[str]:
    """Molecules of a round that chance brought in, in the order of their draw."""
    drawn = [each.key for each in batches(files, [number], {}) if each.how in BY_CHANCE]
    keys = np.array(drawn, dtype=object)
    return [str(key) for key in keys[np.argsort(chance(seed, keys), kind="stable")]]
