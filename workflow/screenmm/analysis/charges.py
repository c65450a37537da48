"""How much of a ranking is told by net charge alone."""

from __future__ import annotations

import duckdb
import numpy as np

from screenmm.core.columns import Column
from screenmm.results.consensus import floats
from screenmm.tables.dictionary import CHARGE

MIN_LIGANDS = 30
"""Ligands below which nothing is said."""


def charge_share(con: duckdb.DuckDBPyConnection, receptor: str, score: Column) -> float | None:
    """Share of the order by a score that the net charges of the docked states explain.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    score : Column
        What the ranking follows.

    Returns
    -------
    float or None
        See :func:`explained`; None for fewer than :data:`MIN_LIGANDS` ligands.
    """
    table = con.execute(
        f"SELECT {score.name} AS score, {CHARGE.name} AS charge FROM ranking WHERE receptor = ?",
        [receptor],
    ).fetchnumpy()
    values, charges = floats(table["score"]), floats(table["charge"])
    both = np.isfinite(values) & np.isfinite(charges)
    return explained(values[both], charges[both]) if both.sum() >= MIN_LIGANDS else None


def explained(values: np.ndarray, groups: np.ndarray) -> float | None:
    """Share of the variance of ranks that lies between groups.

    Eta squared of the Kruskal-Wallis test, (H - k + 1) / (n - k), which is 0 on average where the
    groups mean nothing (Tomczak and Tomczak 2014, Trends Sport Sci. 21, 19). Unlike a correlation
    it sees ions of both signs before, or behind, what is neutral.

    Parameters
    ----------
    values, groups : numpy.ndarray, shape (n,)

    Returns
    -------
    float or None
        None for a single group, or equal values.
    """
    kinds = np.unique(groups)
    if len(kinds) < 2 or len(kinds) == len(values) or np.ptp(values) == 0:
        return None
    from scipy.stats import kruskal  # noqa: PLC0415  (heavy import)

    statistic = kruskal(*(values[groups == kind] for kind in kinds)).statistic
    return float((statistic - len(kinds) + 1) / (len(values) - len(kinds)))
