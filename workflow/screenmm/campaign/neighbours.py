"""Library molecules like the best: what looking around them finds without new molecules."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np

from screenmm.generation.applicability import applicability
from screenmm.rounds.choice import Smallest
from screenmm.rounds.features import Features


def nearest_of_library(
    shards: Iterable[Features], best: Features, taken: Collection[str], size: int
) -> list[tuple[str, float]]:
    """Molecules of the library most similar to any of its best.

    Parameters
    ----------
    shards : iterable of Features
        The library, one shard at a time in memory.
    best : Features
        What they are compared with.
    taken : collection of str
        Keys of molecules that are passed over: those that were docked.
    size : int
        Most that are found.

    Returns
    -------
    list of (str, float)
        Key, and Tanimoto similarity of counts to the nearest of the best: the most similar first,
        of equal ones the smaller key. Empty where there are no best.
    """
    taken = frozenset(taken)
    found = Smallest(size)
    if size < 1 or not len(best):
        return []
    for shard in shards:
        rest = shard.at(np.flatnonzero([key not in taken for key in shard.keys]))
        similarity, _ = applicability(rest.counts, best.counts)
        found.show(rest.keys, -similarity)
    return [
        (str(key), -value) for key, value in zip(found.keys, found.values.tolist(), strict=True)
    ]
