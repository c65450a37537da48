"""Which docked ligands are scored: docking's best, and those that the scores so far speak for.

Selection by docking loses many of the best by MM/GBSA (Andersen and Hub, Digital Discovery 2026),
so a part of the places goes to the ligands of best predicted ΔG. The model learns from all ligands
scored so far, of their counts and their docking score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from screenmm.rounds.features import Features
from screenmm.rounds.ridge import fit

FEWEST_SCORED = 30
"""Scored ligands below which docking alone chooses."""

DOCKING_STEPS = 256
"""Steps of a spread that docking scores are rounded to, so that sums with them are exact."""

DOCKING_WEIGHT = 4
"""Counts that a spread of the docking score weighs as much as."""


@dataclass(frozen=True, slots=True)
class ToScore:
    """A ligand that is to be scored.

    Attributes
    ----------
    key : str
    by_model : bool
        Whether it is the model's choice; else docking's.
    predicted : float or None
        Predicted ΔG, kcal/mol; None without a model.
    """

    key: str
    by_model: bool
    predicted: float | None


def choose_scored(
    docked: Features,
    docking: np.ndarray,
    scored: Mapping[str, float],
    wanted: int,
    share: float,
) -> list[ToScore]:
    """Choose which docked ligands are scored next.

    Parameters
    ----------
    docked : Features
        All docked ligands with a docking score, those scored before among them.
    docking : numpy.ndarray, shape (n,)
        Their docking scores; smaller is better.
    scored : mapping of str to float
        InChIKey to ΔG, kcal/mol, of those scored before.
    wanted : int
        Ligands to choose; all that are left where there are fewer.
    share : float
        Part of them that is the model's choice, from 0 to 1.

    Returns
    -------
    list of ToScore
        Docking's choice, best first, then the model's. Ties go to the smaller key.
    """
    order = np.argsort(docked.keys.astype(str), kind="stable")
    docked, docking = docked.at(order), docking[order]
    left = np.flatnonzero([key not in scored for key in docked.keys])
    predicted = _predicted(docked, docking, scored)
    of_model = round(share * wanted) if predicted is not None else 0
    by_docking = left[np.argsort(docking[left], kind="stable")][: wanted - of_model]
    chosen = [(int(place), False) for place in by_docking]
    if predicted is not None:
        others = np.setdiff1d(left, by_docking)
        best = others[np.argsort(predicted[others], kind="stable")][:of_model]
        chosen += [(int(place), True) for place in best]
    return [
        ToScore(
            str(docked.keys[place]),
            by_model,
            None if predicted is None else predicted[place].item(),
        )
        for place, by_model in chosen
    ]


def _predicted(
    docked: Features, docking: np.ndarray, scored: Mapping[str, float]
) -> np.ndarray | None:
    """Predict ΔG of all docked ligands; None below so many scored that nothing is learned."""
    taught = np.flatnonzero([key in scored for key in docked.keys])
    if len(taught) < FEWEST_SCORED:
        return None
    spread = float(docking.std()) or 1.0
    steps = np.round((docking - np.median(docking)) / spread * DOCKING_STEPS) / DOCKING_STEPS
    column = DOCKING_WEIGHT * steps[:, None]
    design = sparse.csr_array(sparse.hstack([docked.design, column], format="csr"))
    values = np.array([scored[key] for key in docked.keys[taught]], dtype=float)
    return fit(sparse.csr_array(design[taught]), values).predict(design)
