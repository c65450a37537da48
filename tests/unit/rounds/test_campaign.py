import re
from dataclasses import replace

import numpy as np
import pytest

from screenmm.core.errors import ConfigError
from screenmm.rounds.audit import Verdict
from screenmm.rounds.calibration import Calibration
from screenmm.rounds.campaign import Settings, Stop, decide, learn
from screenmm.rounds.features import features_of
from screenmm.rounds.known import Docked, How

from .made_up import Library, campaign, dock, library

SETTINGS = Settings(number=4, batch=40, audit=0.1)


def found(made: Library, docked: list[Docked], share: float = 0.01) -> float:
    """Share of the library's best that was docked."""
    best = sorted(made.scores, key=lambda key: made.scores[key])[: round(share * len(made.scores))]
    return np.isin(best, [each.key for each in docked]).mean()


@pytest.fixture(scope="module")
def made() -> Library:
    return library(2000)


@pytest.fixture(scope="module")
def run(made: Library) -> tuple[list[Docked], object]:
    return campaign(made, SETTINGS)


def test_a_score_of_parts_is_learned(made: Library, run: tuple) -> None:
    docked, last = run
    assert len(docked) == len({each.key for each in docked}) == 160
    assert found(made, docked) > 0.9
    measures = last.measures
    assert measures.verdict is Verdict.HELPS
    assert measures.recall.bound <= found(made, docked) + 1e-9
    assert measures.best == min(each.value for each in docked)
    assert measures.error.n == 12
    assert last.stop == "4 rounds were asked for (rounds.number)"


def test_audits_are_drawn_and_predicted_before(made: Library, run: tuple) -> None:
    docked, _ = run
    for number in (2, 3, 4):
        own = [each for each in docked if each.round == number]
        assert sum(each.how is How.AUDIT for each in own) == 4
        assert sum(each.how is How.ACQUIRED for each in own) == 36
        assert all(each.predicted is not None for each in own)


def test_the_acquired_are_the_best_predicted_of_the_rest(made: Library, run: tuple) -> None:
    first = [each for each in run[0] if each.round == 1]
    decision = decide(made.shards(), first, SETTINGS, 2, 7)
    predicted = decision.surrogate.predict(made.features)[0]
    done = {each.key for each in first}
    rest = sorted(
        (value, key)
        for value, key in zip(predicted, made.features.keys, strict=True)
        if key not in done
    )
    acquired = {each.key: each.predicted for each in decision.batch if each.how is How.ACQUIRED}
    assert acquired == {key: value for value, key in rest[:36]}


def test_shards_and_order_change_nothing(made: Library, run: tuple) -> None:
    docked = [each for each in run[0] if each.round < 3]
    one = decide(made.shards(), docked, SETTINGS, 3, 7)
    other = decide(made.shards(333)[::-1], docked[::-1], SETTINGS, 3, 7)
    assert one.batch == other.batch
    assert one.measures == other.measures


def test_another_seed_begins_elsewhere(made: Library) -> None:
    first, second = (decide(made.shards(), [], SETTINGS, 1, seed).batch for seed in (1, 2))
    assert len({each.key for each in [*first, *second]}) > 70


@pytest.mark.parametrize("seed", range(5))
def test_of_random_scores_it_says_that_the_model_does_not_help(seed: int) -> None:
    _, last = campaign(library(1500, seed, "chance"), SETTINGS, seed)
    assert last.measures.verdict is Verdict.DOES_NOT_HELP


@pytest.mark.parametrize("seed", range(5))
def test_of_scores_by_size_it_says_no_better_than_size(seed: int) -> None:
    _, last = campaign(library(1500, seed, "size"), SETTINGS, seed)
    assert last.measures.verdict is Verdict.NO_BETTER_THAN_SIZE


def test_one_value_is_no_help_and_no_error() -> None:
    docked, last = campaign(library(500, score="one"), SETTINGS)
    assert len(docked) == 160
    assert last.measures.verdict is not Verdict.HELPS


def test_all_failed_is_said() -> None:
    made = library(500)
    made.scores = dict.fromkeys(made.scores)
    docked, last = campaign(made, SETTINGS)
    assert len(docked) == 40
    assert last.stop == "all 40 docked molecules failed: there is nothing to learn from"
    assert last.measures.best is None


