from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from screenmm.analysis.ideas import (
    FEWEST_FITTED,
    WORDS,
    Outcome,
    Standing,
    best_known_of,
    is_first_batch,
    is_known_active,
    judge,
    residuals,
)
from screenmm.rounds.known import How

IDEA = Standing("I", rank=2, low=1, high=4, checks_pass=True, residual=5.0)
PARENT = Standing("P", rank=9, low=5, high=12, checks_pass=True, residual=1.0)
KNOWN = Standing("K", rank=8, low=6, high=10, checks_pass=False, residual=2.0)


def test_an_idea_beyond_its_parent_and_the_best_known_is_accepted() -> None:
    assert judge(IDEA, [PARENT], KNOWN) is Outcome.ACCEPTED
    assert judge(IDEA, [], KNOWN) is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"rank": None, "low": None, "high": None}, Outcome.NOT_RANKED),
        ({"low": None, "high": None}, Outcome.NO_INTERVAL),
        ({"high": 5}, Outcome.NOT_BEYOND_PARENT),
        ({"checks_pass": None}, Outcome.POSE_NOT_CHECKED),
        ({"checks_pass": False}, Outcome.POSE_CHECK_FAILED),
        ({"residual": 2.0}, Outcome.EXPLAINED),
        ({"residual": None}, Outcome.EXPLAINED),
    ],
)
def test_each_reason_is_reached(change: dict, outcome: Outcome) -> None:
    assert judge(replace(IDEA, **change), [PARENT], KNOWN) is outcome


def test_the_best_known_counts_without_any_parent_too() -> None:
    near = replace(KNOWN, low=4)
    assert judge(IDEA, [PARENT], near) is Outcome.NOT_BEYOND_BEST_KNOWN
    assert judge(IDEA, [], near) is Outcome.NOT_BEYOND_BEST_KNOWN
    assert judge(IDEA, [PARENT], None) is Outcome.NOT_BEYOND_BEST_KNOWN


def test_every_parent_must_be_beaten_in_rank_and_in_what_is_left_of_its_score() -> None:
    near, better = replace(PARENT, low=4), replace(PARENT, residual=6.0)
    assert judge(IDEA, [PARENT, near], KNOWN) is Outcome.NOT_BEYOND_PARENT
    assert judge(IDEA, [PARENT, better], KNOWN) is Outcome.EXPLAINED


def test_a_parent_without_an_interval_is_passed_over() -> None:
    failed, unscored = Standing("F"), Standing("U", rank=1, checks_pass=True, residual=99.0)
    assert judge(IDEA, [failed, unscored], KNOWN) is Outcome.ACCEPTED
    assert judge(replace(IDEA, high=6), [failed], KNOWN) is Outcome.NOT_BEYOND_BEST_KNOWN


def test_rounding_is_no_lead() -> None:
    hair = replace(IDEA, residual=2.0 + 1e-12)
    assert judge(hair, [], KNOWN) is Outcome.EXPLAINED


def test_every_outcome_has_words() -> None:
    assert set(WORDS) == set(Outcome)


def test_the_best_known_is_the_best_ranked_known_active_with_an_interval() -> None:
    first, later = replace(KNOWN, key="A", rank=3, low=2), replace(KNOWN, key="B", rank=5)
    bare = Standing("C", rank=1)
    assert best_known_of([(later, True, False), (first, True, True), (bare, True, True)]) == (
        first,
        "known_active",
    )
    assert best_known_of([(later, False, True), (first, False, False)]) == (later, "first_batch")
    assert best_known_of([(first, False, False), (bare, True, True)]) is None


@pytest.mark.parametrize(
    ("label", "affinity", "known"),
    [(1, None, True), (None, -9.0, True), (0, -4.0, False), (None, None, False), (0, None, False)],
)
def test_a_known_active_is_labelled_so_or_measured(
    label: int | None, affinity: float | None, known: bool
) -> None:
    assert is_known_active(label, affinity) is known


def test_the_first_batch_is_the_librarys() -> None:
    assert is_first_batch(How.RANDOM, 1)
    assert is_first_batch(How.START, 1)
    assert not is_first_batch(How.ACQUIRED, 2)
    assert not is_first_batch(How.BLIND, 1)
    assert not is_first_batch(How.NEIGHBOUR, 1)
    assert not is_first_batch(None, None)


def _scores(n: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    descriptors = np.column_stack(
        [rng.integers(10, 40, n), rng.normal(2, 1, n), rng.integers(-1, 2, n)]
    ).astype(float)
    return 3.0 + descriptors @ np.array([0.5, -1.0, 2.0]), descriptors


def test_what_size_logp_and_charge_explain_leaves_nothing() -> None:
    values, descriptors = _scores(30)
    found = residuals(values, descriptors, np.ones(30, dtype=bool))
    np.testing.assert_allclose(found.residuals, 0, atol=1e-9)
    assert found.ligands == 30
    assert found.explained == pytest.approx(1)


def test_proposals_do_not_move_the_fit() -> None:
    values, descriptors = _scores(30)
    values[20:] += 100.0
    library = np.arange(30) < 20
    found = residuals(values, descriptors, library)
    np.testing.assert_allclose(found.residuals[20:], 100, atol=1e-9)
    assert found.ligands == 20
    # of a library that is too small, all are taken
    few = residuals(values, descriptors, np.arange(30) < FEWEST_FITTED - 1)
    assert few.ligands == 30
    assert abs(few.residuals[20:]).max() < 90


def test_too_few_ligands_explain_nothing_and_say_so() -> None:
    values, descriptors = _scores(FEWEST_FITTED)
    values[0] = np.nan
    found = residuals(values, descriptors, np.ones(FEWEST_FITTED, dtype=bool))
    assert np.isnan(found.residuals).all()
    assert (found.ligands, found.explained) == (0, None)


def test_a_descriptor_that_does_not_vary_tells_nothing_of_one_that_does() -> None:
    values, descriptors = _scores(20)
    descriptors[:, 2] = 0.1
    values = descriptors[:, 0].copy()
    descriptors[-1, 2] = 5
    found = residuals(values, descriptors, np.arange(20) < 19)
    assert found.residuals[-1] == pytest.approx(0, abs=1e-9)


def test_equal_scores_have_no_spread_to_explain() -> None:
    _, descriptors = _scores(20)
    found = residuals(np.full(20, 2.0), descriptors, np.ones(20, dtype=bool))
    assert found.explained is None
    np.testing.assert_allclose(found.residuals, 0, atol=1e-9)


def test_a_ligand_without_a_descriptor_has_no_residual() -> None:
    values, descriptors = _scores(20)
    descriptors[3, 1] = np.nan
    found = residuals(values, descriptors, np.ones(20, dtype=bool))
    assert np.flatnonzero(np.isnan(found.residuals)).tolist() == [3]
