import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from screenmm.rounds.audit import (
    Ratio,
    Verdict,
    _hit_by_size,
    beside_chance,
    beside_size,
    error_on_unseen,
    judge,
    threshold,
)
from screenmm.rounds.known import Docked, How


def batch(how: How, number: int, values: list[float | None], start: int) -> list[Docked]:
    return [
        Docked(f"K{start + place:05d}", number, how, value, None)
        for place, value in enumerate(values)
    ]


def drawn(n: int = 100) -> list[Docked]:
    """Values 0, 1, 2, ... drawn by chance: the ten hits are 0 to 9."""
    return batch(How.RANDOM, 1, [float(value) for value in range(n)], 0)


def test_a_hit_is_as_good_as_the_best_tenth_drawn_by_chance() -> None:
    assert threshold(drawn(100), 0.01) == 9.0
    assert threshold(drawn(2000), 0.01) == 19.0
    assert threshold(drawn(19), 0.01) is None
    failed = batch(How.RANDOM, 1, [None] * 30, 0)
    assert threshold(failed, 0.01) is None


def test_half_hits_are_five_times_a_tenth() -> None:
    acquired = batch(How.ACQUIRED, 2, [1.0] * 50 + [50.0] * 40 + [None] * 10, 500)
    found = beside_chance([*drawn(), *acquired], 9.0, 10**6, 1)
    assert found.value == pytest.approx(5.0, abs=1e-3)
    # Katz's interval of the same ratio of shares, in closed form
    half = 1.96 * np.sqrt(1 / 50 - 1 / 100 + 1 / 10 - 1 / 100)
    assert found.low == pytest.approx(5 * np.exp(-half), rel=0.15)
    assert found.high == pytest.approx(5 * np.exp(half), rel=0.15)
    assert found.faster


def test_an_audit_stands_for_the_rest_and_not_for_what_was_docked_before() -> None:
    start = batch(How.START, 1, [0.0] * 30 + [99.0] * 20, 0)
    acquired = batch(How.ACQUIRED, 2, [0.0] * 20 + [99.0] * 30, 100)
    audits = batch(How.AUDIT, 2, [0.0] * 2 + [99.0] * 38, 200)
    found = beside_chance([*start, *acquired, *audits], 0.0, 500, 1)
    # 50 hits known, and a twentieth of the 400 that were not docked before
    assert found.value == pytest.approx((20 / 50) / ((50 + 0.05 * 400) / 500))


def sized(n: int, seed: int = 1) -> tuple[list[Docked], dict[str, int], np.ndarray]:
    """Draws by chance of 15 to 35 heavy atoms: a hit has a chance that grows with them."""
    rng = np.random.default_rng(seed)
    atoms = rng.integers(15, 36, n)
    chance = 1 / (1 + np.exp(-(-1.5 + 0.3 * (atoms - 25))))
    values = np.where(rng.random(n) < chance, 0.0, 99.0)
    docked = batch(How.RANDOM, 1, values.tolist(), 0)
    return docked, {each.key: int(size) for each, size in zip(docked, atoms, strict=True)}, atoms


def test_what_the_heaviest_would_have_given_follows_from_draws_by_chance() -> None:
    docked, sizes, _ = sized(3000)
    acquired = batch(How.ACQUIRED, 2, [0.0] * 90 + [99.0] * 10, 5000)
    found = beside_size([*docked, *acquired], 0.0, sizes, {35: 60, 34: 40}, 10**6, 1)
    expected = 0.6 / (1 + np.exp(-1.5)) + 0.4 / (1 + np.exp(-1.2))
    assert found.value == pytest.approx(0.9 / expected, rel=0.05)
    assert found.low < 0.9 / expected < found.high


def test_its_slope_is_scikit_learns() -> None:
    _, _, atoms = sized(500)
    hits = np.array([each.value == 0 for each in sized(500)[0]])
    own = _hit_by_size(atoms, hits, np.ones((1, 500)), np.array([20, 30]))[0]
    reference = LogisticRegression(C=25.0 / atoms.std() ** 2).fit(atoms[:, None], hits)
    expected = reference.predict_proba(np.array([[20], [30]]))[:, 1]
    np.testing.assert_allclose(own, expected, atol=0.01)


def test_few_draws_claim_no_lead_over_size() -> None:
    docked, sizes, _ = sized(30)
    acquired = batch(How.ACQUIRED, 2, [0.0] * 9 + [99.0], 5000)
    assert not beside_size([*docked, *acquired], 0.0, sizes, {35: 10}, 10**6, 1).faster


def test_audits_stand_for_the_rest_without_a_first_batch_by_chance() -> None:
    docked, sizes, _ = sized(2000)
    start = batch(How.START, 1, [0.0] * 50, 7000)
    audits = [Docked(each.key, 2, How.AUDIT, each.value) for each in docked]
    acquired = batch(How.ACQUIRED, 2, [0.0] * 90 + [99.0] * 10, 5000)
    alone = beside_size([*docked, *acquired], 0.0, sizes, {35: 100}, 10**6, 1)
    found = beside_size([*start, *audits, *acquired], 0.0, sizes, {35: 100}, 10**6, 1)
    assert found.value == pytest.approx(alone.value, rel=0.02)


def test_the_error_is_that_of_audits_predicted_before() -> None:
    audits = [
        Docked(f"K{place}", 2, How.AUDIT, value, said)
        for place, (value, said) in enumerate([(1.0, 2.0), (2.0, 2.0), (3.0, 5.0), (None, 1.0)])
    ]
    other = Docked("X", 2, How.ACQUIRED, 0.0, 100.0)
    found = error_on_unseen([*audits, other])
    assert found.n == 3
    assert found.rmse == pytest.approx(np.sqrt(5 / 3))
    assert found.spearman == pytest.approx(np.sqrt(3) / 2)
    assert error_on_unseen([other]).rmse is None


NOT_KNOWN = Ratio(None, None, None, "too few")


@pytest.mark.parametrize(
    ("chance", "size", "verdict", "words"),
    [
        (Ratio(5, 3, 8), Ratio(1.6, 1.2, 2.1), Verdict.HELPS,
         "The model finds hits 5.0 times (3.0 to 8.0) faster than chance "
         "and 1.6 times (1.2 to 2.1) faster than taking the heaviest molecules first."),
        (Ratio(5, 3, 8), Ratio(1.1, 0.9, 1.3), Verdict.NO_BETTER_THAN_SIZE,
         "but is no better than size, as far as draws by chance can tell: 1.1 times (0.9 to 1.3)"),
        (Ratio(1.2, 0.7, 2), Ratio(1.6, 1.2, 2.1), Verdict.DOES_NOT_HELP,
         "The model does not help, as far as draws by chance can tell: it finds hits 1.2 times "
         "(0.7 to 2.0) as fast as chance."),
        (NOT_KNOWN, NOT_KNOWN, Verdict.UNKNOWN, "not known: too few."),
        (Ratio(5, 3, 8), NOT_KNOWN, Verdict.UNKNOWN, "beside size it is not known: too few."),
    ],
)  # fmt: skip
def test_what_is_said(chance: Ratio, size: Ratio, verdict: Verdict, words: str) -> None:
    found = judge(chance, size)
    assert found[0] is verdict
    assert words in found[1]