def test_failures_teach_nothing_and_are_not_docked_again() -> None:
    made = library(800)
    some = set(sorted(made.scores)[::3])
    made.scores = {key: None if key in some else value for key, value in made.scores.items()}
    docked, last = campaign(made, SETTINGS)
    assert len({each.key for each in docked}) == 160
    assert last.measures.failed == sum(each.value is None for each in docked) > 0


def test_a_library_below_a_batch_is_docked_whole() -> None:
    docked, last = campaign(library(2), SETTINGS)
    assert len(docked) == 2
    assert last.stop == "all 2 molecules of the library were docked"
    assert last.measures.recall.estimate == 1.0


def test_the_last_batch_takes_what_is_left() -> None:
    docked, last = campaign(library(100), SETTINGS)
    assert [sum(each.round == number for each in docked) for number in (1, 2, 3)] == [40, 40, 20]
    assert "all 100 molecules" in last.stop


def test_nothing_to_dock() -> None:
    decision = decide([], [], SETTINGS, 1, 1)
    assert decision.stop == "the library is empty"
    assert decision.batch == []


def test_a_library_that_grew_is_searched_with_what_was_learned(made: Library) -> None:
    small = Library(made.features.at(np.arange(1000)), made.scores)
    docked, _ = campaign(small, replace(SETTINGS, number=3))
    decision = decide(made.shards(), docked, SETTINGS, 4, 7)
    new = set(made.features.keys[1000:].tolist())
    assert sum(each.key in new for each in decision.batch) > 20
    assert decision.measures.library == 2000


def test_a_share_is_a_batch_too(made: Library) -> None:
    decision = decide(made.shards(), [], replace(SETTINGS, batch=0.01), 1, 1)
    assert len(decision.batch) == 20
    assert all(each.how is How.RANDOM and each.predicted is None for each in decision.batch)


def test_a_first_batch_that_is_given_or_diverse(made: Library) -> None:
    keys = tuple(made.features.keys[:3].tolist())
    given = decide(made.shards(), [], replace(SETTINGS, first="given", given=keys), 1, 1)
    assert {each.key for each in given.batch} == set(keys)
    with pytest.raises(ConfigError, match=r"1 of 1 molecules are not in the library.*nosuch"):
        decide(made.shards(), [], replace(SETTINGS, first="given", given=("nosuch",)), 1, 1)
    with pytest.raises(ConfigError, match="no molecule is named"):
        decide(made.shards(), [], replace(SETTINGS, first="given"), 1, 1)
    unlike = decide(made.shards(), [], replace(SETTINGS, first="diverse"), 1, 1)
    assert len({each.key for each in unlike.batch}) == 40
    assert {each.how for each in unlike.batch} == {How.START}
    after = decide(made.shards(), dock(made, unlike, 1), SETTINGS, 2, 1)
    # nothing was drawn by chance yet
    assert after.measures.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("stop", "rounds", "reason"),
    [
        (Stop(recall=0.3), 4, "the recall is at least .*rounds.stop.recall"),
        (Stop(share=1.1), 3, "less than 1.1 .*rounds.stop.share"),
        (Stop(patience=1), 12, "did not improve in 1 rounds .*rounds.stop.patience"),
    ],
)
def test_it_stops_for_a_reason(made: Library, stop: Stop, rounds: int, reason: str) -> None:
    docked, last = campaign(made, replace(SETTINGS, number=20, stop=stop))
    assert max(each.round for each in docked) < rounds
    assert re.search(reason, last.stop)


def test_proposals_teach_and_their_errors_stand_for_nothing() -> None:
    own, near = ["CCO", "CCCO", "CCCCO", "CCN"], ["CCCCCO", "CCCCCCO", "CCCCCCCO"]
    features = features_of((smiles, smiles) for smiles in [*own, *near])
    known = {
        key: Docked(key, 1, How.RANDOM if key in own else How.LEARNED, -float(len(key)))
        for key in features.keys
    }
    alone, all_of_them = learn(features, known, set(own)), learn(features, known)
    assert alone is not None
    assert all_of_them is not None
    assert alone.predict(features)[0].tolist() == all_of_them.predict(features)[0].tolist()
    values = np.array([known[key].value for key in features.keys])
    mine = np.isin(features.keys, own)
    expected = Calibration(alone.ridge.left_out[mine], values[mine])
    found = alone.calibration.interval(values)
    for told, wanted in zip(found, expected.interval(values), strict=True):
        assert told.tolist() == wanted.tolist()
    assert found[0].tolist() != all_of_them.calibration.interval(values)[0].tolist()
