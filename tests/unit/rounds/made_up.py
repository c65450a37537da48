"""Libraries of random counts with values that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from screenmm.rounds.campaign import Decision, Settings, decide
from screenmm.rounds.features import COLUMNS, Features
from screenmm.rounds.known import Docked


@dataclass
class Library:
    """Molecules with a score each, in shards."""

    features: Features
    scores: dict[str, float | None]

    def shards(self, size: int = 100) -> list[Features]:
        rows = np.arange(len(self.features))
        return [self.features.at(rows[at : at + size]) for at in range(0, len(rows), size)]


def library(n: int, seed: int = 1, score: str = "sum", columns: int = 40) -> Library:
    """Random molecules whose score is a weighted sum of counts, their size, or chance."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(rng.uniform(0.2, 2.0, columns), (n, columns)).astype(float)
    sizes = counts.sum(axis=1).astype(int)
    values = {
        "sum": counts @ rng.normal(size=columns) + 0.3 * rng.normal(size=n),
        "size": -sizes + 0.0,
        "chance": rng.normal(size=n),
        "one": np.full(n, -7.0),
    }[score]
    wide = sparse.csr_array(np.hstack([counts, np.zeros((n, COLUMNS - columns))]))
    keys = np.array([f"K{place:06d}" for place in rng.permutation(n)], dtype=object)
    scores: dict[str, float | None] = dict(zip(keys.tolist(), values.tolist(), strict=True))
    return Library(Features(keys, sizes, wide), scores)


def dock(made: Library, decision: Decision, number: int) -> list[Docked]:
    return [
        Docked(each.key, number, each.how, made.scores[each.key], each.predicted)
        for each in decision.batch
    ]


def campaign(made: Library, settings: Settings, seed: int = 7) -> tuple[list[Docked], Decision]:
    """All rounds, and what is said after the last."""
    docked: list[Docked] = []
    number = 1
    while True:
        decision = decide(made.shards(), docked, settings, number, seed)
        if decision.stop:
            return docked, decision
        docked += dock(made, decision, number)
        number += 1
