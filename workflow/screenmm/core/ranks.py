"""Ranks of values."""

from __future__ import annotations

import numpy as np


def average_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks from 1 on, the smallest value first; equal values share the mean of their ranks.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Without NaN.
    """
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((counts.cumsum() - (counts - 1) / 2)[place])
