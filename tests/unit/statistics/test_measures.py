from __future__ import annotations

import math

import numpy as np
import pytest
from rdkit.ML.Scoring import Scoring
from scipy import integrate, stats
from sklearn.metrics import average_precision_score, roc_auc_score

from screenmm.statistics.measures import (
    CLASSIFICATION,
    Steps,
    classification_draws,
    classification_measures,
    correlation_draws,
    correlation_measures,
)
from screenmm.statistics.resampling import (
    FEWEST_RESAMPLES,
    RESAMPLES,
    interval,
    resampled_counts,
    resamples_for,
)


@pytest.fixture(params=[(400, 0.1), (37, 0.5), (1000, 0.9), (250, 0.02)])
def labelled(request) -> tuple[np.ndarray, np.ndarray]:
    n, share = request.param
    rng = np.random.default_rng(n)
    active = rng.random(n) < share
    active[:2] = True, False
    return active, rng.normal(size=n) + 1.2 * active


def _table(active: np.ndarray, score: np.ndarray) -> list[tuple[float, bool]]:
    return [(float(score[i]), bool(active[i])) for i in np.argsort(-score)]


def test_separation_agrees_with_scikit_learn_and_rdkit(labelled) -> None:
    active, score = labelled
    table = _table(active, score)
    found = classification_measures(active, score)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(active, score), abs=1e-9)
    assert found["roc_auc"] == pytest.approx(Scoring.CalcAUC(table, 1), abs=1e-9)
    assert found["pr_auc"] == pytest.approx(average_precision_score(active, score), abs=1e-9)
    assert found["bedroc_20"] == pytest.approx(Scoring.CalcBEDROC(table, 1, 20.0), abs=1e-9)
    mine = [found[f"ef_{percent}_percent"] for percent in (1, 5, 10)]
    assert mine == pytest.approx(Scoring.CalcEnrichment(table, 1, [0.01, 0.05, 0.1]), abs=1e-9)


def test_log_auc_is_the_integral_of_the_roc_curve_over_its_logarithm(labelled) -> None:
    active, score = labelled
    table = _table(active, score)
    curve = Scoring.CalcROC(table, 1)
    x, y = np.r_[0.0, curve.FPR], np.r_[0.0, curve.TPR]
    keep = np.r_[np.diff(x) > 0, True]  # the upper end of each vertical piece
    low = np.r_[True, np.diff(x) > 0]
    total = 0.0
    for x0, y0, x1, y1 in zip(x[keep][:-1], y[keep][:-1], x[low][1:], y[low][1:], strict=True):
        a, b = max(x0, 0.001), max(x1, 0.001)
        if a < b:
            line = lambda t, p=(x0, y0, x1, y1): p[1] + (p[3] - p[1]) * (math.exp(t) - p[0]) / (p[2] - p[0])  # fmt: skip # noqa: E501, E731
            total += integrate.quad(line, math.log(a), math.log(b))[0]
    expected = total / math.log(1000)
    assert classification_measures(active, score)["log_auc"] == pytest.approx(expected, abs=1e-9)


def test_chance_and_perfection_have_their_known_values() -> None:
    active = np.arange(2000) < 100
    perfect = classification_measures(active, -np.arange(2000.0))
    assert [perfect[name] for name in ("roc_auc", "pr_auc", "log_auc", "bedroc_20")] == (
        pytest.approx([1.0] * 4, abs=1e-9)
    )
    assert perfect["ef_1_percent"] == pytest.approx(20.0)
    # all tied: every order is equally likely
    tied = classification_measures(active, np.zeros(2000))
    assert tied["roc_auc"] == pytest.approx(0.5, abs=1e-12)
    assert tied["log_auc"] == pytest.approx(0.999 / math.log(1000), abs=1e-12)  # 0.1446
    assert tied["pr_auc"] == pytest.approx(0.05, abs=1e-12)
    assert tied["ef_5_percent"] == pytest.approx(1.0, abs=1e-12)


def test_ties_count_by_the_mean_over_their_orders() -> None:
    rng = np.random.default_rng(4)
    active = rng.random(60) < 0.3
    score = rng.integers(0, 6, 60).astype(float)
    orders = [
        classification_measures(active, score + 1e-6 * rng.permutation(60)) for _ in range(800)
    ]
    found = classification_measures(active, score)
    assert found["roc_auc"] == pytest.approx(roc_auc_score(active, score), abs=1e-9)
    assert found["pr_auc"] == pytest.approx(average_precision_score(active, score), abs=1e-9)
    for name in ("roc_auc", "bedroc_20", "ef_5_percent", "ef_10_percent"):
        values = np.array([each[name] for each in orders])
        error = values.std() / math.sqrt(len(values))
        assert found[name] == pytest.approx(values.mean(), abs=5 * error), name


