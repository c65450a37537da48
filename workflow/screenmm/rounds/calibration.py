"""What the surrogate's predictions are worth: their errors by level, and what was probably missed.

The errors are those on molecules left out of the fit one at a time. Their mean and their spread
are smoothed over the level of the prediction: where a molecule was chosen for its prediction
alone, its error is as good as a random one of that level, so molecules that were acquired say
most about those that nearly were, and those drawn by chance about the many of middling
prediction. Divided by the spread of their level, errors of all levels together give the tails.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import special

COVERAGE = 0.9
"""Of the interval of a prediction."""

RESAMPLES = 200
"""Resamples of the errors for the bound on the recall."""

CONFIDENCE = 0.95
"""That the recall is above its lower bound, one-sided."""

BINS_PER_SPREAD = 50
"""Bins that predictions are counted in, for one standard deviation of the docked values."""

LEVELS = 200
"""Levels at which errors are looked at."""

BANDWIDTH = 0.3
"""Width of the kernel that errors are smoothed with, in standard deviations of the levels."""

PRIOR = 3.0
"""Molecules of mean error and spread that stand at every level, where few were docked."""

OPTIMISM = 1.07
"""Spread of the errors on the rest, in that on docked molecules left out: they are more alike."""

STEPS = 200
"""Most thresholds that are tried for the library's best."""

TAIL = 8.0
"""Spreads beyond which an error counts as this large."""

FINE = 400
"""Places at which the distribution of errors is kept."""


@dataclass(frozen=True)
class Calibration:
    """Errors of a model by the level of its predictions.

    Parameters
    ----------
    left_out : numpy.ndarray, shape (n,)
        Predictions of molecules left out.
    values : numpy.ndarray, shape (n,)
        What they came to.
    """

    left_out: np.ndarray
    values: np.ndarray

    @cached_property
    def levels(self) -> np.ndarray:
        """Levels at which errors are looked at, ascending."""
        return np.linspace(self.left_out.min(), self.left_out.max(), LEVELS)

    @cached_property
    def _kernel(self) -> np.ndarray:
        width = BANDWIDTH * float(self.left_out.std())
        away = np.subtract.outer(self.levels, self.levels)
        return np.exp(-0.5 * (away / width) ** 2) if width > 0 else np.ones_like(away)

    @cached_property
    def _places(self) -> np.ndarray:
        return self.place(self.left_out)

    def place(self, predictions: np.ndarray) -> np.ndarray:
        """Nearest level of each prediction; beyond the docked ones, the last."""
        first, last = self.levels[[0, -1]]
        step = (last - first) / (LEVELS - 1)
        if step == 0:
            return np.zeros(len(predictions), dtype=int)
        return np.clip(np.round((predictions - first) / step), 0, LEVELS - 1).astype(int)

    def smoothed(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and spread of the errors at each level.

        Parameters
        ----------
        weights : numpy.ndarray, shape (rows, n)
            How often each docked molecule counts.

        Returns
        -------
        mean, spread : numpy.ndarray, shape (rows, LEVELS)
        """
        errors = self.values - self.left_out
        count, first, second = (
            np.array([np.bincount(self._places, row * by, LEVELS) for row in weights])
            for by in (np.ones_like(errors), errors, errors**2)
        )
        every = count.sum(axis=1, keepdims=True)
        overall = [each.sum(axis=1, keepdims=True) / every for each in (first, second)]
        mass = count @ self._kernel + PRIOR
        mean = (first @ self._kernel + PRIOR * overall[0]) / mass
        square = (second @ self._kernel + PRIOR * overall[1]) / mass
        return mean, OPTIMISM * np.sqrt(np.maximum(square - mean**2, 0))

    @cached_property
    def _plain(self) -> tuple[np.ndarray, np.ndarray]:
        mean, spread = self.smoothed(np.ones((1, len(self.values))))
        return mean[0], spread[0]

    @cached_property
    def standard(self) -> np.ndarray:
        """Errors of the docked molecules less the mean of their level, in its spreads."""
        mean, spread = (each[self._places] for each in self._plain)
        errors = OPTIMISM * (self.values - self.left_out - mean)
        return np.divide(errors, spread, out=np.zeros_like(errors), where=spread > 0)

    def interval(self, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Give each prediction an interval that holds the value in 90 % of cases.

        Returns
        -------
        low, high : numpy.ndarray
        """
        place = self.place(predictions)
        mean, spread = (each[place] for each in self._plain)
        ends = np.quantile(self.standard, ((1 - COVERAGE) / 2, (1 + COVERAGE) / 2))
        return predictions + mean + ends[0] * spread, predictions + mean + ends[1] * spread


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

    def show(self, predictions: np.ndarray) -> None:
        """Count molecules."""
        bins, counts = np.unique(np.floor(predictions / self.width), return_counts=True)
        for place, count in zip(bins.astype(int).tolist(), counts.tolist(), strict=True):
            self._counts[place] += count

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


def _drawn(
    calibration: Calibration, rest: tuple[np.ndarray, np.ndarray], steps: np.ndarray, seed: int
) -> np.ndarray:
    """Molecules of the rest better than each step: in the first row expected, then drawn."""
    rng = np.random.default_rng(seed)
    n = len(calibration.values)
    weights = np.vstack([np.ones(n), rng.exponential(size=(RESAMPLES, n))])
    hidden = _expected(calibration, rest, steps, weights)
    noise = np.r_[0.0, rng.normal(size=RESAMPLES)]
    return np.maximum(hidden + noise[:, None] * np.sqrt(hidden), 0)


def _expected(
    calibration: Calibration,
    rest: tuple[np.ndarray, np.ndarray],
    steps: np.ndarray,
    weights: np.ndarray,
) -> np.ndarray:
    """Molecules of the rest that are better than each step, for each row of weights of errors."""
    middles, counts = rest
    mean, spread = calibration.smoothed(weights)
    place = calibration.place(middles)
    fine = np.linspace(-TAIL, TAIL, FINE)
    # values have a floor that the best come near, and cut the tail of their errors
    normal = special.ndtr(fine) * (fine < 0)
    bins = np.searchsorted(fine, np.clip(calibration.standard, -TAIL, TAIL))
    total = np.empty((len(weights), len(steps)))
    for row, own in enumerate(weights):
        below = np.maximum(np.cumsum(np.bincount(bins, own, FINE)) / own.sum(), normal)
        scale = np.maximum(spread[row][place], np.finfo(float).tiny)
        reach = np.subtract.outer(steps, middles + mean[row][place]) / scale
        total[row] = np.interp(reach, fine, below, left=0.0) @ counts
    return total


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
    kept = np.unique(np.linspace(0, min(enough, len(steps)) - 1, STEPS).astype(int))
    return steps[kept], docked[kept]


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
