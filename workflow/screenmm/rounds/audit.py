"""Whether the model helps: hits among what it acquired, beside chance and beside size.

A hit is a molecule as good as the best tenth of those drawn by chance, or a smaller part where
enough were drawn. A molecule that failed is no hit, and was paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from screenmm.rounds.known import BY_CHANCE, Docked, How

HITS_BY_CHANCE = 10
"""Fewest hits among the draws by chance that a threshold leaves."""

FEWEST_BY_CHANCE = 20
"""Draws by chance without which nothing is said."""

DRAWS = 4000
"""Draws for an interval."""

PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Ratio:
    """How many times faster hits are found than otherwise, with its 95 % interval.

    Attributes
    ----------
    value, low, high : float or None
        None where it cannot be told.
    reason : str
        Why it cannot be told; else empty.
    """

    value: float | None
    low: float | None
    high: float | None
    reason: str = ""

    @property
    def faster(self) -> bool:
        """Whether it is surely above one."""
        return self.low is not None and self.low > 1

    def __str__(self) -> str:
        return f"{self.value:.1f} times ({self.low:.1f} to {self.high:.1f})"


class Verdict(StrEnum):
    """What the model is worth."""

    HELPS = "helps"
    NO_BETTER_THAN_SIZE = "no_better_than_size"
    DOES_NOT_HELP = "does_not_help"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Error:
    """Error of predictions that were made before docking, on molecules drawn by chance.

    Attributes
    ----------
    n : int
    rmse : float or None
        Root mean square, in the values' unit; None without any.
    spearman : float or None
        Rank correlation with the values; None below three molecules or without spread.
    """

    n: int
    rmse: float | None
    spearman: float | None


def error_on_unseen(docked: Sequence[Docked]) -> Error:
    """Measure the model on the molecules of all audits."""
    pairs = np.array(
        [
            (each.value, each.predicted)
            for each in docked
            if each.how is How.AUDIT and each.value is not None and each.predicted is not None
        ]
    ).reshape(-1, 2)
    if not len(pairs):
        return Error(0, None, None)
    rmse = float(np.sqrt(np.mean((pairs[:, 0] - pairs[:, 1]) ** 2)))
    spread = len(pairs) >= 3 and np.ptp(pairs, axis=0).min() > 0
    rank = float(stats.spearmanr(pairs[:, 0], pairs[:, 1]).statistic) if spread else None
    return Error(len(pairs), rmse, rank)


def threshold(docked: Sequence[Docked], top: float) -> float | None:
    """Give the value that a hit has or is better than; None without enough draws by chance.

    Parameters
    ----------
    docked : sequence of Docked
    top : float
        Smallest share of the draws by chance that are hits.
    """
    drawn = [each for each in docked if each.how in BY_CHANCE]
    values = sorted(each.value for each in drawn if each.value is not None)
    place = max(HITS_BY_CHANCE, int(np.ceil(top * len(drawn))))
    if len(drawn) < FEWEST_BY_CHANCE or len(values) < place:
        return None
    return values[place - 1]


def beside_chance(docked: Sequence[Docked], hit: float, library: int, seed: int) -> Ratio:
    """Compare the share of hits among the acquired with that of the whole library.

    The library's share is estimated from each round's draws by chance, which stand for what was
    not docked until then, beside what was; rounds count by their draws.

    Parameters
    ----------
    docked : sequence of Docked
    hit : float
        From :func:`threshold`.
    library : int
        Molecules in all.
    seed : int
        Of the draws for the interval.
    """
    acquired = [each for each in docked if each.how is How.ACQUIRED]
    if not acquired:
        return Ratio(None, None, None, "no molecule has been acquired by a model yet")
    rng = np.random.default_rng(seed)
    hits = sum(_is_hit(each, hit) for each in acquired)
    chance, drawn = np.zeros(DRAWS + 1), 0
    for number in sorted({each.round for each in docked if each.how in BY_CHANCE}):
        own = [each for each in docked if each.round == number and each.how in BY_CHANCE]
        # an audit is drawn after its round's molecules are acquired
        before = [
            each
            for each in docked
            if each.round < number or (each.round == number and each.how not in BY_CHANCE)
        ]
        found, n = sum(_is_hit(each, hit) for each in own), len(own)
        share = np.r_[found / n, rng.beta(found + 0.5, n - found + 0.5, DRAWS)]
        known = sum(_is_hit(each, hit) for each in before)
        chance += n * (known + (library - len(before)) * share) / library
        drawn += n
    rate = np.r_[hits, rng.gamma(hits + 0.5, size=DRAWS)] / len(acquired)
    return _ratio(rate * drawn / chance)


def beside_size(
    docked: Sequence[Docked],
    hit: float,
    heaviest: dict[str, float],
    expected: np.ndarray,
    seed: int,
) -> Ratio:
    """Compare the acquired hits with those among as many of the library's heaviest molecules.

    Parameters
    ----------
    docked : sequence of Docked
    hit : float
    heaviest : dict of str to float
        Docked molecules among the heaviest, and which share of each is (below one where
        molecules of equal size would go beyond the number).
    expected : numpy.ndarray, shape (1 + draws,)
        Hits among the others of the heaviest, which were not docked: expectation, and draws.
    seed : int
        Of the draws for the interval.
    """
    rng = np.random.default_rng(seed)
    model = {each.key for each in docked if each.how is How.ACQUIRED and _is_hit(each, hit)}
    if not any(each.how is How.ACQUIRED for each in docked):
        return Ratio(None, None, None, "no molecule has been acquired by a model yet")
    size = {each.key: heaviest.get(each.key, 0.0) for each in docked if _is_hit(each, hit)}
    common = sum(size[key] for key in model)
    # hits that both find are the same draws of chance: they cancel
    both, ours, theirs = (
        np.r_[found, rng.gamma(found + 0.5, size=DRAWS)]
        for found in (common, len(model) - common, sum(size.values()) - common)
    )
    others = np.r_[expected[0], rng.choice(expected[1:], DRAWS)]
    below = both + theirs + others
    if below[0] <= 0:
        return Ratio(None, None, None, "no hit is known or expected among the heaviest molecules")
    return _ratio((both + ours) / below)


def _is_hit(each: Docked, hit: float) -> bool:
    return each.value is not None and each.value <= hit


def _ratio(draws: np.ndarray) -> Ratio:
    low, high = np.percentile(draws[1:], PERCENTILES)
    return Ratio(float(draws[0]), float(low), float(high))


def judge(chance: Ratio, size: Ratio) -> tuple[Verdict, str]:
    """Say in words what the model is worth; a ratio is claimed where its interval excludes one."""
    if chance.value is None:
        return Verdict.UNKNOWN, f"Whether the model helps is not known: {chance.reason}."
    if not chance.faster:
        return (
            Verdict.DOES_NOT_HELP,
            f"The model does not help: it finds hits {chance} as fast as chance.",
        )
    ahead = f"The model finds hits {chance} faster than chance"
    if size.value is None:
        return Verdict.UNKNOWN, f"{ahead}; beside size it is not known: {size.reason}."
    if size.faster:
        return (
            Verdict.HELPS,
            f"{ahead} and {size} faster than taking the heaviest molecules first.",
        )
    return (
        Verdict.NO_BETTER_THAN_SIZE,
        f"{ahead}, but is no better than size: {size} as fast as the heaviest molecules first.",
    )