@pytest.mark.parametrize("decimals", [9, 0])
def test_weights_measure_the_resample_itself(decimals: int) -> None:
    """Counts give what the ligands written out as often give, ties and all."""
    rng = np.random.default_rng(6)
    active = rng.random(80) < 0.4
    score = np.round(rng.normal(size=80) + active, decimals)
    counts = np.concatenate(list(resampled_counts(active, 20, seed=3)))
    assert (counts[:, active].sum(axis=1) == active.sum()).all()
    assert (counts.sum(axis=1) == 80).all()
    found = classification_draws(Steps.of(active, score), counts)
    strength = np.round(rng.normal(size=80) + score, decimals)
    related = correlation_draws(strength, score, counts)
    for i, row in enumerate(counts):
        who = np.repeat(np.arange(80), row)
        expected = classification_measures(active[who], score[who])
        assert {name: found[name][i] for name in CLASSIFICATION} == pytest.approx(expected)
        pair = strength[who], score[who]
        assert related["spearman"][i] == pytest.approx(stats.spearmanr(*pair)[0], abs=1e-9)
        assert related["pearson"][i] == pytest.approx(stats.pearsonr(*pair)[0], abs=1e-9)
        assert related["kendall"][i] == pytest.approx(stats.kendalltau(*pair)[0], abs=1e-6)


def test_correlation_agrees_with_scipy() -> None:
    rng = np.random.default_rng(8)
    strength, noise = rng.normal(9, 1, 300), rng.normal(0, 1, 300)
    for score in (strength + noise, np.round(strength), 1e6 + 1e-3 * strength + 1e-3 * noise):
        found = correlation_measures(strength, score)
        assert found["spearman"] == pytest.approx(stats.spearmanr(strength, score)[0], abs=1e-9)
        assert found["pearson"] == pytest.approx(stats.pearsonr(strength, score)[0], abs=1e-9)
        assert found["kendall"] == pytest.approx(stats.kendalltau(strength, score)[0], abs=1e-9)


def test_draws_without_spread_have_no_correlation() -> None:
    counts = np.array([[4, 0, 0, 0], [1, 1, 1, 1]])
    found = correlation_draws(np.arange(4.0), np.array([1.0, 3.0, 2.0, 5.0]), counts)
    assert all(np.isnan(rows[0]) and np.isfinite(rows[1]) for rows in found.values())


def test_intervals_hold_the_truth_nineteen_times_in_twenty() -> None:
    """Coverage of the true ROC-AUC of two normal distributions one deviation apart."""
    truth = stats.norm.cdf(1 / math.sqrt(2))
    rng = np.random.default_rng(11)
    active = np.arange(150) < 50
    held = 0
    for i in range(100):
        score = rng.normal(size=150) + active
        blocks = resampled_counts(active, 250, seed=i + 1)
        draws = [
            classification_draws(Steps.of(active, score), counts)["roc_auc"] for counts in blocks
        ]
        found = interval(np.concatenate(draws))
        held += found.low <= truth <= found.high
    assert 0.90 <= held / 100 <= 0.99


def test_the_same_seed_gives_the_same_draws_in_blocks(monkeypatch) -> None:
    groups = np.arange(50) < 20
    whole = np.concatenate(list(resampled_counts(groups, 30, seed=5)))
    again = np.concatenate(list(resampled_counts(groups, 30, seed=5)))
    other = np.concatenate(list(resampled_counts(groups, 30, seed=6)))
    assert (whole == again).all()
    assert (whole != other).any()
    monkeypatch.setattr("screenmm.statistics.resampling.BLOCK_CELLS", 250)
    assert [len(each) for each in resampled_counts(groups, 12, seed=5)] == [5, 5, 2]


def test_long_lists_are_resampled_less_often_but_never_seldom() -> None:
    assert [resamples_for(n) for n in (10, 3000, 6000, 10**6)] == [
        RESAMPLES, RESAMPLES, 500, FEWEST_RESAMPLES,
    ]  # fmt: skip


def test_a_measure_that_most_resamples_lack_has_no_interval() -> None:
    draws = np.r_[np.full(20, np.nan), np.ones(80)]
    found = interval(draws)
    assert found.low is None
    assert found.interval_reason == "defined in 80 of 100 resamples only"
