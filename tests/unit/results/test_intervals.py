from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from screenmm.results.intervals import pose_variances, rank_intervals


def test_variances_are_drawn_towards_the_common_one() -> None:
    rng = np.random.default_rng(3)
    scores = [rng.normal(0, 2.0, 3) for _ in range(4000)]
    variances = pose_variances(scores)
    assert variances is not None
    assert variances.mean() == pytest.approx(4.0, rel=0.05)
    alone = np.array([each.var(ddof=1) for each in scores])
    assert variances.std() < alone.std() / 2
    assert np.corrcoef(variances, alone)[0, 1] == pytest.approx(1.0)


def test_without_replicas_nothing_is_known() -> None:
    assert pose_variances([np.array([-30.0]), np.array([-20.0])]) is None


def test_two_ligands_swap_as_often_as_theory_says() -> None:
    # a difference of 1.5 standard deviations of the difference: swapped in 7 % of draws
    scores, sd = np.array([-10.0, -10.0 + 1.5 * np.sqrt(2)]), np.ones(2)
    assert norm.sf(1.5) > 0.025
    low, high = rank_intervals(scores, sd, np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])
    scores[1] = -10.0 + 3 * np.sqrt(2)
    low, high = rank_intervals(scores, sd, np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([1, 2], [1, 2])


def test_the_best_of_a_ligands_poses_decides() -> None:
    scores = np.array([-20.0, 0.0, -10.0, 5.0, -5.0])
    low, high = rank_intervals(scores, np.full(5, 1e-6), np.array([0, 0, 1, 1, 2]))
    assert low.tolist() == high.tolist() == [1, 2, 3]


def test_intervals_are_the_same_again() -> None:
    rng = np.random.default_rng(5)
    scores, ligands = rng.normal(-30, 4, 60), np.repeat(np.arange(30), 2)
    first = rank_intervals(scores, np.full(60, 4.0), ligands)
    again = rank_intervals(scores, np.full(60, 4.0), ligands)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
