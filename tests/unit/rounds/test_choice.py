import hashlib

import numpy as np
from scipy import stats

from screenmm.rounds.choice import Smallest, chance, diverse
from screenmm.rounds.features import Features

from .made_up import library


def test_a_draw_is_the_hash_of_seed_and_key() -> None:
    text = b"5\x1frounds.chance\x1fAAA"
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % (2**52 - 1) + 1
    assert chance(5, ["AAA"]).tolist() == [number]


def test_draws_are_uniform_and_another_seed_draws_others() -> None:
    keys = [f"K{place}" for place in range(4000)]
    first, second = (chance(seed, keys) / 2**52 for seed in (1, 2))
    assert stats.kstest(first, "uniform").pvalue > 0.01
    assert abs(np.corrcoef(first, second)[0, 1]) < 0.05


def test_the_smallest_of_a_stream_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    keys = np.array([f"K{place:04d}" for place in range(1000)], dtype=object)
    values = rng.integers(0, 60, 1000).astype(float)  # many ties
    expected = sorted(zip(values, keys, strict=True))[:37]
    for parts in (1, 7, 100):
        kept = Smallest(37)
        for rows in np.array_split(rng.permutation(1000), parts):
            kept.show(keys[rows], values[rows])
        assert list(zip(kept.values, kept.keys, strict=True)) == expected


def test_fewer_than_asked_are_all_kept_and_none_of_none() -> None:
    kept = Smallest(5)
    kept.show(np.array(["B", "A"], dtype=object), np.array([1.0, 1.0]))
    assert kept.keys.tolist() == ["A", "B"]
    none = Smallest(0)
    none.show(np.array(["B", "A"], dtype=object), np.array([1.0, 1.0]))
    assert none.keys.tolist() == []


def nearest_of(features: Features, keys: list[str]) -> float:
    """Mean Tanimoto similarity of each to the nearest other."""
    rows = np.flatnonzero(np.isin(features.keys.astype(str), keys))
    bits = features.counts[rows].toarray() > 0
    both = bits.astype(int) @ bits.T.astype(int)
    size = bits.sum(axis=1)
    similar = both / (size[:, None] + size - both)
    np.fill_diagonal(similar, 0)
    return float(similar.max(axis=1).mean())


def test_a_diverse_batch_is_less_alike_than_one_by_chance() -> None:
    made = library(300)
    keys = diverse(made.features, 30, 1)
    assert len(set(keys)) == 30
    drawn = sorted(made.features.keys, key=lambda key: chance(1, [key])[0])[:30]
    assert nearest_of(made.features, keys) < nearest_of(made.features, drawn) - 0.02


def test_a_diverse_batch_does_not_depend_on_order_and_takes_all_of_few() -> None:
    made = library(100)
    back = made.features.at(np.arange(100)[::-1])
    assert diverse(made.features, 10, 4) == diverse(back, 10, 4)
    assert diverse(made.features, 100, 4) == sorted(made.features.keys)
