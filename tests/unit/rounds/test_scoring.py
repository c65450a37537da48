import numpy as np
import pytest

from screenmm.rounds.features import Features
from screenmm.rounds.scoring import FEWEST_SCORED, ToScore, choose_scored

from .made_up import library


@pytest.fixture
def ligands() -> tuple[Features, np.ndarray, dict[str, float]]:
    """Ligands with a ΔG of their parts and a docking score that has little to do with it."""
    made = library(600)
    dg = {key: float(value or 0) for key, value in made.scores.items()}
    values = np.array([dg[key] for key in made.features.keys])
    noise = np.random.default_rng(4).normal(size=600)
    return made.features, 0.2 * values + values.std() * noise, dg


def test_without_scores_docking_chooses(ligands: tuple) -> None:
    features, docking, _ = ligands
    chosen = choose_scored(features, docking, {}, 50, 0.5)
    best = features.keys[np.argsort(docking)[:50]].tolist()
    assert chosen == [ToScore(key, False, None) for key in best]


def test_half_of_the_places_are_the_models_and_hold_more_of_the_best(ligands: tuple) -> None:
    features, docking, dg = ligands
    scored = {key: dg[key] for key in features.keys[np.argsort(docking)[:100]]}
    chosen = choose_scored(features, docking, scored, 60, 0.5)
    assert [each.by_model for each in chosen] == [False] * 30 + [True] * 30
    assert len({each.key for each in chosen} - set(scored)) == 60
    own, model = ([dg[each.key] for each in chosen if each.by_model is by] for by in (False, True))
    assert np.mean(model) < np.mean(own) - np.std(list(dg.values()))


def test_order_does_not_matter_and_all_that_is_left_is_taken(ligands: tuple) -> None:
    features, docking, dg = ligands
    scored = {key: dg[key] for key in features.keys[:FEWEST_SCORED]}
    back = np.arange(600)[::-1]
    one = choose_scored(features, docking, scored, 1000, 0.3)
    assert one == choose_scored(features.at(back), docking[back], scored, 1000, 0.3)
    assert {each.key for each in one} == set(dg) - set(scored)


def test_a_docking_score_that_is_the_dg_is_used(ligands: tuple) -> None:
    features, *_ = ligands
    rng = np.random.default_rng(8)
    noise = dict(zip(features.keys, rng.normal(size=600), strict=True))
    docking = np.array([noise[key] for key in features.keys])
    scored = {key: 10 * noise[key] for key in features.keys[:200]}
    chosen = choose_scored(features, docking, scored, 100, 1.0)
    best = features.keys[200:][np.argsort(docking[200:])[:100]]
    assert len({each.key for each in chosen} & set(best)) > 85
