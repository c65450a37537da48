"""How well a score ranks: measures of separation and of correlation.

Every measure is a function of weights as well: how often a ligand counts. With all weights
one it is the measure itself; with the counts of a resample it is the measure of that
resample, without sorting again. Larger scores are better throughout. Ligands that tie count
by the expectation over their order, except in the average precision, which takes a tie as
one step, as scikit-learn does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

PERCENTS = (1, 5, 10)
"""Parts of the list that enrichment factors are given for."""

BEDROC_ALPHA = 20.0
"""Of Truchon and Bayly: 80 % of the measure comes from the best 8 % of the list."""

LOG_AUC_LAMBDA = 0.001
"""False positive rate at which logAUC begins."""

CLASSIFICATION = (
    "roc_auc",
    "pr_auc",
    "log_auc",
    "bedroc_20",
    *(f"ef_{percent}_percent" for percent in PERCENTS),
)
CORRELATION = ("spearman", "pearson", "kendall")

Draws = dict[str, np.ndarray]


@dataclass(frozen=True)
class Steps:
    """A ranked list as steps, best first: ligands that tie, or inactives with no active between.

    A run of inactives adds to every measure what one step of them all adds, so a list has at
    most about two steps per active, however long it is.

    Parameters
    ----------
    order : numpy.ndarray of int
        Ligands, best first.
    starts : numpy.ndarray of int
        Where in that order each step begins.
    active : numpy.ndarray of bool
        Whether each is active, in that order.
    """

    order: np.ndarray
    starts: np.ndarray
    active: np.ndarray

    @classmethod
    def of(cls, active: np.ndarray, score: np.ndarray) -> Steps:
        """Sort a list; larger scores are better."""
        order = np.argsort(-score, kind="stable")
        ranked, known = score[order], active[order].astype(bool)
        tie = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
        bare = np.add.reduceat(known, tie, dtype=np.int64) == 0
        first = np.r_[True, ~(bare[1:] & bare[:-1])]
        return cls(order, tie[first], known)

    def counts(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Actives and ligands of each step, for each row of weights."""
        ranked = weights[:, self.order]
        of_all = np.add.reduceat(ranked, self.starts, axis=1)
        of_active = np.add.reduceat(ranked * self.active, self.starts, axis=1)
        return of_active.astype(float), of_all.astype(float)


def _before(cumulative: np.ndarray) -> np.ndarray:
    out = np.zeros_like(cumulative)
    out[:, 1:] = cumulative[:, :-1]
    return out


def _log_area(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Area under straight pieces y(x) over log10 x, from lambda to 1, as a share of its width."""
    x0, y0 = _before(x), _before(y)
    width = x - x0
    slope = np.divide(y - y0, width, out=np.zeros_like(x), where=width > 0)
    at_zero = np.where(width > 0, y - slope * x, 0.0)
    right, left = np.maximum(x, LOG_AUC_LAMBDA), np.maximum(x0, LOG_AUC_LAMBDA)
    area = slope * (right - left) + at_zero * np.log(right / left)
    return np.asarray(area.sum(axis=1) / np.log(1 / LOG_AUC_LAMBDA))


def _bedroc(of_active: np.ndarray, places: np.ndarray, actives: float, n: float) -> np.ndarray:
    step = of_active > 0
    decay = np.exp(-BEDROC_ALPHA * places / n)
    decay_before = np.exp(-BEDROC_ALPHA * _before(places) / n)
    size = np.where(step, places - _before(places), 1.0)
    # the mean of a geometric series over the places that a step takes
    mean = (decay_before - decay) / np.expm1(BEDROC_ALPHA / n) / np.where(size > 0, size, 1.0)
    total = (of_active * mean).sum(axis=1)
    chance = actives / n * -np.expm1(-BEDROC_ALPHA) / np.expm1(BEDROC_ALPHA / n)
    share = actives / n
    enhancement = total / chance
    highest = np.expm1(-BEDROC_ALPHA * share) / (share * np.expm1(-BEDROC_ALPHA))
    lowest = np.expm1(BEDROC_ALPHA * share) / (share * np.expm1(BEDROC_ALPHA))
    return np.asarray((enhancement - lowest) / (highest - lowest))


def _enrichment(of_active: np.ndarray, places: np.ndarray, percent: int) -> np.ndarray:
    n = places[0, -1]
    top = -(-n * percent // 100)
    edge = (places < top).sum(axis=1)
    row = np.arange(len(places))
    found = np.cumsum(of_active, axis=1)[row, edge] - of_active[row, edge]
    before = _before(places)[row, edge]
    share = (top - before) / (places[row, edge] - before)
    found = found + of_active[row, edge] * share
    return np.asarray(found * n / (top * of_active.sum(axis=1)))


def classification_draws(steps: Steps, weights: np.ndarray) -> Draws:
    """Measures of separation, for each row of weights.

    Parameters
    ----------
    steps : Steps
        Of n ligands, actives and inactives.
    weights : numpy.ndarray of int, shape (rows, n)
        How often each ligand counts. Actives and inactives must have the same sum in each
        row, as in a bootstrap within the classes.

    Returns
    -------
    dict
        Name of the measure (``CLASSIFICATION``) to an array of one value per row:

        ``roc_auc``
            Area under the ROC curve.
        ``pr_auc``
            Average precision, as scikit-learn defines it.
        ``log_auc``
            Area under the ROC curve over log10 of the false positive rate, from 0.001 to 1,
            divided by its width (Mysinger and Shoichet 2010, 10.1021/ci100214a): chance is
            0.1446, which is not subtracted.
        ``bedroc_20``
            BEDROC with alpha 20 (Truchon and Bayly 2007, 10.1021/ci600426e).
        ``ef_N_percent``
            Enrichment factor of the best N %, rounded up to whole ligands.
    """
    of_active, of_all = steps.counts(weights)
    found, places = np.cumsum(of_active, axis=1), np.cumsum(of_all, axis=1)
    actives, n = found[0, -1], places[0, -1]
    hit_rate, miss_rate = found / actives, (places - found) / (n - actives)
    rise = miss_rate - _before(miss_rate)
    return {
        "roc_auc": ((hit_rate + _before(hit_rate)) / 2 * rise).sum(axis=1),
        # steps that a resample leaves out have no place and add nothing
        "pr_auc": (of_active * found / np.maximum(places, 1)).sum(axis=1) / actives,
        "log_auc": _log_area(miss_rate, hit_rate),
        "bedroc_20": _bedroc(of_active, places, actives, n),
        **{f"ef_{p}_percent": _enrichment(of_active, places, p) for p in PERCENTS},
    }


def _ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean ranks within each resample, of every ligand."""
    order = np.argsort(values, kind="stable")
    ranked = values[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    size = np.add.reduceat(weights[:, order], starts, axis=1)
    mean = np.cumsum(size, axis=1) - (size - 1) / 2
    step = np.empty(len(values), dtype=np.intp)
    step[order] = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(values)]))
    return mean[:, step]


