from __future__ import annotations

import numpy as np
import pytest

from screenmm.run.shards import Leaf, leaf_of, leaves


def brute_force(keys: list[int], size: int, bits: str = "") -> dict[str, list[int]]:
    """Leaves by the definition: split what holds too many."""
    if not keys:
        return {}
    if len(keys) <= size or len(bits) == 64:
        return {bits: sorted(keys)}
    parts: dict[str, list[int]] = {"0": [], "1": []}
    for key in keys:
        parts[f"{key:064b}"[len(bits)]].append(key)
    return {
        **brute_force(parts["0"], size, bits + "0"),
        **brute_force(parts["1"], size, bits + "1"),
    }


@pytest.mark.parametrize("seed", range(20))
def test_leaves_are_those_of_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    number, size = int(rng.integers(1, 400)), int(rng.integers(1, 40))
    # few leading bits set: a skewed trie
    keys = rng.integers(0, 2**64, number, dtype=np.uint64) >> np.uint64(rng.integers(0, 40))
    trie = leaves(keys, size)
    places = leaf_of(keys, trie)
    found = {
        leaf.bits: sorted(int(k) for k in keys[places == index]) for index, leaf in enumerate(trie)
    }
    assert found == brute_force([int(k) for k in keys], size)
    assert [leaf.size for leaf in trie] == [len(group) for group in found.values()]


def test_names_carry_the_bits() -> None:
    assert Leaf("", 0, 1).name == "b"
    assert Leaf("0101", 0, 1).name == "b0101"


def test_no_keys_no_leaves() -> None:
    assert leaves(np.array([], dtype=np.uint64), 5) == []


def test_equal_keys_stay_together() -> None:
    keys = np.full(9, 2**63, dtype=np.uint64)
    trie = leaves(keys, 4)
    assert [leaf.size for leaf in trie] == [9]
