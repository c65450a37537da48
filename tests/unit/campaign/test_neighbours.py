import random

import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator

from screenmm.campaign.neighbours import nearest_of_library
from screenmm.demo import DRUGS
from screenmm.rounds.features import Features, features_of

BEST = ["diazepam", "celecoxib"]
DOCKED = [*BEST, "alprazolam"]
GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=4096)


def described(names: list[str]) -> Features:
    return features_of((name, DRUGS[name]) for name in names)


def shards(size: int, seed: int = 1) -> list[Features]:
    """The drugs in shards, in some order, an empty shard and one of docked drugs alone at last."""
    names = sorted(DRUGS)
    random.Random(seed).shuffle(names)
    parts = [names[begin : begin + size] for begin in range(0, len(names), size)]
    return [described(part) for part in [*parts, [], DOCKED]]


def by_rdkit() -> list[tuple[str, float]]:
    """Every drug that was not docked, by its likeness to the nearer one of the best."""
    prints = {
        name: GENERATOR.GetCountFingerprint(Chem.MolFromSmiles(smiles))
        for name, smiles in DRUGS.items()
    }
    of_best = [prints[name] for name in BEST]
    near = {
        name: max(DataStructs.BulkTanimotoSimilarity(each, of_best))
        for name, each in prints.items()
        if name not in DOCKED
    }
    return sorted(near.items(), key=lambda each: (-each[1], each[0]))


@pytest.mark.parametrize("size", [0, 1, 6, len(DRUGS)])
@pytest.mark.parametrize("shard", [1, 7, len(DRUGS)])
def test_the_nearest_are_those_of_rdkit_in_any_shards(size: int, shard: int) -> None:
    expected = by_rdkit()[:size]
    found = nearest_of_library(shards(shard, seed=shard), described(BEST), DOCKED, size)
    assert [key for key, _ in found] == [key for key, _ in expected]
    assert [each for _, each in found] == pytest.approx([each for _, each in expected], abs=1e-12)


def test_of_equal_ones_the_smaller_key() -> None:
    ethanols = [features_of([(key, "CCO")]) for key in "cabd"]
    best = features_of([("z", "CCO")])
    assert nearest_of_library(ethanols, best, {"a"}, 2) == [("b", 1.0), ("c", 1.0)]


def test_nothing_is_near_to_nothing() -> None:
    none = described(BEST).at(np.array([], dtype=int))
    assert nearest_of_library(shards(7), none, (), 5) == []
    assert nearest_of_library([], described(BEST), (), 5) == []
