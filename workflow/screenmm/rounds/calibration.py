"""What the surrogate's predictions are worth: their errors by level, and what was probably missed.

The errors are those on molecules left out of the fit one at a time. They are looked at by level,
among molecules of nearly the same prediction: where a molecule was chosen for its prediction
alone, its error is as good as a random one of that level, so the docked molecules that were
acquired say most about those that nearly were.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

NEAR = 100
"""Docked molecules of nearest prediction whose errors stand for a molecule's."""

COVERAGE = 0.9
"""Of the interval of a prediction."""

RESAMPLES = 200
"""Resamples of the errors for the bound on the recall."""

CONFIDENCE = 0.95
"""That the recall is above its lower bound, one-sided."""

BINS_PER_SPREAD = 100
"""Bins that predictions are counted in, for one standard deviation of the docked values."""


@dataclass(frozen=True)
class Calibration:
    """Errors of a model by the level of its predictions.

    Parameters
    ----------
    levels : numpy.ndarray, shape (n,)
        Predictions of molecules left out, ascending.
    errors : numpy.ndarray, shape (n,)
        Value less prediction of each.
    """

    levels: np.ndarray
    errors: np.ndarray

    @classmethod
    def of(cls, left_out: np.ndarray, values: np.ndarray) -> Calibration:
        """Sort the errors of molecules left out by their predictions."""
        order = np.argsort(left_out, kind="stable")
        return cls(left_out[order], (values - left_out)[order])

    @property
    def near(self) -> int:
        """How many errors stand for a molecule's."""
        return min(NEAR, len(self.levels))

    def starts(self, predictions: np.ndarray) -> np.ndarray:
        """Give each prediction the first of the ``near`` docked molecules around its level."""
        place = np.searchsorted(self.levels, predictions)
        return np.clip(place - self.near // 2, 0, len(self.levels) - self.near)

    def interval(self, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give each prediction an interval that holds the value in 90 % of cases.

        Returns
        -------
        low, high : numpy.ndarray
            Quantiles of the errors about its level, added to it.
        """
        starts = self.starts(predictions)
        needed, back = np.unique(starts, return_inverse=True)
        windows = np.lib.stride_tricks.sliding_window_view(self.errors, self.near)[needed]
        ends = np.quantile(windows, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2), axis=1)
        return predictions + ends[0][back], predictions + ends[1][back]


class Tally:
    """How many molecules of the rest have which prediction, in memory for the levels alone.

    Parameters
    ----------
    spread : float
        Standard deviation of the docked values.
    """

    def __init__(self, spread: float) -> None:
        self.width = spread / BINS_PER_SPREAD if spread > 0 else 1.0
        self._counts: Counter[int] = Counter()

    def show(self, predictions: np.ndarray, sign: int = 1) -> None:
        """Count molecules; with ``sign=-1`` those that were counted and do not belong."""
        bins, counts = np.unique(np.floor(predictions / self.width), return_counts=True)
        for place, count in zip(bins.astype(int).tolist(), counts.tolist(), strict=True):
            self._counts[place] += sign * count

    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """Middle of each bin that holds molecules, ascending, and how many it holds."""
        filled = sorted(place for place, count in self._counts.items() if count)
        middles = (np.array(filled, dtype=float) + 0.5) * self.width
        return middles, np.array([self._counts[place] for place in filled], dtype=float)


@dataclass(frozen=True)
class Recall:
    """Share of the library's best that was docked.

    Attributes
    ----------
    estimate : float
    bound : float
        The recall is above it with a confidence of 95 %, if errors on the rest are like those on
        docked molecules of the same prediction.
    threshold : float
        Estimated value of the last of the library's best.
    """

    estimate: float
    bound: float
    threshold: float


def recall(
    calibration: Calibration,
    values: np.ndarray,
    rest: tuple[np.ndarray, np.ndarray],
    wanted: int,
    seed: int,
) -> Recall:
    """Estimate how many of the library's best ``wanted`` molecules were docked.

    For any threshold, molecules at least as good are those docked, which are known, and those of
    the rest, each with the probability that its level's errors give. The threshold at which both
    together make ``wanted`` is that of the library's best. Errors are drawn anew (the Bayesian
    bootstrap; Rubin 1981, 10.1214/aos/1176345338), and the number in the rest varies about its
    expectation as a Poisson number does.

    Parameters
    ----------
    calibration : Calibration
    values : numpy.ndarray, shape (n,)
        Of all docked molecules; smaller is better.
    rest : (numpy.ndarray, numpy.ndarray)
        Levels of the rest and how many molecules each holds, as from :class:`Tally`.
    wanted : int
        At least one.
    seed : int
        Of the resamples.

    Returns
    -------
    Recall
        Molecules that tie with the last of the best count as long as there is room.
    """
    steps, docked = _thresholds(values, wanted)
    hidden = _drawn(calibration, rest, steps, seed)
    found = np.array([_found(docked, each, wanted) for each in hidden]) / wanted
    bound = float(np.quantile(found[1:], 1 - CONFIDENCE, method="lower"))
    last = int(np.searchsorted(docked + hidden[0], wanted))
    return Recall(
        float(found[0]), min(bound, float(found[0])), float(steps[min(last, len(steps) - 1)])
    )


def expected_hits(
    calibration: Calibration, rest: tuple[np.ndarray, np.ndarray], hit: float, seed: int
) -> np.ndarray:
    """Estimate how many molecules that were not docked are hits.

    Parameters
    ----------
    calibration : Calibration
    rest : (numpy.ndarray, numpy.ndarray)
        As for :func:`recall`.
    hit : float
        Largest value of a hit.
    seed : int
        The same seed draws the same errors.

    Returns
    -------
    numpy.ndarray, shape (1 + RESAMPLES,)
        Expectation, then draws.
    """
    return _drawn(calibration, rest, np.array([hit]), seed)[:, 0]


def _drawn(
    calibration: Calibration, rest: tuple[np.ndarray, np.ndarray], steps: np.ndarray, seed: int
) -> np.ndarray:
    """Molecules of the rest better than each step: in the first row expected, then drawn."""
    rng = np.random.default_rng(seed)
    n = len(calibration.errors)
    weights = np.vstack([np.ones(n), rng.exponential(size=(RESAMPLES, n))])
    hidden = _expected(calibration, rest, steps, weights)
    noise = np.r_[0.0, rng.normal(size=RESAMPLES)]
    return np.maximum(hidden + noise[:, None] * np.sqrt(hidden), 0)


def _thresholds(values: np.ndarray, wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Thresholds between docked values, and how many docked molecules are better than each.

    They lie halfway to the next value, for values may be rounded; the first is better than all.
    """
    distinct, counts = np.unique(values, return_counts=True)
    gaps = np.diff(distinct)
    first = distinct[0] - (gaps[0] / 2 if len(gaps) else 0.5)
    last = distinct[-1] + (gaps[-1] / 2 if len(gaps) else 0.5)
    steps = np.r_[first, distinct[:-1] + gaps / 2, last]
    docked = np.r_[0, np.cumsum(counts)]
    enough = int(np.searchsorted(docked, wanted)) + 1
    return steps[:enough], docked[:enough]


def _expected(
    calibration: Calibration,
    rest: tuple[np.ndarray, np.ndarray],
    steps: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Molecules of the rest that are better than each step, for each row of weights of errors."""
    middles, counts = rest
    near, total = calibration.near, np.zeros((len(weights), len(steps)))
    for start, middle, count in zip(calibration.starts(middles), middles, counts, strict=True):
        own = slice(int(start), int(start) + near)
        place = np.searchsorted(steps, middle + calibration.errors[own])
        if place.min() == len(steps):
            continue
        share = weights[:, own] / weights[:, own].sum(axis=1, keepdims=True)
        each = place < len(steps)
        onto = np.zeros((int(each.sum()), len(steps)))
        onto[np.arange(len(onto)), place[each]] = count
        total += share[:, each] @ onto
    return np.cumsum(total, axis=1)


def _found(docked: np.ndarray, hidden: np.ndarray, wanted: int) -> float:
    """How many of the best ``wanted`` were docked."""
    both = docked + hidden
    last = int(np.searchsorted(both, wanted))
    if last == 0:
        return 0.0
    if last == len(both):
        return float(docked[-1])
    tied = docked[last] - docked[last - 1]
    return float(docked[last - 1] + min(tied, np.floor(wanted - both[last - 1])))
