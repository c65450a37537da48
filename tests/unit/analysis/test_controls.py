from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Crippen
from scipy import stats
from sklearn.metrics import average_precision_score, roc_auc_score

from screenmm.analysis import controls as module
from screenmm.analysis.controls import (
    BASELINES,
    FITTED,
    SCORES,
    compare,
    compare_all,
    controls,
    load_known,
)
from screenmm.analysis.measuring import Known
from screenmm.metrics.controls import Kind, Scored, Unranked
from screenmm.metrics.measures import Measure
from screenmm.results.consensus import halves
from screenmm.statistics.measures import CLASSIFICATION, CORRELATION
from screenmm.statistics.resampling import interval, simultaneous
from screenmm.tables.dictionary import CNN_MINIMISED, names


def known_ligands(kind: Kind, truth: np.ndarray, **columns: np.ndarray) -> Known:
    """Known ligands with some scores; sizes that have nothing to do with the answer."""
    n = len(truth)
    empty = np.full(n, np.nan)
    size = np.random.default_rng(1).integers(10, 40, n).astype(float)
    filled = dict.fromkeys((*SCORES, *BASELINES), empty) | {"heavy_atoms": size} | columns
    return Known(kind, [f"key {i}" for i in range(n)], np.asarray(truth, float), filled)


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    active = rng.random(400) < 0.1
    return active, rng.normal(size=400) + 1.2 * active


def _one(kind: Kind, truth: np.ndarray, score: np.ndarray) -> Scored:
    known = known_ligands(kind, truth, cnn_score=score)
    return compare(known, ["cnn_score"], seed=1)["cnn_score"]


def test_every_measure_has_a_number_within_its_interval(labelled) -> None:
    found = _one("classification", *labelled)
    assert found.resamples == 1000
    for name in CLASSIFICATION:
        measured = getattr(found, name)
        assert measured.low <= measured.value <= measured.high, name
    assert found.roc_auc.value == pytest.approx(roc_auc_score(*labelled), abs=1e-9)
    assert found.pr_auc.value == pytest.approx(average_precision_score(*labelled), abs=1e-9)


def test_the_interval_of_roc_is_about_as_wide_as_hanley_and_mcneils(labelled) -> None:
    active, score = labelled
    found = _one("classification", active, score).roc_auc
    area, a, b = found.value, active.sum(), (~active).sum()
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (a - 1) * (q1 - area**2) + (b - 1) * (q2 - area**2)) / (a * b)
    width = 2 * 1.96 * np.sqrt(variance)
    assert found.high - found.low == pytest.approx(width, rel=0.25)


def test_the_interval_of_pearson_is_about_fishers() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=200)
    score = truth + rng.normal(size=200)
    found = _one("correlation", truth, score).pearson
    expected = stats.pearsonr(truth, score).confidence_interval()
    assert [found.low, found.high] == pytest.approx(list(expected), abs=0.03)


def test_the_lead_over_a_baseline_is_paired() -> None:
    """A score that is size with a little noise: its lead is surer than either value."""
    rng = np.random.default_rng(7)
    size = rng.normal(30, 5, 120)
    truth = size + rng.normal(0, 8, 120)
    known = known_ligands(
        "correlation", truth, heavy_atoms=size, cnn_score=size + rng.normal(0, 1, 120)
    )
    found = compare(known, ["cnn_score"], seed=1)["cnn_score"]
    own, lead = found.spearman, found.baselines["heavy_atoms"].spearman
    assert lead.lead == pytest.approx(own.value - lead.value)
    assert lead.value == pytest.approx(stats.spearmanr(size, truth)[0])
    assert lead.low < 0 < lead.high
    assert lead.high - lead.low < (own.high - own.low) / 2


def test_a_baseline_against_itself_would_lead_by_nothing() -> None:
    rng = np.random.default_rng(7)
    size = rng.normal(30, 5, 60)
    known = known_ligands("correlation", size + rng.normal(0, 8, 60), heavy_atoms=size, rank=size)
    lead = compare(known, ["rank"], seed=1)["rank"].baselines["heavy_atoms"]
    for name in CORRELATION:
        own = getattr(lead, name)
        assert own.lead == 0
        assert (own.low, own.interval_reason) == (
            None, "the same in nearly every resample",
        )  # fmt: skip


def test_too_small_a_list_has_no_early_enrichment(labelled) -> None:
    active, score = labelled
    found = _one("classification", active[:50], score[:50])
    assert found.ef_1_percent == Measure(
        value=None, reason="1 % of 50 ligands is less than one ligand"
    )
    assert found.ef_5_percent.value is not None


@pytest.mark.parametrize(("fill", "missing"), [(True, "inactives"), (False, "actives")])
def test_one_class_gives_a_reason_not_a_number(fill: bool, missing: str) -> None:
    found = _one("classification", np.full(10, fill), np.arange(10.0))
    for name in CLASSIFICATION:
        assert getattr(found, name) == Measure(
            value=None, reason=f"no {missing} among 10 labelled ligands with this score"
        )


