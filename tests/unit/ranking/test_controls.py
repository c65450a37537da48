from __future__ import annotations

import numpy as np
import pytest
from rdkit.ML.Scoring import Scoring
from scipy import stats
from sklearn.metrics import roc_auc_score

from screenmm.ranking.controls import classification, controls, correlation, enrichment_factor


@pytest.fixture
def labelled() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    active = rng.random(400) < 0.1
    return active, rng.normal(size=400) + 1.2 * active


def test_enrichment_agrees_with_rdkit(labelled) -> None:
    active, score = labelled
    order = np.argsort(-score)
    table = [(score[i], bool(active[i])) for i in order]
    expected = Scoring.CalcEnrichment(table, 1, [0.01, 0.05, 0.10])
    found = [enrichment_factor(active, score, percent) for percent in (1, 5, 10)]
    assert found == pytest.approx(expected, abs=1e-9)


def test_roc_agrees_with_scikit_learn_and_rdkit(labelled) -> None:
    active, score = labelled
    table = [(score[i], bool(active[i])) for i in np.argsort(-score)]
    found = classification(active, score)["roc_auc"]["value"]
    assert found == pytest.approx(roc_auc_score(active, score), abs=1e-9)
    assert found == pytest.approx(Scoring.CalcAUC(table, 1), abs=1e-9)


def test_ties_at_the_edge_count_by_expectation() -> None:
    active = np.array([1, 0, 0, 0, 1, 0, 0, 0, 0, 0], bool)
    score = np.ones(10)
    # every order is equally likely, so nothing is enriched
    assert enrichment_factor(active, score, 10) == pytest.approx(1.0, abs=1e-12)


def test_enrichment_of_a_perfect_list_is_its_ceiling() -> None:
    active = np.arange(100) < 10
    assert enrichment_factor(active, -np.arange(100.0), 10) == pytest.approx(10.0)
    assert enrichment_factor(active, np.arange(100.0), 10) == 0.0


def test_too_small_a_list_has_no_early_enrichment(labelled) -> None:
    active, score = labelled
    found = classification(active[:50], score[:50])
    assert found["ef_1_percent"] == {
        "value": None,
        "reason": "1 % of 50 ligands is less than one ligand",
    }
    assert found["ef_5_percent"]["value"] is not None


@pytest.mark.parametrize(("fill", "missing"), [(True, "inactives"), (False, "actives")])
def test_one_class_gives_a_reason_not_a_number(fill: bool, missing: str) -> None:
    found = classification(np.full(10, fill), np.arange(10.0))
    assert found["roc_auc"]["value"] is None
    assert found["roc_auc"]["reason"] == f"no {missing} among 10 labelled ligands with this score"


def test_correlation_agrees_with_scipy_and_points_up() -> None:
    rng = np.random.default_rng(5)
    affinity = rng.normal(-9, 1, 40)
    score = -affinity + rng.normal(0, 0.5, 40)
    found = correlation(affinity, score)
    assert found["spearman"]["value"] == pytest.approx(-stats.spearmanr(affinity, score)[0])
    assert found["pearson"]["value"] == pytest.approx(-stats.pearsonr(affinity, score)[0])
    assert found["spearman"]["value"] > 0.5


@pytest.mark.parametrize(
    ("affinity", "score", "reason"),
    [
        ([-9.0, -8.0], [1.0, 2.0], "2 ligands with affinity and this score; 3 are needed"),
        ([-9.0, -8.0, -7.0], [1.0, 1.0, 1.0], "all values are equal"),
    ],
)
def test_correlation_that_cannot_be_computed_says_why(affinity, score, reason) -> None:
    found = correlation(np.array(affinity), np.array(score))
    assert found["pearson"] == {"value": None, "reason": reason}


def test_controls_of_a_screen(ranked) -> None:
    found = controls(ranked)
    rows = ranked.execute(
        "SELECT label, -dg_mmgbsa_kcal_mol, heavy_atoms FROM ranking "
        "WHERE receptor = 'wt' AND label IS NOT NULL AND dg_mmgbsa_kcal_mol IS NOT NULL"
    ).fetchall()
    label, score, size = np.array(rows, float).T
    mine = found["wt"]["classification"]["dg_mmgbsa_kcal_mol"]
    assert mine["n"] == len(rows)
    assert mine["roc_auc"]["value"] == pytest.approx(roc_auc_score(label, score), abs=1e-9)
    baseline = mine["heavy_atoms_on_same_ligands"]["roc_auc"]
    assert baseline == pytest.approx(roc_auc_score(label, size), abs=1e-9)
    # metoprolol failed everywhere, warfarin with V678F; both are labelled inactive
    assert found["wt"]["unranked"] == {"actives": 0, "inactives": 1}
    assert found["V678F"]["unranked"] == {"actives": 0, "inactives": 2}


def test_no_labels_and_no_affinities_give_no_controls(con) -> None:
    con.execute("CREATE TABLE bare AS SELECT * REPLACE (NULL::TINYINT AS label, NULL::DOUBLE AS affinity_kcal_mol) FROM sources")  # fmt: skip # noqa: E501
    con.execute("DROP VIEW sources")
    con.execute("ALTER TABLE bare RENAME TO sources")
    assert controls(con) == {}
