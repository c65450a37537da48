"""Loss rates of classes of molecules, with intervals and a test against the rest.

A rate is of the records at risk. A record that something else took out before is not: a filter on
weight keeps heavy molecules from failing to dock, and does not make light ones fail more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from screenmm.metrics.bias import ClassLoss

BEFORE_MERGE = ("split", "standardise")
"""Stages that treat each record by itself, before records of one ligand are merged."""

LOSSES = {
    "refused": "not read, or not standardised",
    "filtered": "by the library's filters",
    "failed": "in preparation, docking or scoring",
    "pose filtered": "by filters on poses",
}
"""Ways to be lost, in the order of the pipeline, and what each means."""

BY_RECORD = ("refused", "filtered")
"""Losses before the merge: the same for every receptor, and duplicates are at risk of them."""

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
"""Corrected p-value below which a class is said to lose more than the rest."""


@dataclass(frozen=True, slots=True)
class Loss:
    """How many of a class were lost in one way: the numbers of a ``ClassLoss``."""

    records: int
    at_risk: int
    lost: int
    share: float | None
    low: float | None
    high: float | None
    p: float | None = None


def wilson(lost: int, records: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    Parameters
    ----------
    lost, records : int
        ``records`` is at least 1.
    """
    from scipy.stats import binomtest  # noqa: PLC0415  (heavy import)

    found = binomtest(lost, records).proportion_ci(CONFIDENCE, method="wilson")
    return float(found.low), float(found.high)


def more_than_rest(lost: int, records: int, all_lost: int, all_records: int) -> float | None:
    """P-value of Fisher's exact test that a class loses more than the rest, one-sided.

    Returns
    -------
    float or None
        None where the class or the rest is empty, or where all or nothing is lost.
    """
    if records in (0, all_records) or all_lost in (0, all_records):
        return None
    rest = [all_lost - lost, all_records - records - all_lost + lost]
    table = [[lost, records - lost], rest]
    from scipy.stats import fisher_exact  # noqa: PLC0415  (heavy import)

    return float(fisher_exact(table, alternative="greater").pvalue)


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for their number (Holm 1979); None stays None and does not count."""
    tested = sorted((value, i) for i, value in enumerate(values) if value is not None)
    out: list[float | None] = [None] * len(values)
    highest = 0.0
    for place, (value, i) in enumerate(tested):
        highest = max(highest, min(1.0, value * (len(tested) - place)))
        out[i] = highest
    return out


def at_risk(ways: np.ndarray) -> dict[str, np.ndarray]:
    """Which records could be lost in each way: those that nothing took out before.

    Parameters
    ----------
    ways : numpy.ndarray of object, shape (n,)
        What became of each record: a key of ``LOSSES``, ``duplicate`` or ``ranked``.

    Returns
    -------
    dict
        Key of ``LOSSES`` to a mask of shape (n,). Duplicates leave at the merge, after the
        losses in ``BY_RECORD``.
    """
    left = np.ones(len(ways), dtype=bool)
    out = {}
    for kind in LOSSES:
        own = left if kind in BY_RECORD else left & (ways != "duplicate")
        out[kind] = own.copy()
        left &= ways != kind
    return out


def losses(members: np.ndarray, at_risk: np.ndarray, lost: np.ndarray) -> list[Loss]:
    """Count the losses of classes and test each against all others that were at risk.

    Parameters
    ----------
    members : numpy.ndarray of bool, shape (n, classes)
        Which molecule is in which class.
    at_risk : numpy.ndarray of bool, shape (n,)
        Which molecules could be lost in this way: a molecule that something else had taken out
        before is neither a loss nor one that was kept.
    lost : numpy.ndarray of bool, shape (n,)
        Which molecules were lost; all of them at risk.

    Returns
    -------
    list of Loss
        Of every class.
    """
    counted = zip(
        members.sum(axis=0).tolist(),
        (members & at_risk[:, None]).sum(axis=0).tolist(),
        (members & lost[:, None]).sum(axis=0).tolist(),
        strict=True,
    )
    all_lost, all_at_risk = int(lost.sum()), int(at_risk.sum())
    out = []
    for records, n, k in counted:
        low, high = wilson(k, n) if n else (None, None)
        p = more_than_rest(k, n, all_lost, all_at_risk)
        out.append(Loss(records, n, k, k / n if n else None, low, high, p))
    return out


def correct(by_receptor: Mapping[str, Sequence[ClassLoss]]) -> dict[str, list[ClassLoss]]:
    """Correct the p-values of a report for the number of its tests, over all receptors.

    Parameters
    ----------
    by_receptor : mapping of str to sequence of ClassLoss
        A loss in ``BY_RECORD`` is one test, though every receptor has it.

    Returns
    -------
    dict
        The same with ``p_corrected`` (Holm 1979) and ``more``.
    """

    def test_of(receptor: str, each: ClassLoss) -> tuple[str, ...]:
        own = "" if each.loss in BY_RECORD else receptor
        return own, each.loss, each.by, each.class_

    tested = {
        test_of(receptor, each): each.p for receptor, rows in by_receptor.items() for each in rows
    }
    corrected = dict(zip(tested, holm(list(tested.values())), strict=True))

    def told(receptor: str, each: ClassLoss) -> ClassLoss:
        p = corrected[test_of(receptor, each)]
        more = p is not None and p < SIGNIFICANT
        return each.model_copy(update={"p_corrected": p, "more": more})

    return {
        receptor: [told(receptor, each) for each in rows] for receptor, rows in by_receptor.items()
    }
