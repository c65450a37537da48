from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.linear_model import Ridge

from screenmm.results.consensus import consensus, fitted, halves, joined, size_corrected

NAN = float("nan")
INPUTS = ("dock_score_kcal_mol", "cnn_affinity_pk", "dg_mmgbsa_kcal_mol")
MADE = ("consensus_ecr", "consensus_mean_rank", "consensus_z", "dg_size_corrected_kcal_mol")


def test_by_hand() -> None:
    """Four ligands, two scores; sigma is one place."""
    found = consensus([np.array([4.0, 3.0, 2.0, 1.0]), np.array([10.0, 20.0, 20.0, 0.0])])
    ranks = np.array([[1, 2, 3, 4], [3, 1.5, 1.5, 4]])
    assert found["consensus_mean_rank"] == pytest.approx([2, 1.75, 2.25, 4])
    assert found["consensus_ecr"] == pytest.approx(np.exp(-ranks).mean(axis=0))
    first = np.array([1.5, 0.5, -0.5, -1.5]) / math.sqrt(1.25)
    second = np.array([-2.5, 7.5, 7.5, -12.5]) / math.sqrt(68.75)
    assert found["consensus_z"] == pytest.approx((first + second) / 2)


def test_one_good_score_suffices_for_the_exponential_consensus() -> None:
    """What the method is for: the mean rank loses a ligand that one score puts first."""
    good, bad = -np.arange(200.0), np.arange(200.0)
    found = consensus([good, bad])
    place = {
        "ecr": stats.rankdata(-found["consensus_ecr"])[0],
        "mean": stats.rankdata(found["consensus_mean_rank"])[0],
    }
    assert place["ecr"] <= 2
    assert place["mean"] > 100


def test_a_ligand_without_a_score_that_others_have_gets_none() -> None:
    found = consensus([np.array([1.0, 2.0, 3.0]), np.array([5.0, NAN, 1.0]), np.full(3, NAN)])
    for values in found.values():
        assert np.isfinite(values).tolist() == [True, False, True]
    # ranks are among those that have all
    assert found["consensus_mean_rank"][[0, 2]].tolist() == [1.5, 1.5]


def test_one_score_is_no_consensus() -> None:
    found = consensus([np.array([1.0, 2.0]), np.full(2, NAN)])
    assert all(np.isnan(values).all() for values in found.values())


def test_size_correction_by_hand() -> None:
    assert size_corrected(np.array([-30.0, -30.0]), np.array([8, 27])) == pytest.approx([-15, -10])


def test_weights_are_those_of_ridge_regression_on_the_first_half_alone() -> None:
    rng = np.random.default_rng(2)
    scores = [rng.normal(size=80), 5 + 3 * rng.normal(size=80), np.ones(80)]
    known = scores[0] + 0.2 * scores[1] + rng.normal(size=80)
    train = halves([f"key {i}" for i in range(80)], np.zeros(80), seed=1)
    weights = fitted(scores, known, train)
    columns = np.stack([(s - s[train].mean()) / (s[train].std() or 1) for s in scores], axis=1)
    expected = Ridge(alpha=1.0).fit(columns[train], known[train])
    assert weights == pytest.approx(expected.coef_, abs=1e-9)
    assert weights[2] == 0
    order = expected.predict(columns) - known[train].mean()
    assert joined(scores, weights, train) == pytest.approx(order, abs=1e-9)
    # what is tested on teaches nothing
    changed = np.where(train, known, -99.0)
    assert fitted(scores, changed, train).tolist() == weights.tolist()


def test_halves_keep_the_classes_and_depend_on_keys_not_on_order() -> None:
    keys = [f"key {i}" for i in range(41)]
    groups = np.arange(41) < 11
    first = halves(keys, groups, seed=1)
    assert (first[groups].sum(), first[~groups].sum()) == (6, 15)
    turned = halves(keys[::-1], groups[::-1], seed=1)
    assert turned[::-1].tolist() == first.tolist()
    assert halves(keys, groups, seed=2).tolist() != first.tolist()


def test_columns_of_a_screen(ranked) -> None:
    rows = ranked.execute(
        f"SELECT heavy_atoms, {', '.join(INPUTS)}, {', '.join(MADE)} FROM ranking "
        "WHERE receptor = 'wt'"
    ).fetchall()
    whole = np.array([row for row in rows if None not in row[:4]], float)
    assert len(whole) == 12
    atoms, dock, cnn, dg, ecr, mean, z, corrected = whole.T
    ranks = np.array([stats.rankdata(each) for each in (dock, -cnn, dg)])
    assert ecr == pytest.approx(np.exp(-ranks).mean(axis=0))
    assert mean == pytest.approx(ranks.mean(axis=0))
    assert z == pytest.approx(sum(stats.zscore(each) for each in (-dock, cnn, -dg)) / 3)
    assert corrected == pytest.approx(dg / atoms ** (1 / 3))
    assert {row[4:] for row in rows if None in row[:4]} == {(None,) * 4}