def test_too_few_for_an_interval_have_a_number_and_say_so() -> None:
    found = _one("classification", np.arange(40) < 2, -np.arange(40.0))
    assert found.roc_auc == Measure(
        value=1.0, low=None, high=None, interval_reason="2 actives; 5 are needed for an interval"
    )
    assert found.resamples == 0
    found = _one("correlation", np.arange(4.0), np.array([1.0, 3.0, 2.0, 4.0]))
    assert found.spearman.value == pytest.approx(0.8)
    assert found.spearman.interval_reason == "4 ligands; 8 are needed for an interval"


@pytest.mark.parametrize(
    ("truth", "score", "reason"),
    [
        ([9.0, 8.0], [1.0, 2.0], "2 ligands with affinity and this score; 3 are needed"),
        ([9.0], [1.0], "1 ligand with affinity and this score; 3 are needed"),
        ([9.0, 8.0, 7.0], [1.0, 1.0, 1.0], "all values are equal"),
        ([9.0, 9.0, 9.0], [1.0, 2.0, 1.0], "all affinities are equal"),
    ],
)
def test_correlation_that_cannot_be_computed_says_why(truth, score, reason) -> None:
    found = _one("correlation", np.array(truth), np.array(score))
    assert found.pearson == Measure(value=None, reason=reason)


def test_kendall_of_a_long_list_has_a_closed_interval() -> None:
    rng = np.random.default_rng(9)
    truth = rng.normal(size=401)
    score = truth + rng.normal(size=401)
    long = _one("correlation", truth, score)
    short = _one("correlation", truth[:400], score[:400]).kendall
    assert long.kendall.value == pytest.approx(stats.kendalltau(truth, score)[0])
    # one is closed, one is resampled
    assert [long.kendall.low, long.kendall.high] == (
        pytest.approx([short.low, short.high], abs=0.02)
    )
    lead = long.baselines["heavy_atoms"].kendall
    assert lead.interval_reason == "not resampled above 400 ligands"


def test_each_score_is_measured_on_its_own_ligands_and_rivals_on_the_common_ones() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=100)
    dock = truth + rng.normal(size=100)
    dg = np.where(np.arange(100) < 60, truth, np.nan)
    known = known_ligands("correlation", truth, rank=dock, dock_score_kcal_mol=dock,
                          dg_mmgbsa_kcal_mol=dg)  # fmt: skip
    found, common, _ = compare_all(known, seed=1)
    assert {name: row.n for name, row in found.items()} == {
        "rank": 100, "dock_score_kcal_mol": 100, "dg_mmgbsa_kcal_mol": 60, "heavy_atoms": 100,
        FITTED: 30,
    }  # fmt: skip
    assert {name: row.n for name, row in common.items()} == {
        "dock_score_kcal_mol": 60,
        "dg_mmgbsa_kcal_mol": 60,
        "heavy_atoms": 60,
    }
    expected = stats.spearmanr(truth[:60], dock[:60])[0]
    assert common["dock_score_kcal_mol"].spearman.value == pytest.approx(expected)


def test_a_fitted_consensus_is_tested_on_ligands_it_never_saw() -> None:
    """Pure noise: what is fitted looks good where it was fitted, and is worth nothing."""
    rng = np.random.default_rng(12)
    values = []
    for i in range(15):
        known = known_ligands("correlation", rng.normal(size=40), dock_score_kcal_mol=(
            rng.normal(size=40)), cnn_affinity_pk=rng.normal(size=40),
            dg_mmgbsa_kcal_mol=rng.normal(size=40))  # fmt: skip
        row = compare_all(known, seed=i + 1)[0][FITTED]
        assert (row.n, row.fitted_on) == (20, 20)
        assert set(row.weights) == {"dock_score_kcal_mol", "cnn_affinity_pk",
                                       "dg_mmgbsa_kcal_mol"}  # fmt: skip
        values.append(row.spearman.value)
    error = np.std(values) / np.sqrt(len(values))
    assert abs(np.mean(values)) < 3.5 * error


def test_too_few_ligands_to_halve_say_so() -> None:
    rng = np.random.default_rng(2)
    truth = np.arange(30) < 9
    known = known_ligands("classification", truth, dock_score_kcal_mol=rng.normal(size=30),
                          dg_mmgbsa_kcal_mol=rng.normal(size=30))  # fmt: skip
    found = compare_all(known, seed=1)[0][FITTED]
    assert found.roc_auc == Measure(
        value=None,
        reason="9 ligands of each class with every score; 10 are needed to fit weights on "
        "one half and test them on the other",
    )


def test_the_seed_decides_the_intervals(labelled) -> None:
    known = known_ligands("classification", labelled[0], cnn_score=labelled[1])
    one, again, other = (compare_all(known, seed)[0]["cnn_score"] for seed in (1, 1, 2))
    assert one == again
    assert one.roc_auc.value == other.roc_auc.value
    assert one.roc_auc.low != other.roc_auc.low


