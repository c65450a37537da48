from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from screenmm.analysis.arm_costs import arm_costs
from screenmm.analysis.arms import Arm, Spent, compare, rates, verdict
from screenmm.analysis.ideas import Outcome
from screenmm.metrics.generation import ArmRates, Times
from screenmm.rounds.known import How

YES, NO, FAILED = Outcome.ACCEPTED, Outcome.NOT_BEYOND_BEST_KNOWN, Outcome.NOT_RANKED


def arm(
    name: Arm, accepted: int, docked: int, hours: float | None = None, price: float | None = None
) -> ArmRates:
    judged = [(How(name), YES)] * accepted + [(How(name), NO)] * (docked - accepted)
    return rates(name, judged, None if hours is None else Spent(hours, price))


def test_rates_count_what_an_arm_docked() -> None:
    judged = [(How.LEARNED, YES), (How.LEARNED, FAILED), (How.BOTH, YES), (How.BLIND, NO),
              (How.NEIGHBOUR, NO)]  # fmt: skip
    learned, blind, near = (rates(each, judged, Spent(4.0, 8.0)) for each in Arm)
    assert (learned.docked, learned.ranked, learned.accepted) == (3, 2, 2)
    assert (blind.docked, blind.accepted) == (2, 1)
    assert (near.docked, near.accepted) == (1, 0)
    assert learned.outcomes == {"accepted": 2, "not_ranked": 1}
    assert learned.per_100 == pytest.approx(200 / 3)
    assert (learned.per_cpu_h, learned.cpu_h_each, learned.price_each) == (0.5, 2.0, 4.0)
    assert near.per_cpu_h == 0
    assert near.cpu_h_each is None
    assert near.price_each is None


def test_a_rates_interval_is_jeffreys() -> None:
    found = arm(Arm.BLIND, 3, 40, hours=10.0)
    assert found.per_100_low == pytest.approx(100 * stats.beta(3.5, 37.5).ppf(0.025))
    assert found.per_100_high == pytest.approx(100 * stats.beta(3.5, 37.5).ppf(0.975))
    assert found.per_cpu_h_low == pytest.approx(stats.gamma(3.5).ppf(0.025) / 10)
    assert found.per_cpu_h_high == pytest.approx(stats.gamma(3.5).ppf(0.975) / 10)
    assert arm(Arm.BLIND, 0, 40).per_100_low == 0
    assert arm(Arm.BLIND, 40, 40).per_100_high == 100


def test_an_arm_without_molecules_has_no_rates() -> None:
    empty = rates(Arm.BLIND, [])
    assert (empty.docked, empty.per_100, empty.per_100_low, empty.per_cpu_h) == (
        0,
        None,
        None,
        None,
    )
    for pair in ((arm(Arm.LEARNED, 1, 5), empty), (rates(Arm.LEARNED, []), arm(Arm.BLIND, 1, 5))):
        found = compare(*pair, 1)
        assert found.says == "unknown"
        assert found.per_docked.value is None
    assert "no blind proposal was docked" in compare(arm(Arm.LEARNED, 1, 5), empty, 1).text
    assert "no learned proposal was docked" in found.text


def test_the_ratio_is_learned_over_the_other() -> None:
    found = compare(arm(Arm.LEARNED, 60, 200), arm(Arm.BLIND, 20, 200), 1)
    assert found.per_docked.value == pytest.approx(3)
    # Katz's interval of a ratio of shares, in closed form
    half = 1.96 * np.sqrt(1 / 60 - 1 / 200 + 1 / 20 - 1 / 200)
    assert found.per_docked.low == pytest.approx(3 * np.exp(-half), rel=0.05)
    assert found.per_docked.high == pytest.approx(3 * np.exp(half), rel=0.05)
    assert found.says == "helps"
    assert "60 of 200" in found.text
    assert "3.00 times" in found.text
    back = compare(arm(Arm.LEARNED, 20, 200), arm(Arm.BLIND, 60, 200), 1)
    assert back.says == "worse"
    assert back.per_docked.value == pytest.approx(1 / 3)
    assert "worse than blind proposals" in back.text


