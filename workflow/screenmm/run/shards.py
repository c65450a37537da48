"""Shards are the leaves of a binary prefix trie over content hashes.

A node is split only when it holds more keys than a shard may (extendible hashing), so
the shards follow from the set of keys alone, never from order, and one key more changes
one leaf only.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

KEY_BITS = 64
RECORDS_PER_SHARD = 5000
"""Records that standardisation takes some ten seconds for; to start it takes one."""
MOST_TIMES_LARGER = 10
Keys = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One shard: keys that start with ``bits``; ``first`` is the smallest of them possible."""

    bits: str
    first: int
    size: int

    @property
    def name(self) -> str:
        """Name of the shard: ``b`` and the bits, the root being ``b`` alone."""
        return f"b{self.bits}"


def leaves(keys: Keys, shard_size: int) -> list[Leaf]:
    """Leaves of the trie over ``keys`` in the order of their prefixes.

    Parameters
    ----------
    keys : array of uint64
        Content hashes, in any order.
    shard_size : int
        Most keys in a leaf. Only equal keys can exceed it.

    Returns
    -------
    list of Leaf
        Leaves that hold at least one key.
    """
    ordered = np.sort(keys)
    found: list[Leaf] = []

    def descend(low: int, high: int, bits: str, first: int) -> None:
        if low == high:
            return
        depth = len(bits)
        if high - low <= shard_size or depth == KEY_BITS:
            found.append(Leaf(bits, first, high - low))
            return
        half = first | 1 << (KEY_BITS - 1 - depth)
        middle = low + int(np.searchsorted(ordered[low:high], np.uint64(half)))
        descend(low, middle, bits + "0", first)
        descend(middle, high, bits + "1", half)

    descend(0, len(ordered), "", 0)
    return found


def leaf_of(keys: Keys, trie: list[Leaf]) -> npt.NDArray[np.int64]:
    """Index into ``trie`` of the leaf that holds each key."""
    firsts = np.array([leaf.first for leaf in trie], dtype=np.uint64)
    return np.searchsorted(firsts, keys, side="right") - 1


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet whose bytes follow from the rows alone."""
    pq.write_table(table, path, compression="zstd", row_group_size=65_536)


def records_per_shard(shard_size: int) -> int:
    """Most records in a shard, from the most ligands in one.

    A record takes milliseconds and a ligand seconds, so shards of records are up to ten
    times larger: a third of the jobs of a large screen fall away.
    """
    return max(shard_size, min(MOST_TIMES_LARGER * shard_size, RECORDS_PER_SHARD))