def test_controls_of_a_screen(ranked) -> None:
    found = controls(ranked)
    rows = ranked.execute(
        "SELECT label, -dg_mmgbsa_kcal_mol, heavy_atoms FROM ranking "
        "WHERE receptor = 'wt' AND label IS NOT NULL AND dg_mmgbsa_kcal_mol IS NOT NULL"
    ).fetchall()
    label, score, size = np.array(rows, float).T
    mine = found["wt"].classification["dg_mmgbsa_kcal_mol"]
    assert mine.n == len(rows)
    assert mine.roc_auc.value == pytest.approx(roc_auc_score(label, score), abs=1e-9)
    baseline = mine.baselines["heavy_atoms"].roc_auc
    assert baseline.value == pytest.approx(roc_auc_score(label, size), abs=1e-9)
    # no pose of this screen was inspected
    known = [score for score in SCORES if score not in names(CNN_MINIMISED)]
    assert list(found["wt"].classification) == [*known, *BASELINES, FITTED]
    assert found["wt"].classification["rank"].n == 14
    # metoprolol failed everywhere, warfarin with V678F; both are labelled inactive
    assert found["wt"].unranked == Unranked(actives=0, inactives=1)
    assert found["V678F"].unranked == Unranked(actives=0, inactives=2)


def test_baselines_are_rdkits(ranked) -> None:
    known = load_known(ranked, "wt", "classification")
    for i, key in enumerate(known.keys):
        ((smiles, state),) = ranked.execute(
            "SELECT smiles, state_smiles FROM ranking WHERE receptor = 'wt' AND inchikey = ?", [key]
        ).fetchall()
        mol = Chem.MolFromSmiles(smiles)
        assert known.columns["logp"][i] == pytest.approx(Crippen.MolLogP(mol), abs=1e-9)
        charge = Chem.GetFormalCharge(Chem.MolFromSmiles(state))
        assert known.columns["formal_charge"][i] == charge


def test_logp_of_a_very_long_list_is_left_out_and_said(ranked, monkeypatch) -> None:
    monkeypatch.setattr(module, "MAX_LOGP", 13)
    found = controls(ranked)["wt"].classification
    assert found["logp"].roc_auc.reason == ("not computed for more than 13 ligands; these are 14")
    assert "logp" not in found["rank"].baselines


def test_no_labels_and_no_affinities_give_no_controls(con) -> None:
    con.execute("CREATE TABLE bare AS SELECT * REPLACE (NULL::TINYINT AS label, NULL::DOUBLE AS affinity_kcal_mol) FROM sources")  # fmt: skip # noqa: E501
    con.execute("DROP VIEW sources")
    con.execute("ALTER TABLE bare RENAME TO sources")
    assert controls(con) == {}


def test_simultaneous_intervals_of_one_value_are_its_own_and_of_many_are_wider() -> None:
    draws = np.random.default_rng(4).normal(size=(9, 4000))
    alone = interval(draws[0])
    (one,) = simultaneous(draws[:1])
    assert [one.low, one.high] == pytest.approx([alone.low, alone.high], abs=0.02)
    many = simultaneous(draws)
    # of nine independent normal values: the Šidák level
    expected = stats.norm.ppf(1 - (1 - 0.95 ** (1 / 9)) / 2)
    assert np.mean([each.high for each in many]) == pytest.approx(expected, abs=0.12)
    inside = np.all([(d >= i.low) & (d <= i.high) for d, i in zip(draws, many, strict=True)],
                    axis=0)  # fmt: skip
    assert inside.mean() == pytest.approx(0.95, abs=0.005)


def test_values_that_never_vary_have_no_interval() -> None:
    draws = np.vstack([np.ones(500), np.random.default_rng(4).normal(size=500)])
    fixed, free = simultaneous(draws)
    assert (fixed.low, fixed.interval_reason) == (None, "the same in nearly every resample")
    assert free.low < 0 < free.high


def test_a_baseline_counts_in_its_better_direction() -> None:
    rng = np.random.default_rng(2)
    truth = rng.normal(size=80)
    known = known_ligands("correlation", truth, heavy_atoms=-truth + rng.normal(size=80),
                          cnn_score=truth + rng.normal(size=80))  # fmt: skip
    rows, _, compared = compare_all(known, 1)
    reverse = -stats.spearmanr(truth, known.columns["heavy_atoms"])[0]
    assert rows["heavy_atoms"].direction == -1
    assert rows["heavy_atoms"].spearman.value == pytest.approx(reverse)
    lead = rows["cnn_score"].baselines["heavy_atoms"]
    assert (lead.direction, lead.spearman.value) == (-1, pytest.approx(reverse))
    assert compared.trivial["heavy_atoms"].direction == -1
    assert compared.trivial["heavy_atoms"].value == pytest.approx(reverse)


def test_twins_are_never_on_both_sides_of_a_fit() -> None:
    keys = [f"{i:014d}-{letter}-N" for i in range(60) for letter in "AB"]
    groups = np.repeat(np.arange(60) % 3 == 0, 2).astype(float)
    first = halves(keys, groups, seed=3)
    assert (first[::2] == first[1::2]).all()
    for group in (0.0, 1.0):
        assert abs(2 * first[groups == group].sum() - (groups == group).sum()) <= 2