def test_equal_arms_are_not_told_apart() -> None:
    found = compare(arm(Arm.LEARNED, 30, 200, 10.0), arm(Arm.BLIND, 30, 200, 10.0), 1)
    assert found.says == "not_told_apart"
    assert found.per_docked.low < 1 < found.per_docked.high
    assert found.per_cpu_h.low < 1 < found.per_cpu_h.high


def test_learning_must_be_ahead_per_hour_too() -> None:
    learned, blind = (60, 200), (20, 200)
    dear = compare(arm(Arm.LEARNED, *learned, 300.0), arm(Arm.BLIND, *blind, 100.0), 1)
    assert dear.says == "not_told_apart"
    assert dear.per_cpu_h.value == pytest.approx(1)
    assert compare(arm(Arm.LEARNED, *learned, 100.0), arm(Arm.BLIND, *blind, 100.0), 1).says == (
        "helps"
    )
    assert "per CPU hour" in dear.text
    unknown = compare(arm(Arm.LEARNED, *learned, 300.0), arm(Arm.BLIND, *blind), 1)
    assert unknown.per_cpu_h is None
    assert "per CPU hour" not in unknown.text


def test_without_an_accepted_idea_of_the_others_there_is_a_lower_bound() -> None:
    found = compare(arm(Arm.LEARNED, 30, 100), arm(Arm.NEIGHBOUR, 0, 100), 1)
    assert (found.says, found.per_docked.value, found.per_docked.high) == ("helps", None, None)
    assert found.per_docked.low > 1
    assert "at least" in found.text
    nothing = compare(arm(Arm.LEARNED, 0, 100), arm(Arm.NEIGHBOUR, 0, 100), 1)
    assert nothing.says == "not_told_apart"
    assert "times" not in nothing.text


def test_the_same_seed_gives_the_same_interval() -> None:
    pair = arm(Arm.LEARNED, 5, 50), arm(Arm.BLIND, 3, 50)
    assert compare(*pair, 7) == compare(*pair, 7)
    assert compare(*pair, 7) != compare(*pair, 8)


def test_measures_must_agree() -> None:
    ahead, behind = Times(value=2, low=1.5, high=3), Times(value=0.5, low=0.2, high=0.9)
    assert verdict([ahead]) == verdict([ahead, ahead]) == "helps"
    assert verdict([behind]) == "worse"
    assert verdict([ahead, behind]) == "not_told_apart"


def test_costs_are_shared_by_molecule_and_proposing_by_those_who_propose() -> None:
    batch = (
        [How.ACQUIRED] * 4 + [How.LEARNED] * 3 + [How.BLIND] * 2 + [How.BOTH, *[How.NEIGHBOUR] * 2]
    )
    found = arm_costs({1: [How.RANDOM] * 5, 2: batch}, {1: Spent(50.0, 5.0), 2: Spent(31.0, 62.0)},
                      {2: Spent(7.0, 14.0)})  # fmt: skip
    # 24 hours for twelve molecules, and seven of proposing for four and three
    assert found[Arm.LEARNED].cpu_h == pytest.approx(4 * 2 + 4)
    assert found[Arm.BLIND].cpu_h == pytest.approx(3 * 2 + 3)
    assert found[Arm.NEIGHBOUR].cpu_h == pytest.approx(2 * 2)
    assert found[Arm.NEIGHBOUR].price == pytest.approx(2 * 4)
    unpriced = arm_costs({2: batch, 3: []}, {2: Spent(31.0)}, {})
    assert unpriced[Arm.LEARNED].price is None
    assert unpriced[Arm.LEARNED].cpu_h == pytest.approx(31 * 4 / 12)
