"""Bootstrap intervals: how far a measure could have come out otherwise.

The ligands are drawn anew, with replacement, many times; actives and inactives apart, so
that every resample has as many of each as the list. All scores of the same ligands share
the draws, so the difference of two scores has an interval of its own, which is narrower
than what their own intervals suggest.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from screenmm.metrics.measures import Interval

RESAMPLES = 1000
"""Resamples of a list of ordinary length."""

FEWEST_RESAMPLES = 200
"""Resamples of the longest lists."""

CELLS = 3_000_000
"""Ligands drawn in all for a long list: above this over RESAMPLES ligands, fewer resamples."""

BLOCK_CELLS = 1_000_000
"""Ligands drawn at a time: bounds the memory."""

PERCENTILES = (2.5, 97.5)

COVERAGE = 0.95

NO_SPREAD = 1e-12
"""Width below which an interval is one of rounding alone."""

MIN_USABLE = 0.9
"""Share of the resamples in which a measure must be defined for it to have an interval."""


def resamples_for(n: int) -> int:
    """How many resamples a list of ``n`` ligands gets."""
    return max(FEWEST_RESAMPLES, min(RESAMPLES, CELLS // max(1, n)))


def resampled_counts(groups: np.ndarray, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each ligand counts in each resample.

    Parameters
    ----------
    groups : numpy.ndarray, shape (n,)
        Ligands are drawn within groups of equal values: each keeps its size.
    resamples : int
        Rows in all.
    seed : int
        The same seed gives the same rows.

    Yields
    ------
    numpy.ndarray of int32, shape (rows, n)
        Some of the rows.
    """
    rng = np.random.default_rng(seed)
    members = [np.flatnonzero(groups == each) for each in np.unique(groups)]
    rows = max(1, BLOCK_CELLS // len(groups))
    for start in range(0, resamples, rows):
        n_rows = min(rows, resamples - start)
        counts = np.empty((n_rows, len(groups)), dtype=np.int32)
        for own in members:
            size = len(own)
            drawn = rng.integers(0, size, (n_rows, size)) + size * np.arange(n_rows)[:, None]
            found = np.bincount(drawn.ravel(), minlength=n_rows * size)
            counts[:, own] = found.reshape(n_rows, size)
        yield counts


def interval(draws: np.ndarray) -> Interval:
    """95 % percentile interval of a measure's resamples.

    Parameters
    ----------
    draws : numpy.ndarray
        One value per resample; NaN where the measure is not defined.

    Returns
    -------
    Interval
        Without ends where too many resamples have no value, or nearly all have the same: that
        says nothing of ligands not yet seen.
    """
    usable = draws[np.isfinite(draws)]
    if len(usable) < MIN_USABLE * len(draws):
        return _no_interval(f"defined in {len(usable)} of {len(draws)} resamples only")
    return _ends(*np.percentile(usable, PERCENTILES))


def simultaneous(draws: np.ndarray) -> list[Interval]:
    """95 % intervals that hold for several values at once.

    Percentile intervals, all of one level, chosen so that 95 % of the resamples lie within all
    of them (balanced simultaneous sets; Beran 1988, J. Am. Stat. Assoc. 83, 679). So the interval
    of the best value needs no further allowance for its being chosen. One value has the interval
    of :func:`interval`.

    Parameters
    ----------
    draws : numpy.ndarray, shape (k, resamples)
        Of the same resamples.

    Returns
    -------
    list of Interval
        As from :func:`interval`.
    """
    usable = draws[:, np.isfinite(draws).all(axis=0)]
    if usable.shape[1] < MIN_USABLE * draws.shape[1]:
        reason = f"defined in {usable.shape[1]} of {draws.shape[1]} resamples only"
        return [_no_interval(reason)] * len(draws)
    varied = usable[np.ptp(usable, axis=1) >= NO_SPREAD]
    outside = 0.0
    if len(varied):
        tails = np.min([_tail(each) for each in varied], axis=0)
        outside = float(np.quantile(tails, 1 - COVERAGE))
    return [_ends(*np.quantile(each, (outside, 1 - outside))) for each in usable]


def _tail(draws: np.ndarray) -> np.ndarray:
    """Share of the draws that lie as far out on the same side as each one, itself for one half."""
    from scipy.stats import rankdata  # noqa: PLC0415  (heavy import)

    ranks = rankdata(draws) - 0.5
    return np.asarray(np.minimum(ranks, len(draws) - ranks) / len(draws))


def _ends(low: float, high: float) -> Interval:
    if high - low < NO_SPREAD:
        return _no_interval("the same in nearly every resample")
    return Interval(low=float(low), high=float(high))


def _no_interval(reason: str) -> Interval:
    return Interval(low=None, high=None, interval_reason=reason)
