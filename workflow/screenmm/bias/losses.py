"""Loss rates of classes of molecules, with intervals and a test against the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
SIGNIFICANT = 0.05
"""Corrected p-value below which a class is said to lose more than the rest."""


@dataclass(frozen=True, slots=True)
class Loss:
    """How many of a class were lost.

    Attributes
    ----------
    records, lost : int
    share, low, high : float or None
        Share lost, and its 95 % interval (Wilson 1927); None for a class without records.
    p : float or None
        One-sided p-value of Fisher's exact test: the class loses no more than the rest. None
        where there is nothing to compare.
    p_corrected : float or None
        After Holm (1979), over all classes that were tested together.
    more : bool
        Whether the class loses significantly more than the rest.
    """

    records: int
    lost: int
    share: float | None
    low: float | None
    high: float | None
    p: float | None = None
    p_corrected: float | None = None
    more: bool = False

    @property
    def row(self) -> dict[str, Any]:
        """As a dict."""
        return asdict(self)


def wilson(lost: int, records: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927).

    Parameters
    ----------
    lost, records : int
        ``records`` is at least 1.
    """
    z = float(stats.norm.ppf(0.5 + CONFIDENCE / 2))
    share = lost / records
    middle = (share + z * z / (2 * records)) / (1 + z * z / records)
    spread = share * (1 - share) / records + (z / (2 * records)) ** 2
    half = z / (1 + z * z / records) * float(np.sqrt(spread))
    # exact at the ends, where rounding may leave a trace
    return (middle - half if lost else 0.0), (middle + half if lost < records else 1.0)


def more_than_rest(lost: int, records: int, all_lost: int, all_records: int) -> float | None:
    """P-value of Fisher's exact test that a class loses more than the rest, one-sided.

    Returns
    -------
    float or None
        None where the class or the rest is empty, or where all or nothing is lost.
    """
    if records in (0, all_records) or all_lost in (0, all_records):
        return None
    return float(stats.hypergeom.sf(lost - 1, all_records, all_lost, records))


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Correct p-values for their number (Holm 1979); None stays None and does not count."""
    tested = sorted((value, i) for i, value in enumerate(values) if value is not None)
    out: list[float | None] = [None] * len(values)
    highest = 0.0
    for place, (value, i) in enumerate(tested):
        highest = max(highest, min(1.0, value * (len(tested) - place)))
        out[i] = highest
    return out


def losses(members: np.ndarray, lost: Sequence[np.ndarray]) -> list[Loss]:
    """Count the losses of classes and test each against all that are not in it.

    Parameters
    ----------
    members : numpy.ndarray of bool, shape (n, classes)
        Which molecule is in which class.
    lost : sequence of numpy.ndarray of bool, shape (n,)
        Which molecules were lost, one array per kind of loss.

    Returns
    -------
    list of Loss
        Of every class, for the first kind of loss, then for the next; the p-values are
        corrected over all of them.
    """
    records = members.sum(axis=0).tolist()
    counted = [
        (k, n, more_than_rest(k, n, int(own.sum()), len(own)))
        for own in lost
        for k, n in zip((members & own[:, None]).sum(axis=0).tolist(), records, strict=True)
    ]
    out = []
    for (k, n, p), corrected in zip(counted, holm([p for *_, p in counted]), strict=True):
        low, high = wilson(k, n) if n else (None, None)
        more = corrected is not None and corrected < SIGNIFICANT
        out.append(Loss(n, k, k / n if n else None, low, high, p, corrected, more))
    return out
