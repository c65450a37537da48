import numpy as np
import pytest

from screenmm.rounds import calibration
from screenmm.rounds.calibration import Calibration, Tally, recall


def heteroscedastic(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Predictions, and values that are biased and spread by their level."""
    level = rng.normal(-8, 1, n)
    return level, level + 0.2 * (level + 8) + (0.3 + 0.2 * np.abs(level + 8)) * rng.normal(size=n)


def test_errors_by_level_are_those_that_the_values_were_made_with() -> None:
    level, values = heteroscedastic(np.random.default_rng(1), 20_000)
    found = Calibration(level, values)
    mean, spread = (each[0] for each in found.smoothed(np.ones((1, 20_000))))
    for at in (-9.0, -8.0, -7.0):
        place = found.place(np.array([at]))[0]
        assert mean[place] == pytest.approx(0.2 * (at + 8), abs=0.04)
        # the kernel sees levels on both sides
        width = calibration.BANDWIDTH * np.sqrt(2 / np.pi) if at == -8 else abs(at + 8)
        expected = calibration.OPTIMISM * (0.3 + 0.2 * width)
        assert spread[place] == pytest.approx(expected, abs=0.05)


def test_nine_of_ten_values_lie_in_their_intervals() -> None:
    rng = np.random.default_rng(2)
    found = Calibration(*heteroscedastic(rng, 3000))
    level, values = heteroscedastic(rng, 3000)
    low, high = found.interval(level)
    assert 0.88 < np.mean((low <= values) & (values <= high)) < 0.94


def test_a_tally_counts_what_it_is_shown() -> None:
    tally = Tally(1.0)
    tally.show(np.array([0.001, 0.002, -3.0]))
    tally.show(np.array([0.003]))
    middles, counts = tally.levels()
    assert counts.tolist() == [1, 3]
    np.testing.assert_allclose(middles, [-2.99, 0.01], atol=tally.width)


def one_campaign(seed: int) -> tuple[float, float, float]:
    """True recall, its estimate and its bound after docking the best predicted and some others."""
    rng = np.random.default_rng(seed)
    level, values = heteroscedastic(rng, 5000)
    docked = np.zeros(5000, bool)
    docked[np.argsort(level)[:150]] = True
    docked[rng.choice(5000, 150, replace=False)] = True
    best = np.argsort(values)[:50]
    tally = Tally(float(values[docked].std()))
    tally.show(level[~docked])
    own = Calibration(level[docked], values[docked])
    found = recall(own, values[docked], tally.levels(), 50, seed)
    return float(docked[best].mean()), found.estimate, found.bound


def test_the_recall_is_above_its_bound_and_near_its_estimate() -> None:
    truth, estimate, bound = np.array([one_campaign(seed) for seed in range(40)]).T
    assert np.mean(bound <= truth + 1e-9) >= 0.9
    # errors here are as large on the rest as on the docked: the allowance for that costs recall
    assert -0.12 < np.mean(estimate - truth) < 0.02
    assert np.median(truth - bound) < 0.25


def test_all_docked_is_a_recall_of_one() -> None:
    level, values = heteroscedastic(np.random.default_rng(3), 200)
    found = recall(Calibration(level, values), values, Tally(1.0).levels(), 2, 1)
    assert (found.estimate, found.bound) == (1.0, 1.0)
    # the threshold lies between the second and the third
    second, third = np.sort(values)[1:3]
    assert second < found.threshold < third


def test_a_model_of_nothing_finds_what_chance_finds() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=4000)
    docked = np.arange(4000) < 400
    tally = Tally(1.0)
    tally.show(np.zeros(3600))
    found = recall(
        Calibration(np.zeros(400), values[docked]), values[docked], tally.levels(), 40, 1
    )
    assert found.estimate == pytest.approx(0.1, abs=0.05)
    assert found.bound < 0.1


def test_tied_values_count_as_long_as_there_is_room() -> None:
    values = np.array([-9.0] * 6 + [-5.0] * 14)
    found = recall(Calibration(values.copy(), values), values, Tally(1.0).levels(), 4, 1)
    assert found.estimate == 1.0
