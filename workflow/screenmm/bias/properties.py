"""Properties of the records as they were read, by what became of them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from screenmm.bias.described import PROPERTIES, Described
from screenmm.files.csv import Cell
from screenmm.metrics.bias import PropertyCounts, PropertyOfFate
from screenmm.results.fates import STATUSES

FATES = ("input", *STATUSES)


def _of_fate(fates: np.ndarray, fate: str) -> np.ndarray:
    mask: np.ndarray = np.ones(len(fates), dtype=bool) if fate == "input" else fates == fate
    return mask


def properties(found: Described, fates: np.ndarray) -> dict[str, PropertyCounts]:
    """Histogram and quantiles of each property by fate, of records with a structure.

    Parameters
    ----------
    found : Described
    fates : numpy.ndarray of object, shape (n,)
        Fate of each described record.
    """
    out = {}
    for name, each in PROPERTIES.items():
        values = found.column(name)
        bins = np.searchsorted(each.edges, values, side="right")
        by_fate = {}
        for fate in FATES:
            mask = _of_fate(fates, fate) & found.read
            if mask.any():
                low, middle, high = np.quantile(values[mask], [0.05, 0.5, 0.95])
                by_fate[fate] = PropertyOfFate(
                    n=int(mask.sum()),
                    mean=float(values[mask].mean()),
                    percentile_5=float(low),
                    median=float(middle),
                    percentile_95=float(high),
                    counts=np.bincount(bins[mask], minlength=len(each.edges) + 1).tolist(),
                )
        out[name] = PropertyCounts(unit=each.unit, edges=list(each.edges), by_fate=by_fate)
    return out


def property_rows(found: Mapping[str, PropertyCounts]) -> list[list[Cell]]:
    """Rows of a table: property, unit, fate, ends of a bin and records in it."""
    rows: list[list[Cell]] = []
    for name, each in found.items():
        ends = [None, *PROPERTIES[name].edges, None]
        for fate, own in each.by_fate.items():
            rows += [
                [name, each.unit, fate, ends[i], ends[i + 1], count]
                for i, count in enumerate(own.counts)
            ]
    return rows
