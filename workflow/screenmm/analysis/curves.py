"""ROC and enrichment curves with bootstrap bands, on the ligands that have every score."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np

from screenmm.analysis.controls import SIZE
from screenmm.analysis.measuring import MIN_CLASS
from screenmm.core.seeds import seed_for
from screenmm.results.columns import distinct_score_signs
from screenmm.results.consensus import floats
from screenmm.statistics.measures import Steps
from screenmm.statistics.resampling import PERCENTILES, resampled_counts, resamples_for
from screenmm.tables.dictionary import CNN_AFFINITY, DG, DOCK, ECR, names

SHOWN = names((DG, DOCK, CNN_AFFINITY, ECR))
"""Scores whose curves are drawn, where the receptor has them; the heavy-atom count goes along."""

GRID_POINTS = 101


@dataclass(frozen=True)
class Labelled:
    """Ligands that have a label and every score of their receptor.

    Attributes
    ----------
    active : numpy.ndarray of bool
    scores : mapping of str to numpy.ndarray
        Those that are drawn; larger is better.
    seed : int
        Of the resamples: the controls' own, so that bands and intervals belong together.
    presumed : bool
        Whether the inactives are but ligands without a label.
    """

    active: np.ndarray
    scores: Mapping[str, np.ndarray]
    seed: int
    presumed: bool = False


@dataclass(frozen=True)
class Curve:
    """A curve over a grid, and the 95 % band around it.

    Attributes
    ----------
    x, y : numpy.ndarray
        Corners of the curve itself.
    grid, low, high : numpy.ndarray
        The band; empty where there are too few ligands of a class.
    """

    x: np.ndarray
    y: np.ndarray
    grid: np.ndarray
    low: np.ndarray
    high: np.ndarray


def labelled(
    con: duckdb.DuckDBPyConnection, receptor: str, seed: int, *, presume_inactive: bool = False
) -> Labelled | None:
    """Read the labelled ligands of a receptor that have every score; None without both classes.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    seed : int
        Of the run.
    presume_inactive : bool
        Whether ligands without a label count as inactive, as in the controls.
    """
    label = "coalesce(label, 0)" if presume_inactive else "label"
    signs = distinct_score_signs(con)
    where = f"receptor = ? AND {label} IS NOT NULL AND heavy_atoms IS NOT NULL"
    counts = con.execute(
        f"SELECT {', '.join(f'count(CASE WHEN isfinite({name}) THEN 1 END)' for name in signs)} "
        f"FROM ranking WHERE {where}",
        [receptor],
    ).fetchall()[0]
    there = [name for name, count in zip(signs, counts, strict=True) if count]
    if not there:
        return None
    every = " AND ".join(f"isfinite({name})" for name in there)
    shown = [name for name in SHOWN if name in there]
    table = con.execute(
        f"SELECT {label} AS label, {', '.join([*shown, SIZE])} FROM ranking "
        f"WHERE {where} AND {every} ORDER BY rank",
        [receptor],
    ).fetchnumpy()
    active = floats(table["label"]) == 1
    if not 0 < active.sum() < len(active):
        return None
    scores = {name: signs[name] * floats(table[name]) for name in shown}
    scores[SIZE] = floats(table[SIZE])
    own = seed_for(seed_for(seed, "receptor", receptor), "controls", "classification")
    return Labelled(active, scores, own, presume_inactive)


def _corners(of_active: np.ndarray, of_all: np.ndarray, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Corners of one list's curve, from the origin; a tie is a straight piece."""
    found, seen = np.r_[0.0, np.cumsum(of_active)], np.r_[0.0, np.cumsum(of_all)]
    passed = seen if kind == "enrichment" else seen - found
    return passed / passed[-1], found / found[-1]


def curves(known: Labelled, kind: str, grid: np.ndarray) -> dict[str, Curve]:
    """Curves of every score, from shared resamples.

    Parameters
    ----------
    known : Labelled
    kind : str
        ``roc``: share of the actives found over share of the inactives passed; ``enrichment``:
        over the share of the whole list looked at.
    grid : numpy.ndarray
        Where the bands are computed, in [0, 1].
    """
    steps = {name: Steps.of(known.active, score) for name, score in known.scores.items()}
    n, actives = len(known.active), int(known.active.sum())
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in steps}
    if min(actives, n - actives) >= MIN_CLASS:
        groups = known.active.astype(float)
        for counts in resampled_counts(groups, resamples_for(n), known.seed):
            for name, step in steps.items():
                drawn[name] += [
                    np.interp(grid, *_corners(row_active, row_all, kind))
                    for row_active, row_all in zip(*step.counts(counts), strict=True)
                ]
    once = np.ones((1, n), dtype=np.int32)
    out = {}
    for name, step in steps.items():
        of_active, of_all = step.counts(once)
        x, y = _corners(of_active[0], of_all[0], kind)
        low, high = _band(drawn[name])
        out[name] = Curve(x, y, grid if drawn[name] else np.empty(0), low, high)
    return out


def _band(drawn: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    if not drawn:
        return np.empty(0), np.empty(0)
    low, high = np.percentile(np.array(drawn), PERCENTILES, axis=0)
    return low, high
