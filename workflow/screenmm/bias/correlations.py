"""Whether the scores follow size or charge."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np

from screenmm.core.seeds import seed_for
from screenmm.metrics.bias import Correlation
from screenmm.results.columns import distinct_score_signs
from screenmm.results.consensus import floats
from screenmm.statistics.measures import correlation_draws
from screenmm.statistics.resampling import interval, resampled_counts, resamples_for

TRIVIAL = ("heavy_atoms", "formal_charge")
"""Size, and the net charge of the docked state."""

BOOTSTRAP = 5000
"""Ligands up to which a correlation is resampled; its interval is in closed form above."""

MIN_INTERVAL = 5
"""Ligands below which a correlation has no interval."""


def _closed_interval(rho: float, n: int) -> dict[str, Any]:
    """95 % interval of Spearman's correlation in closed form (Bonett and Wright 2000)."""
    if abs(rho) >= 1:
        return {"low": rho, "high": rho, "interval": "a perfect order has no spread"}
    half = 1.96 * float(np.sqrt((1 + rho * rho / 2) / (n - 3)))
    middle = float(np.arctanh(rho))
    ends = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return {"low": ends[0], "high": ends[1], "interval": "closed form"}


def correlation(score: np.ndarray, other: np.ndarray, seed: int) -> Correlation:
    """Spearman's correlation of a score with a property, with a 95 % interval.

    Parameters
    ----------
    score, other : numpy.ndarray, shape (n,)
        Larger is better, and larger.
    seed : int
        Of the resamples.
    """
    n = len(score)
    if n < 3 or np.ptp(score) == 0 or np.ptp(other) == 0:
        reason = f"{n} ligands; 3 are needed" if n < 3 else "all values are equal"
        return Correlation(n=n, value=None, reason=reason)
    once = np.ones((1, n), dtype=np.int32)
    rho = float(correlation_draws(other, score, once, kendall=False)["spearman"][0])
    if n < MIN_INTERVAL:
        reason = f"none: {n} ligands; {MIN_INTERVAL} are needed"
        return Correlation(n=n, value=rho, low=None, high=None, interval=reason)
    if n > BOOTSTRAP:
        return Correlation(n=n, value=rho, **_closed_interval(rho, n))
    drawn = [
        correlation_draws(other, score, counts, kendall=False)["spearman"]
        for counts in resampled_counts(np.zeros(n), resamples_for(n), seed)
    ]
    found = interval(np.concatenate(drawn))
    return Correlation(n=n, value=rho, **found.given, interval="bootstrap")


def correlations(
    con: duckdb.DuckDBPyConnection, receptor: str, seed: int
) -> dict[str, dict[str, Correlation]]:
    """Correlation of every score, larger being better, with size and charge.

    The rank only orders by one of them.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    seed : int
        Of the run.
    """
    signs = distinct_score_signs(con)
    table = con.execute(
        f"SELECT {', '.join((*signs, *TRIVIAL))} FROM ranking WHERE receptor = ? ORDER BY rank",
        [receptor],
    ).fetchnumpy()
    own = seed_for(seed_for(seed, "receptor", receptor), "bias", "correlations")
    out: dict[str, dict[str, Correlation]] = {}
    for name, sign in signs.items():
        score = sign * floats(table[name])
        for other in TRIVIAL:
            values = floats(table[other])
            both = np.isfinite(score) & np.isfinite(values)
            if both.any():
                found = correlation(score[both], values[both], own)
                out.setdefault(name, {})[other] = found
    return out
