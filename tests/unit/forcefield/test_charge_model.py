"""The network's arithmetic against plain formulas, and what it refuses."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screenmm.core.errors import UserError
from screenmm.forcefield import charge_model
from screenmm.forcefield.charge_model import (
    SHA256,
    check_architecture,
    load_charge_model,
    network_charges,
)
from screenmm.forcefield.checkpoint import read_checkpoint

RING = [(i, (i + 1) % 18) for i in range(18)]
"""Eighteen atoms, two neighbours each."""


@pytest.fixture(scope="module")
def config() -> dict[str, Any]:
    return read_checkpoint(charge_model._model_file(), SHA256)["hyperparameters"]["config"]


def features(atoms: int) -> np.ndarray:
    random = np.random.default_rng(5)
    return random.uniform(0, 1, (atoms, 22)).astype(np.float32)


def in_double_precision(x: np.ndarray, bonds: list[tuple[int, int]], charge: int) -> np.ndarray:
    """GraphSAGE with the mean of the neighbours; charges by equation 15 of arXiv:1909.07903."""
    model = load_charge_model()
    adjacency = np.zeros((len(x), len(x)))
    for i, j in bonds:
        adjacency[i, j] = adjacency[j, i] = 1
    adjacency /= np.maximum(adjacency.sum(axis=1, keepdims=True), 1)
    state = x.astype(float)
    for layer in model.layers:
        state = np.maximum(state @ layer.own + adjacency @ state @ layer.neighbours + layer.bias, 0)
    hidden = 1 / (1 + np.exp(-(state @ model.hidden[0] + model.hidden[1])))
    prior, electronegativity, hardness = (hidden @ model.output[0] + model.output[1])[:, :3].T
    level = (prior.sum() - charge - (electronegativity / hardness).sum()) / (1 / hardness).sum()
    return prior - electronegativity / hardness - level / hardness


@pytest.mark.parametrize("charge", [-1, 0, 2])
@pytest.mark.parametrize(
    ("atoms", "bonds"),
    [
        (18, RING),
        (1, []),
        (5, [(0, i) for i in range(1, 5)]),
        (90, [(i, i + 1) for i in range(89)]),
    ],
    ids=["ring", "one atom", "star", "chain"],
)
def test_charges_are_those_in_double_precision(
    atoms: int, bonds: list[tuple[int, int]], charge: int
) -> None:
    x = features(atoms)
    found = network_charges(load_charge_model(), x, bonds, charge)
    assert found == pytest.approx(in_double_precision(x, bonds, charge), abs=2e-5)
    assert found.sum() == pytest.approx(charge, abs=1e-5)


def test_the_neighbours_matter() -> None:
    x = features(18)
    ring = network_charges(load_charge_model(), x, RING, 0)
    chain = network_charges(load_charge_model(), x, RING[:-1], 0)
    assert np.abs(ring - chain).max() > 1e-3


def test_the_order_of_the_bonds_changes_no_more_than_rounding() -> None:
    x = features(18)
    found = network_charges(load_charge_model(), x, RING, 0)
    turned = network_charges(load_charge_model(), x, [(j, i) for i, j in RING[::-1]], 0)
    assert turned == pytest.approx(found, abs=1e-6)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 31, 32, 33, 70, 500])
def test_sums_are_right_for_every_length(size: int) -> None:
    numbers = np.random.default_rng(size).normal(size=size).astype(np.float32)
    assert charge_model._sum(numbers) == pytest.approx(numbers.sum(dtype=float), abs=1e-4)


def test_the_sigmoid_is_right_over_its_whole_range() -> None:
    x = np.linspace(-200, 200, 4001).astype(np.float32)
    with np.errstate(over="ignore"):
        expected = 1 / (1 + np.exp(-x.astype(float)))
    assert charge_model._sigmoid(x) == pytest.approx(expected, rel=2e-7, abs=1e-37)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("atom_features", 2, "name"), "atom_gasteiger_charge"),
        (("bond_features",), [{"name": "bond_is_aromatic"}]),
        (("convolution", "architecture"), "GINConv"),
        (("convolution", "layers", 3, "aggregator_type"), "sum"),
        (("convolution", "layers", 3, "activation_function"), "Sigmoid"),
        (("readouts", "am1bcc_charges", "pooling"), "bonds"),
        (("readouts", "am1bcc_charges", "postprocess"), "compute_partial_charges"),
        (("readouts", "am1bcc_charges", "layers", 0, "activation_function"), "ReLU"),
    ],
)
def test_another_architecture_is_refused(
    config: dict[str, Any], path: tuple[str | int, ...], value: object
) -> None:
    check_architecture(config)
    other = copy.deepcopy(config)
    place: Any = other
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(UserError, match="another architecture than ScreenMM computes"):
        check_architecture(other)


def test_a_model_that_is_not_installed_has_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(charge_model, "files", lambda _package: tmp_path)
    with pytest.raises(UserError, match="is not installed: pip install openff-nagl-models"):
        charge_model._model_file()
