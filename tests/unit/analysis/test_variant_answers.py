"""Computed beside measured ΔΔG: joined by name, and judged beside what is trivial."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from screenmm.analysis.variant_answers import (
    MMGBSA,
    NOTHING,
    RESISTANT_KCAL_MOL,
    Judged,
    answers_of,
    judged,
)
from screenmm.metrics.variants import VariantAnswers
from screenmm.variants.measured import Answer
from screenmm.variants.trivial import PREDICTORS
from tests.unit.analysis.varied import WILD, effect, made

PLACES = "ACDEFGHIKLMNPQRSTVWY"


def ranking(*rows: tuple[str, str, str | None]) -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("CREATE TABLE ranking (inchikey TEXT, name TEXT, aliases TEXT, receptor TEXT)")
    con.executemany("INSERT INTO ranking VALUES (?, ?, ?, ?)", [(*row, WILD) for row in rows])
    return con


def test_pairs_are_found_by_name_alias_and_key() -> None:
    con = ranking(("KEY-alpha", "alpha", "first; one"), ("KEY-beta", "beta", None))
    asked = [
        Answer(2, "V93F", "Alpha", 1.0),
        Answer(3, "M90I", "one", 1.0),
        Answer(4, "M90I", "KEY-beta", 1.0),
        Answer(5, "L98R", "beta", 1.0),
        Answer(6, "T2A", "alpha", 1.0),
        Answer(7, "T3A", "alpha", 1.0),
        Answer(8, "V93F", "gamma", 1.0),
    ]
    found = judged(con, made(), asked)
    assert [each.row and each.row["ddg_kcal_mol"] for each in found] == [
        1.5, 0.25, -0.25, None, None, None, None
    ]  # fmt: skip
    reasons = [each.reason for each in found]
    assert reasons == [
        "", "", "", "failed", "left_out", "unknown_variant", "unknown_ligand",
    ]  # fmt: skip
    assert answers_of(found, 1).unused == dict.fromkeys(reasons[3:], 1)
    assert set(reasons[3:]) < set(NOTHING)


def test_a_name_of_several_ligands_names_none() -> None:
    con = ranking(("KEY-alpha", "drug", None), ("KEY-beta", "other", "drug"))
    (found,) = judged(con, made(), [Answer(2, "V93F", "drug", 1.0)])
    assert (found.row, found.reason) == (None, "ambiguous_ligand")


def answered(computed: np.ndarray, measured: np.ndarray) -> VariantAnswers:
    """What is said of as many variants, each with one ligand."""
    pairs = []
    for at, (own, true) in enumerate(zip(computed, measured, strict=True)):
        new = PLACES[1 + at % 19]
        name = f"A{at + 1}{new}"
        row = effect(name, "alpha", float(own)) | {"ligand_distance_angstrom": 3.0 + at % 7}
        pairs.append(Judged(Answer(at + 2, name, "alpha", float(true)), row))
    return answers_of(pairs, 1)


def made_up(count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(5)
    measured = draw.normal(0.7, 1.0, count)
    return measured, draw.normal(0.0, 0.3, count)


def test_measures_are_those_of_other_libraries() -> None:
    measured, noise = made_up()
    computed = measured + 3 * noise
    found = answered(computed, measured)
    own = found.predictors[MMGBSA]
    assert own.pearson.value == pytest.approx(np.corrcoef(computed, measured)[0, 1])
    expected = roc_auc_score(measured > RESISTANT_KCAL_MOL, computed)
    assert own.roc_auc.value == pytest.approx(expected)
    assert found.rmse_kcal_mol == pytest.approx(np.sqrt(np.mean((3 * noise) ** 2)))
    assert found.rmse_of_mean_kcal_mol == pytest.approx(measured.std())
    assert found.resistant == (measured > 1.3643).sum()
    assert set(found.predictors) == {MMGBSA, *PREDICTORS}
    # of alanines alone, which all had no charge: some became charged
    assert found.predictors["charge"].pearson.value is not None


def test_a_score_that_follows_is_said_to_follow() -> None:
    measured, noise = made_up()
    found = answered(measured + noise, measured)
    low = found.predictors[MMGBSA].pearson.low
    assert low is not None
    assert low > 0.8
    assert found.text.startswith("The computed ΔΔG follow the 40 measured ones (Pearson 0.9")
    assert "They are better than each trivial predictor" in found.text
    assert "kcal/mol, less than the" in found.text


def test_noise_is_not_shown_to_follow() -> None:
    measured, noise = made_up()
    found = answered(10 * noise, measured)
    assert "are not shown to follow the 40 measured ones" in found.text
    assert "no less than" in found.text


def test_a_trivial_score_is_no_better_than_what_is_trivial() -> None:
    measured, _ = made_up()
    near = -(3.0 + np.arange(40) % 7)
    found = answered(near + 0.1 * measured, 0.5 * near)
    assert "They are no better than nearer to the ligand alone (1.0" in found.text


def test_few_pairs_have_no_interval() -> None:
    found = answered(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 2.5]))
    own = found.predictors[MMGBSA]
    assert own.pearson.value is not None
    assert own.pearson.low is None
    assert own.pearson.interval_reason == "3 pairs of 3 variants are too few"
    assert "cannot be said" in found.text
    assert answers_of([], 1).text == "None of 0 measured ΔΔG is of a pair that was scored."
    same = answered(np.ones(9), np.zeros(9))
    assert same.predictors[MMGBSA].pearson.reason is not None
    assert same.predictors[MMGBSA].roc_auc.value is None


def test_variants_are_drawn_with_their_pairs() -> None:
    """Ten ligands that say the same are no more than one."""
    measured, noise = made_up(12)
    pairs = [
        Judged(
            Answer(2, f"A{at + 1}V", f"l{ligand}", float(true)),
            effect(f"A{at + 1}V", f"l{ligand}", float(true + 3 * off)),
        )
        for at, (true, off) in enumerate(zip(measured, noise, strict=True))
        for ligand in range(10)
    ]
    many, once = answers_of(pairs, 1), answers_of(pairs[::10], 1)
    assert (many.pairs, many.variants, many.ligands) == (120, 12, 10)
    wide, own = (each.predictors[MMGBSA].pearson for each in (many, once))
    assert (wide.low, wide.high) == pytest.approx((own.low, own.high))
