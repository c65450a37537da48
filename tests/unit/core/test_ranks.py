"""Ranks of values, against SciPy's."""

from __future__ import annotations

import numpy as np
from scipy import stats

from screenmm.core.ranks import average_ranks


def test_ranks_are_those_of_scipy() -> None:
    rng = np.random.default_rng(1)
    for values in (
        rng.normal(size=50),
        rng.integers(5, size=50).astype(float),
        np.array([2.0]),
        np.array([-np.inf, 1.0, 1.0, np.inf]),
        np.array([0.0, -0.0, 1.0]),
        np.array([]),
    ):
        assert average_ranks(values).tolist() == stats.rankdata(values).tolist()
