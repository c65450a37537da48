"""The network of OpenFF NAGL [1]_: GraphSAGE layers, a readout and charge equilibration [2]_.

It is read from the file of the package openff-nagl-models and computed with NumPy, so that
neither PyTorch nor openff-nagl is needed.

References
----------
.. [1] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
.. [2] Y. Wang et al., arXiv:1909.07903 (2019), equation 15.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import ThreadpoolController

from screenmm.core.errors import UserError
from screenmm.forcefield.checkpoint import read_checkpoint

CHARGE_MODEL = "openff-gnn-am1bcc-1.0.0.pt"

SHA256 = "7981e7f5b0b1e424c9e10a40d9e7606d96dcd3dd2b095cb4eeff6829f92238ee"
"""Of the file, as openff-nagl-models 2025.9.0 has it."""

BLOCK = 256
"""Products summed one after the other, before sums are added: as MKL does for PyTorch."""

OUTPUTS = 16
"""Narrower matrices are padded: BLAS libraries sum narrow ones in orders of their own."""


@dataclass(frozen=True)
class Layer:
    """Weights of a GraphSAGE layer with n inputs and m outputs.

    Parameters
    ----------
    own : ndarray, shape (n, m)
    neighbours : ndarray, shape (n, m)
        For the mean over the neighbours.
    bias : ndarray, shape (m,)
    """

    own: np.ndarray
    neighbours: np.ndarray
    bias: np.ndarray


@dataclass(frozen=True)
class ChargeModel:
    """A loaded network.

    Parameters
    ----------
    atom_features : sequence of mapping
        Name of each feature, with its categories or its ring size.
    layers : tuple of Layer
    hidden : tuple of ndarray
        Weights, shape (n, m), and bias of the readout's hidden layer.
    output : tuple of ndarray
        The same of its last layer, whose first three outputs are prior charge,
        electronegativity and hardness.
    table : dict of str to tuple
        InChI of small molecules to mapped SMILES and their charges, e, in its order.
    table_sizes : frozenset of int
        Numbers of atoms of these molecules.
    """

    atom_features: Sequence[Mapping[str, Any]]
    layers: tuple[Layer, ...]
    hidden: tuple[np.ndarray, np.ndarray]
    output: tuple[np.ndarray, np.ndarray]
    table: dict[str, tuple[str, tuple[float, ...]]]
    table_sizes: frozenset[int]


@functools.lru_cache(maxsize=1)
def load_charge_model() -> ChargeModel:
    """Load the network, once in a process.

    Raises
    ------
    UserError
        The file is another one than :data:`SHA256` tells, or it is not there.
    """
    checkpoint = read_checkpoint(_model_file(), SHA256)
    hyperparameters, weights = checkpoint["hyperparameters"], checkpoint["state_dict"]
    config = hyperparameters["config"]
    check_architecture(config)
    (readout,) = config["readouts"]
    convolution, head = "convolution_module.gcn_layers", f"readout_modules.{readout}"
    layers = tuple(
        Layer(
            own=weights[f"{convolution}.{i}.fc_self.weight"].T,
            neighbours=weights[f"{convolution}.{i}.fc_neigh.weight"].T,
            bias=weights[f"{convolution}.{i}.fc_self.bias"],
        )
        for i in range(len(config["convolution"]["layers"]))
    )
    hidden, output = (
        (weights[f"{head}.readout_layers.{i}.weight"].T, weights[f"{head}.readout_layers.{i}.bias"])
        for i in (0, 3)
    )
    known = hyperparameters["lookup_tables"][readout]["properties"].values()
    table = {entry.inchi: (entry.mapped_smiles, entry.property_value) for entry in known}
    sizes = frozenset(len(charges) for _, charges in table.values())
    return ChargeModel(config["atom_features"], layers, hidden, _padded(*output), table, sizes)


def _model_file() -> Path:
    try:
        path = Path(str(files("openff.nagl_models"))) / "models/am1bcc" / CHARGE_MODEL
    except ModuleNotFoundError:
        path = Path()
    if not path.is_file():
        raise UserError(
            f"the charge model {CHARGE_MODEL} is not installed: pip install openff-nagl-models"
        )
    return path


def check_architecture(config: Mapping[str, Any]) -> None:
    """Refuse a network that :func:`network_charges` does not compute.

    Parameters
    ----------
    config : mapping
        The model's, as ``openff.nagl.config.model.ModelConfig`` writes it.

    Raises
    ------
    UserError
        It has other features, layers or postprocessing.
    """
    features = {"atomic_element", "atom_connectivity", "atom_average_formal_charge"}
    asked = {feature["name"] for feature in config["atom_features"]}
    layers = config["convolution"]["layers"]
    known_layer = {"activation_function": "ReLU", "aggregator_type": "mean"}
    readouts = [
        (each["pooling"], each["postprocess"], [of["activation_function"] for of in each["layers"]])
        for each in config["readouts"].values()
    ]
    if (
        asked - features - {"atom_in_ring_of_size"}
        or config["bond_features"]
        or config["convolution"]["architecture"] != "SAGEConv"
        or any(known_layer.items() - layer.items() for layer in layers)
        or readouts != [("atoms", "regularized_compute_partial_charges", ["Sigmoid"])]
    ):
        raise UserError(
            f"charge model {CHARGE_MODEL} has another architecture than ScreenMM computes: {config}"
        )


def network_charges(
    model: ChargeModel,
    features: np.ndarray,
    bonds: Sequence[tuple[int, int]],
    formal_charge: int,
) -> np.ndarray:
    """Run the network.

    Parameters
    ----------
    model : ChargeModel
    features : ndarray, shape (N, n)
        Of the atoms, float32.
    bonds : sequence of tuple of int
        Both atoms of each.
    formal_charge : int
        Of the molecule, e.

    Returns
    -------
    ndarray, shape (N,)
        Charges, e, in double precision with the digits of single precision.

    Notes
    -----
    Sums are taken in the order in which PyTorch takes them on a CPU with AVX-512, where the
    charges of 16 atoms or more are those of ``GNNModel`` to the last bit. In another order they
    differ by some 1e-7 e.
    """
    slots, degrees = _neighbours(len(features), bonds)
    # workers share out the cores; threads of the BLAS would contend for them
    with _threadpools().limit(limits=1, user_api="blas"):
        state = features
        for layer in model.layers:
            mean = _summed(state, slots)
            mean /= degrees
            state = _linear(state, layer.own, layer.bias)
            state += _linear(mean, layer.neighbours)
            np.maximum(state, 0, out=state)
        hidden = _sigmoid(_linear(state, *model.hidden))
        outputs = _linear(hidden, model.output[0]) + model.output[1]
    prior, electronegativity, hardness = outputs[:, :3].T
    return _equilibrated(prior, electronegativity, hardness, formal_charge)


@functools.cache
def _threadpools() -> ThreadpoolController:
    return ThreadpoolController()


def _summed(state: np.ndarray, slots: np.ndarray) -> np.ndarray:
    """Sum over the neighbours of each atom."""
    # a row of zeros for the neighbours that an atom does not have
    padded = np.zeros((len(state) + 1, state.shape[1]), dtype=state.dtype)
    padded[:-1] = state
    total = np.zeros_like(state)
    for others in slots:
        total += padded.take(others, axis=0)
    return total


def _neighbours(size: int, bonds: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """First, second, ... neighbour of each atom, of shape (K, N), and their number, (N, 1).

    A neighbour that is not there has the index N.
    """
    around: list[list[int]] = [[] for _ in range(size)]
    for begin, end in bonds:
        around[end].append(begin)
    for begin, end in bonds:
        around[begin].append(end)
    slots = np.full((max(map(len, around), default=0), size), size)
    for atom, others in enumerate(around):
        slots[: len(others), atom] = others
    degrees = np.array([[max(len(others), 1)] for others in around], dtype=np.float32)
    return slots, degrees


def _padded(weight: np.ndarray, bias: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    more = OUTPUTS - len(bias)
    wide = np.ascontiguousarray(np.pad(weight, ((0, 0), (0, more))))
    return wide, np.pad(bias, (0, more))


def _linear(x: np.ndarray, weight: np.ndarray, bias: np.ndarray | None = None) -> np.ndarray:
    total = x[:, :BLOCK] @ weight[:BLOCK]
    if bias is not None:
        total += bias
    for first in range(BLOCK, len(weight), BLOCK):
        total += x[:, first : first + BLOCK] @ weight[first : first + BLOCK]
    return total


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return np.float32(1) / (np.float32(1) + _exp(-x))


def _exp(x: np.ndarray) -> np.ndarray:
    """Exponential in single precision as SLEEF computes it for PyTorch [1]_.

    References
    ----------
    .. [1] N. Shibata, F. Petrogalli, IEEE Trans. Parallel Distrib. Syst. 31, 1316 (2020).
    """
    powers = np.rint(x * np.float32(1.442695040888963407))
    rest = _fused(powers, -0.693145751953125, x)
    rest = _fused(powers, -1.428606765330187045e-06, rest)
    series = np.full_like(rest, 0.000198527617612853646278381)
    for coefficient in (
        0.00139304355252534151077271,
        0.00833336077630519866943359,
        0.0416664853692054748535156,
        0.166666671633720397949219,
        0.5,
    ):
        series = _fused(series, rest, coefficient)
    fraction = np.float32(1) + _fused(rest * rest, series, rest)
    with np.errstate(over="ignore"):
        return np.ldexp(fraction, powers.astype(np.int32))


def _fused(a: np.ndarray, b: np.ndarray | float, c: np.ndarray | float) -> np.ndarray:
    """Product and sum of single-precision numbers, rounded once."""
    exact = np.multiply(a, np.asarray(b, np.float32), dtype=np.float64)
    exact += np.asarray(c, np.float32)
    return exact.astype(np.float32)


def _equilibrated(
    prior: np.ndarray, electronegativity: np.ndarray, hardness: np.ndarray, formal_charge: int
) -> np.ndarray:
    """Charges of equal electronegativity that sum to the formal charge."""
    softness = np.float32(1) / hardness
    shifted = prior - electronegativity * softness
    excess = _sum(shifted) - np.float32(formal_charge)
    return np.asarray(shifted - softness * (excess / _sum(softness)), dtype=float)


def _sum(values: np.ndarray) -> np.float32:
    """Sum of fewer than a thousand numbers in the order of PyTorch: eight lanes, then the rest."""
    whole = len(values) // 8 * 8
    if whole == 0:
        return np.float32(_sum_of_rows(values[:, np.newaxis])[0])
    rest = [*values[whole:], *_sum_of_rows(values[:whole].reshape(-1, 8))]
    return functools.reduce(np.add, rest, np.float32(0))


def _sum_of_rows(rows: np.ndarray) -> np.ndarray:
    """Sum over the first axis, four rows at a time."""
    quads = len(rows) // 4 * 4
    sums = [functools.reduce(np.add, rows[i:quads:4], np.zeros_like(rows[0])) for i in range(4)]
    sums[0] = functools.reduce(np.add, rows[quads:], sums[0])
    return functools.reduce(np.add, sums)