def _correlate(sums: np.ndarray, flat: float) -> np.ndarray:
    """Correlation from weighted sums of 1, x, y, xx, yy and xy; NaN where a row has no spread."""
    total, x, y, xx, yy, xy = sums
    xx, yy, xy = xx - x * x / total, yy - y * y / total, xy - x * y / total
    out = np.full(len(total), np.nan)
    usable = (xx > flat * total) & (yy > flat * total)
    np.divide(xy, np.sqrt(np.maximum(xx * yy, 0)), out=out, where=usable)
    return np.clip(out, -1, 1)


def _pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's correlation; NaN where what counts has less than 1e-9 of the list's spread."""
    scaled = [np.zeros(len(v)) if np.ptp(v) == 0 else (v - v.mean()) / v.std() for v in (x, y)]
    x, y = scaled
    columns = np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], axis=1)
    return _correlate((weights @ columns).T, 1e-18)


def _spearman(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Pearson's correlation of the mean ranks within each resample."""
    rx, ry = _ranks(x, weights), _ranks(y, weights)
    middle = (weights.sum(axis=1, keepdims=True) + 1) / 2
    rx, ry = rx - middle, ry - middle
    sums = [
        weights.sum(axis=1),
        *(np.einsum("ri,ri->r", weights, each) for each in (rx, ry)),
        *(np.einsum("ri,ri,ri->r", weights, a, b) for a, b in ((rx, rx), (ry, ry), (rx, ry))),
    ]
    return _correlate(np.stack(sums), 1e-9)


def _kendall(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Kendall's tau-b from all pairs."""
    up_x = np.sign(x[:, None] - x).astype(np.float32)
    up_y = np.sign(y[:, None] - y).astype(np.float32)
    counts = weights.astype(np.float32)

    def pairs(table: np.ndarray) -> np.ndarray:
        # single precision holds these whole numbers exactly: products of counts below 2^24
        return np.einsum("ri,ri->r", counts @ table, counts, dtype=np.float64)

    together, of_x, of_y = pairs(up_x * up_y), pairs(np.abs(up_x)), pairs(np.abs(up_y))
    out = np.full(len(weights), np.nan)
    np.divide(together, np.sqrt(of_x * of_y), out=out, where=of_x * of_y > 0)
    return out


def correlation_draws(
    strength: np.ndarray, score: np.ndarray, weights: np.ndarray, *, kendall: bool = True
) -> Draws:
    """Measures of correlation, for each row of weights.

    Parameters
    ----------
    strength : numpy.ndarray, shape (n,)
        Measured; larger binds more tightly.
    score : numpy.ndarray, shape (n,)
        Larger is better.
    weights : numpy.ndarray of int, shape (rows, n)
        How often each ligand counts.
    kendall : bool
        Whether Kendall's tau, whose cost grows with n squared, is among them.

    Returns
    -------
    dict
        ``spearman``, ``pearson`` and ``kendall`` (tau-b) to an array of one value per row;
        NaN where all that counts is equal.
    """
    counts = weights.astype(float)
    out = {
        "spearman": _spearman(score, strength, counts),
        "pearson": _pearson(score, strength, counts),
    }
    return out | ({"kendall": _kendall(score, strength, weights)} if kendall else {})


def classification_measures(active: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """Measures of separation of one list; see :func:`classification_draws`.

    Parameters
    ----------
    active : numpy.ndarray of bool, shape (n,)
        Whether each ligand is active; both kinds must be there.
    score : numpy.ndarray, shape (n,)
        Larger is better.
    """
    once = np.ones((1, len(score)), dtype=np.int32)
    found = classification_draws(Steps.of(active, score), once)
    return {name: float(row[0]) for name, row in found.items()}


def correlation_measures(strength: np.ndarray, score: np.ndarray) -> dict[str, float]:
    """Spearman, Pearson and Kendall's tau-b of one list; larger is stronger and better.

    Returns
    -------
    dict
        NaN where there is no spread.
    """
    once = np.ones((1, len(score)), dtype=np.int32)
    found = correlation_draws(strength, score, once, kendall=False)
    from scipy.stats import kendalltau  # noqa: PLC0415  (heavy import)

    tau = kendalltau(strength, score).statistic
    return {**{name: float(row[0]) for name, row in found.items()}, "kendall": float(tau)}
