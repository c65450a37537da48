"""Which molecules come next: the best predicted, some by chance, or unlike ones to begin with.

A molecule's place among those drawn by chance follows from its key and the run's seed. Nothing
here depends on the order of shards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from rdkit import DataStructs
from rdkit.SimDivFilters.rdSimDivPickers import MaxMinPicker

from screenmm.core.seeds import seed_for
from screenmm.rounds.features import COLUMNS, Features

CHANCE = "rounds.chance"
"""What the draws are for, beside a molecule's key."""

DIVERSE_FROM = 5
"""Molecules drawn by chance for each one of a diverse batch: MaxMin chooses among them."""


def chance(seed: int, keys: Sequence[str] | np.ndarray) -> np.ndarray:
    """Give each molecule its place in a shuffled library.

    Parameters
    ----------
    seed : int
        Of the run.
    keys : sequence of str
        InChIKeys.

    Returns
    -------
    numpy.ndarray of int
        Uniform below 2**52; those that come first are the smallest.
    """
    return np.array([seed_for(seed, CHANCE, key, bits=52) for key in keys], dtype=np.int64)


@dataclass
class Smallest:
    """The molecules of smallest value among all that were shown, in memory for them alone.

    Parameters
    ----------
    size : int
        How many are kept. Of equal values the smaller key is kept.
    """

    size: int
    keys: np.ndarray = field(default_factory=lambda: np.array([], dtype=object))
    values: np.ndarray = field(default_factory=lambda: np.array([]))

    def show(self, keys: np.ndarray, values: np.ndarray) -> None:
        """Take note of molecules."""
        if self.size and len(self.values) == self.size:
            good = values <= self.values[-1]
            keys, values = keys[good], values[good]
        both = np.concatenate([self.keys, keys]), np.concatenate([self.values, values])
        order = np.lexsort((both[0].astype(str), both[1]))[: self.size]
        self.keys, self.values = (each[order] for each in both)


def diverse(pool: Features, size: int, seed: int) -> list[str]:
    """Choose molecules unlike each other: MaxMin by Tanimoto over substructures present.

    Parameters
    ----------
    pool : Features
        What is chosen from; the cost grows with its size times ``size``.
    size : int
    seed : int

    Returns
    -------
    list of str
        InChIKeys in the order of choice; all of the pool where it is no larger.

    Notes
    -----
    MaxMin: Ashton et al. 2002, 10.1002/qsar.200290002, as RDKit has it.
    """
    order = np.argsort(pool.keys.astype(str))
    if len(order) <= size:
        return [str(key) for key in pool.keys[order]]
    bits = [_bits(pool.counts[[row]].indices) for row in order]
    # RDKit's seeds are 32-bit
    picked = MaxMinPicker().LazyBitVectorPick(bits, len(bits), size, [], seed % 2**31)
    return [str(pool.keys[order[place]]) for place in picked]


def _bits(columns: np.ndarray) -> DataStructs.ExplicitBitVect:
    bits = DataStructs.ExplicitBitVect(COLUMNS)
    bits.SetBitsFromList(columns.tolist())
    return bits
