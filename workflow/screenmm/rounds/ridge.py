"""The surrogate: ridge regression on counts, with the errors that it makes on what it left out.

Predictions are the same to the last bit in whatever order they are summed: weights are whole
multiples of a power of two, counts are whole numbers (the size's square is one of sixteenths),
and such sums are exact in double precision. The fit itself runs on one thread of the BLAS.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse
from threadpoolctl import ThreadpoolController

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Penalties that are tried, in variances of a column's weight that the noise has."""

TUNED_ON = 2000
"""Most molecules that the penalty is chosen on: it says how noisy a value is, not how many."""

WEIGHT_BITS = 30
"""Bits of the largest weight. With counts of 8 bits, a thousand columns are summed exactly."""

NO_FREEDOM = 1e-9
"""Share of a molecule's own error that is left in its residual, below which there is none."""


@dataclass(frozen=True)
class Ridge:
    """A fitted model.

    Attributes
    ----------
    weights : numpy.ndarray, shape (columns,)
        What one count of each column adds, in the values' unit.
    intercept : float
    penalty : float
        The one that was chosen.
    left_out : numpy.ndarray, shape (n,)
        What each molecule is predicted by the model that all others give.
    """

    weights: np.ndarray
    intercept: float
    penalty: float
    left_out: np.ndarray

    def predict(self, counts: sparse.csr_array) -> np.ndarray:
        """Predict the values of molecules, in the unit of those that were learned."""
        return np.asarray(counts @ self.weights + self.intercept)


def fit(counts: sparse.csr_array, values: np.ndarray) -> Ridge:
    """Fit by least squares with a penalty on the weights, not on the intercept.

    The penalty has the least squared error of molecules left out one at a time, which is had
    in closed form (PRESS; Allen 1974, 10.1080/00401706.1974.10489157).

    Parameters
    ----------
    counts : scipy.sparse.csr_array, shape (n, columns)
        Whole numbers. Rows in an order that follows from the molecules alone.
    values : numpy.ndarray, shape (n,)

    Returns
    -------
    Ridge

    Raises
    ------
    ValueError
        Fewer than two molecules.
    """
    n = len(values)
    if n < 2:
        raise ValueError(f"{n} molecules: a model is fitted to two or more")
    present = np.unique(counts.indices)
    used = sparse.csr_array(counts[:, present])
    with _threadpools().limit(limits=1, user_api="blas"):
        penalty = _chosen_penalty(used, values)
        solve = _dual if n <= len(present) else _primal
        weights, left_out = solve(used, values, penalty)
    exact = np.zeros(counts.shape[1])
    exact[present] = weights
    exact, step = _whole_multiples(exact)
    intercept = float(values.mean() - used.mean(axis=0) @ exact[present])
    return Ridge(exact, float(np.round(intercept / step) * step), penalty, left_out)


def _whole_multiples(weights: np.ndarray) -> tuple[np.ndarray, float]:
    largest = float(np.abs(weights).max(initial=0.0))
    exponent = np.frexp(largest)[1] if largest > 0 else 0
    step = float(np.ldexp(1.0, int(exponent) - WEIGHT_BITS))
    return np.round(weights / step) * step, step


def _centred_gram(counts: sparse.csr_array) -> np.ndarray:
    """Products of the molecules' counts with each other, columns centred; shape (n, n)."""
    gram = (counts @ counts.T).toarray()
    of_rows = gram.mean(axis=0)
    return np.asarray(gram - of_rows - of_rows[:, None] + of_rows.mean())


def _chosen_penalty(counts: sparse.csr_array, values: np.ndarray) -> float:
    rows = np.unique(np.linspace(0, len(values) - 1, min(len(values), TUNED_ON)).astype(int))
    own = values[rows] - values[rows].mean()
    spread, vectors = linalg.eigh(_centred_gram(sparse.csr_array(counts[rows])))
    along, squares = vectors.T @ own, vectors**2
    errors = []
    for penalty in PENALTIES:
        shrink = penalty / (np.maximum(spread, 0) + penalty)
        free = squares @ shrink - 1 / len(rows)
        errors.append(np.mean((vectors @ (shrink * along) / np.maximum(free, NO_FREEDOM)) ** 2))
    return PENALTIES[int(np.argmin(errors))]


def _dual(
    counts: sparse.csr_array, values: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve for one unknown per molecule: the fewer where columns are many."""
    n = len(values)
    inverse = _inverse(_centred_gram(counts), penalty)
    own = values - values.mean()
    pull = inverse @ own
    weights = counts.T @ (pull - pull.mean())
    free = penalty * np.diag(inverse) - 1 / n
    return weights, values - penalty * pull / np.maximum(free, NO_FREEDOM)


def _primal(
    counts: sparse.csr_array, values: np.ndarray, penalty: float
) -> tuple[np.ndarray, np.ndarray]:
    """Solve for one unknown per column: the fewer where molecules are many."""
    n = len(values)
    mean = np.asarray(counts.mean(axis=0))
    own = values - values.mean()
    gram = (counts.T @ counts).toarray() - n * np.outer(mean, mean)
    inverse = _inverse(gram, penalty)
    weights = inverse @ (counts.T @ own)
    residuals = own - (counts @ weights - mean @ weights)
    free = 1 - 1 / n - _leverages(counts, mean, inverse)
    return weights, values - residuals / np.maximum(free, NO_FREEDOM)


def _leverages(counts: sparse.csr_array, mean: np.ndarray, inverse: np.ndarray) -> np.ndarray:
    """How much of each molecule's own value is in its prediction, the mean apart."""
    across = inverse @ mean
    own = np.empty(counts.shape[0])
    for start in range(0, len(own), BLOCK):
        block = sparse.csr_array(counts[start : start + BLOCK])
        own[start : start + BLOCK] = block.multiply(block @ inverse).sum(axis=1)
    return np.asarray(own - 2 * (counts @ across) + mean @ across)


BLOCK = 2048
"""Molecules whose leverages are computed at a time: bounds the memory."""


def _inverse(gram: np.ndarray, penalty: float) -> np.ndarray:
    gram[np.diag_indices_from(gram)] += penalty
    factor, info = linalg.lapack.dpotrf(gram, lower=1, overwrite_a=1)
    if info:
        raise np.linalg.LinAlgError(f"Gram matrix with penalty {penalty:g} is not definite")
    inverse, _ = linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.asarray(np.tril(inverse) + np.tril(inverse, -1).T)


@functools.cache
def _threadpools() -> ThreadpoolController:
    return ThreadpoolController()
