from __future__ import annotations

import duckdb
import numpy as np
import pytest
from scipy.stats import norm

from screenmm.results.intervals import make_intervals, pose_variances, rank_intervals, spreads
from screenmm.results.orders import Order


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
    assert spreads([np.array([-30.0]), np.array([-20.0])], 0.0) is None


def test_preparation_counts_beside_the_replicas() -> None:
    """Independent errors: variances add. Two replicas 0.6 apart have a variance of 0.18."""
    pairs = [np.array([-30.0, -30.6]), np.array([-20.0, -20.6])]
    assert spreads(pairs, 1.5) == pytest.approx([0.18 + 2.25] * 2)
    assert spreads([each[:1] for each in pairs], 1.5) == pytest.approx([2.25] * 2)
    assert spreads(pairs, 0.0) == pytest.approx([0.18] * 2)


def test_two_ligands_swap_as_often_as_theory_says() -> None:
    # a difference of 1.5 standard deviations of the difference: swapped in 7 % of draws
    scores, sd = np.array([-10.0, -10.0 + 1.5 * np.sqrt(2)]), np.ones(2)
    assert norm.sf(1.5) > 0.025
    low, high = rank_intervals(scores, sd, np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])
    scores[1] = -10.0 + 3 * np.sqrt(2)
    low, high = rank_intervals(scores, sd, np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([1, 2], [1, 2])


def test_an_interval_leaves_out_a_fortieth_on_each_side() -> None:
    # swapped in 3.6 % of draws: within 95 %, beyond 90 %
    scores = np.array([-10.0, -10.0 + 1.8 * np.sqrt(2)])
    assert 0.025 < norm.sf(1.8) < 0.05
    low, high = rank_intervals(scores, np.ones(2), np.array([0, 1]))
    assert (low.tolist(), high.tolist()) == ([1, 1], [2, 2])


def test_the_best_of_a_ligands_poses_decides() -> None:
    scores = np.array([-20.0, 0.0, -10.0, 5.0, -5.0])
    low, high = rank_intervals(scores, np.full(5, 1e-6), np.array([0, 0, 1, 1, 2]))
    assert low.tolist() == high.tolist() == [1, 2, 3]


def test_ranks_are_by_what_the_ranking_follows() -> None:
    """Per atom the second ligand is the better one; the third has no value, and comes last."""
    scores, atoms = np.array([-30.0, -20.0, -90.0]), np.array([30.0, 10.0, np.nan])
    low, high = rank_intervals(
        scores, np.full(3, 1e-6), np.arange(3), lambda energies: -energies / atoms
    )
    assert low.tolist() == high.tolist() == [2, 1, 3]


def test_intervals_are_the_same_again() -> None:
    rng = np.random.default_rng(5)
    scores, ligands = rng.normal(-30, 4, 60), np.repeat(np.arange(30), 2)
    first = rank_intervals(scores, np.full(60, 4.0), ligands)
    again = rank_intervals(scores, np.full(60, 4.0), ligands)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))


def test_a_ligands_noise_is_that_of_the_pose_that_ranks_it() -> None:
    """One replica each, squares 0.005 and 2; their common variance counts four more."""
    with duckdb.connect() as con:
        con.execute("CREATE TABLE receptors AS SELECT 'wt' AS receptor, 0 AS ordinal")
        con.execute(
            "CREATE TABLE ranking AS SELECT 'wt' AS receptor, 'A' AS inchikey, 's1' AS state, "
            "1 AS pose"
        )
        con.execute(
            "CREATE TABLE scores AS SELECT * FROM (VALUES "
            "('wt', 'A', 's1', 1, -30e0, [-30.1e0]), ('wt', 'A', 's1', 2, -20e0, [-22e0])"
            ") AS t(receptor, inchikey, state, pose, dg_mmgbsa_kcal_mol, replicas_kcal_mol)"
        )
        make_intervals(con, 0.0, {"wt": Order("mmgbsa")})
        ((key, sd, low, high),) = con.execute(
            "SELECT inchikey, dg_sd_kcal_mol, rank_low, rank_high FROM intervals"
        ).fetchall()
    common = (0.005 + 2.0) / 2
    assert (key, low, high) == ("A", 1, 1)
    assert sd == pytest.approx(((4 * common + 0.005) / 5) ** 0.5)
