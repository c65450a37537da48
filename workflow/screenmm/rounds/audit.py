"""Whether the model helps: hits among what it acquired, beside chance and beside size.

A hit is a molecule as good as the best tenth of those drawn by chance, or a smaller part where
enough were drawn. A molecule that failed is no hit, and was paid for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import special

from screenmm.rounds.known import BY_CHANCE, Docked, How

HITS_BY_CHANCE = 10
"""Fewest hits among the draws by chance that a threshold leaves."""

FEWEST_BY_CHANCE = 20
"""Draws by chance without which nothing is said."""

DRAWS = 4000
"""Draws for an interval."""

REFITS = 400
"""Resamples of the draws by chance for the interval beside size."""

NEWTON_STEPS = 30
PRIOR_SLOPE = 25.0
"""Variance of the slope, in log odds for one spread of the sizes."""
SMALL = 1e-9

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
    if not spread:
        return Error(len(pairs), rmse, None)
    from scipy.stats import spearmanr  # noqa: PLC0415  (heavy import)

    return Error(len(pairs), rmse, float(spearmanr(pairs[:, 0], pairs[:, 1]).statistic))


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
            # nor are neighbours of the best, which are looked for after both
            if each.round < number
            or (each.round == number and each.how not in (*BY_CHANCE, How.NEIGHBOUR))
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
    sizes: Mapping[str, int],
    heaviest: Mapping[int, float],
    library: int,
    seed: int,
) -> Ratio:
    """Compare the share of hits among the acquired with that of as many of the heaviest molecules.

    What the heaviest would have given follows from draws by chance alone: a logistic regression
    of being a hit on the number of heavy atoms. A first batch drawn by chance stands for the
    library; without one, audits stand for what was not docked, beside what was.

    Parameters
    ----------
    docked : sequence of Docked
    hit : float
    sizes : mapping of str to int
        Heavy atoms of the docked molecules.
    heaviest : mapping of int to float
        How many of the library's heaviest, as many as were acquired, have each number of them.
    library : int
        Molecules in all.
    seed : int
        Of the draws for the interval.
    """
    acquired = [each for each in docked if each.how is How.ACQUIRED]
    if not acquired:
        return Ratio(None, None, None, "no molecule has been acquired by a model yet")
    rng = np.random.default_rng(seed)
    weights = [(each, weight) for each, weight in _standing(docked, library) if each.key in sizes]
    atoms = np.array([sizes[each.key] for each, _ in weights])
    hits = np.array([_is_hit(each, hit) for each, _ in weights])
    own = np.array([weight for _, weight in weights])
    draws = np.vstack([own, own * rng.exponential(size=(REFITS, len(own)))])
    chances = _hit_by_size(atoms, hits, draws, np.array(list(heaviest)))
    rate = chances @ np.array(list(heaviest.values())) / sum(heaviest.values())
    found = sum(_is_hit(each, hit) for each in acquired)
    share = np.r_[found, rng.gamma(found + 0.5, size=DRAWS)] / len(acquired)
    return _ratio(share / np.r_[rate[0], rng.choice(rate[1:], DRAWS)])


def _standing(docked: Sequence[Docked], library: int) -> list[tuple[Docked, float]]:
    """Docked molecules that stand for the library, each with how many it stands for."""
    first = [each for each in docked if each.how is How.RANDOM]
    if first:
        return [(each, library / len(first)) for each in first]
    audits = sum(each.how is How.AUDIT for each in docked)
    each_audit = 1 + (library - len(docked)) / max(audits, 1)
    return [(each, each_audit if each.how is How.AUDIT else 1.0) for each in docked]


def _hit_by_size(
    atoms: np.ndarray, hits: np.ndarray, weights: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """Chance of being a hit at each size that is asked for, for each row of weights.

    Logistic regression by Newton's method; the slope has a weak prior, which keeps it finite
    where sizes part hits from others.
    """
    distinct, place = np.unique(atoms, return_inverse=True)
    middle, step = distinct.mean(), max(float(atoms.std()), 1.0)
    x = (distinct - middle) / step
    scale = len(atoms) / weights.sum(axis=1, keepdims=True)
    total, of_hits = (
        np.array([np.bincount(place, row * by, len(distinct)) for row in weights]) * scale
        for by in (np.ones(len(atoms)), hits)
    )
    base, slope = np.zeros((2, len(weights), 1))
    for _ in range(NEWTON_STEPS):
        chance = special.expit(base + slope * x)
        pull, curve = of_hits - total * chance, total * chance * (1 - chance)
        by_base, by_slope = pull.sum(axis=1), (pull * x).sum(axis=1) - slope[:, 0] / PRIOR_SLOPE
        a, b = curve.sum(axis=1) + SMALL, (curve * x).sum(axis=1)
        c = (curve * x * x).sum(axis=1) + 1 / PRIOR_SLOPE
        known = a * c - b * b
        base[:, 0] += np.clip((c * by_base - b * by_slope) / known, -2, 2)
        slope[:, 0] += np.clip((a * by_slope - b * by_base) / known, -2, 2)
    return np.asarray(special.expit(base + slope * (asked - middle) / step))


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
            "The model does not help, as far as draws by chance can tell: it finds hits "
            f"{chance} as fast as chance.",
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
        f"{ahead}, but is no better than size, as far as draws by chance can tell: "
        f"{size} as fast as the heaviest molecules first.",
    )
