"""How far a rank can be trusted: intervals from the spread of a ligand's score.

The spread has two parts. Each scored pose was minimised again from slightly displaced
coordinates: the scatter of those scores is the noise of a fixed molecule in a fixed pose. What
another preparer of the same structure would have given differs by more, and is added as one
standard deviation for all. Drawing every pose's score anew, taking each ligand's best pose and
ranking by what the ranking follows, many times over, gives the ranks that a ligand could as well
have had. It says nothing about the error of the method itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import duckdb
import numpy as np
import pyarrow as pa

from screenmm.results.consensus import floats
from screenmm.results.orders import SINGLE, Order, values
from screenmm.tables.dictionary import DG, listed

DRAWS = 400
PERCENTILES = (2.5, 97.5)
PRIOR_WEIGHT = 4.0
"""Degrees of freedom that the receptor's common variance counts beside a pose's own."""

SEED = 20_030_217
"""Of the draws; fixed, so that the same scores have the same intervals."""

QUERY = """
SELECT scores.inchikey, scores.dg_mmgbsa_kcal_mol, replicas_kcal_mol,
    (scores.state, scores.pose) = (ranking.state, ranking.pose) AS is_best
FROM scores JOIN ranking USING (receptor, inchikey)
WHERE scores.receptor = ? AND isfinite(scores.dg_mmgbsa_kcal_mol)
ORDER BY scores.inchikey, scores.state, scores.pose
"""


def pose_variances(scores: list[np.ndarray]) -> np.ndarray | None:
    """Variance of each pose's score, drawn towards the variance common to all.

    Parameters
    ----------
    scores : list of ndarray
        Of each pose: its score, then those of its replicas, kcal/mol.

    Returns
    -------
    ndarray or None
        Variances, kcal²/mol². None: no pose has a replica.
    """
    freedom = np.array([len(each) - 1 for each in scores], dtype=float)
    if not freedom.any():
        return None
    squares = np.array([((each - each.mean()) ** 2).sum() for each in scores])
    common = squares.sum() / freedom.sum()
    return (PRIOR_WEIGHT * common + squares) / (PRIOR_WEIGHT + freedom)


Judge = Callable[[np.ndarray], np.ndarray]


def rank_intervals(
    scores: np.ndarray, variances: np.ndarray, ligands: np.ndarray, judge: Judge = np.negative
) -> tuple[np.ndarray, np.ndarray]:
    """95 % intervals of ligands' ranks.

    Parameters
    ----------
    scores, variances : ndarray, shape (P,)
        Of the poses, kcal/mol and kcal²/mol².
    ligands : ndarray of int, shape (P,)
        Ligand of each pose, ascending from 0 without gaps.
    judge : callable
        Lowest score of each ligand to what it is ranked by, larger being better; NaN comes last.

    Returns
    -------
    low, high : ndarray of int
        Of each ligand, ranks counted from 1.
    """
    rng = np.random.default_rng(SEED)
    starts = np.flatnonzero(np.diff(ligands, prepend=-1))
    spread = np.sqrt(variances)
    places = np.arange(1, len(starts) + 1, dtype=np.int32)
    ranks = np.empty((DRAWS, len(starts)), dtype=np.int32)
    for draw in ranks:
        best = np.minimum.reduceat(scores + spread * rng.standard_normal(len(scores)), starts)
        draw[np.argsort(-judge(best), kind="stable")] = places
    low, high = np.percentile(ranks, PERCENTILES, axis=0)
    return np.floor(low).astype(np.int32), np.ceil(high).astype(np.int32)


def spreads(scores: list[np.ndarray], preparation_sd_kcal_mol: float) -> np.ndarray | None:
    """Variance of each pose's score: of its replicas, and of the preparation.

    Parameters
    ----------
    scores : list of ndarray
        Of each pose: its score, then those of its replicas, kcal/mol.
    preparation_sd_kcal_mol : float
        Standard deviation of a score between preparations of one structure.

    Returns
    -------
    ndarray or None
        Variances, kcal²/mol². None: neither is known.
    """
    replicas = pose_variances(scores)
    if replicas is None and not preparation_sd_kcal_mol:
        return None
    known = np.zeros(len(scores)) if replicas is None else replicas
    return np.asarray(known + preparation_sd_kcal_mol**2)


def make_intervals(
    con: duckdb.DuckDBPyConnection, preparation_sd_kcal_mol: float, orders: Mapping[str, Order]
) -> None:
    """Make the table ``intervals``: spread and rank interval of each ligand with a score.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``scores``, ``receptors`` and ``ranking``.
    preparation_sd_kcal_mol : float
        See :func:`spreads`.
    orders : mapping of str to Order
        What the ranking of each receptor follows. The rank has no interval where that does without
        MM/GBSA, or where the ligand has no value of it.
    """
    con.execute(
        "CREATE OR REPLACE TABLE intervals (receptor VARCHAR, inchikey VARCHAR, "
        "dg_sd_kcal_mol DOUBLE, rank_low INTEGER, rank_high INTEGER)"
    )
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        rows = con.execute(QUERY, [receptor]).fetchall()
        repeated = [np.array([dg, *(more or [])]) for _, dg, more, _ in rows]
        variances = spreads(repeated, preparation_sd_kcal_mol) if rows else None
        if variances is None:
            continue
        names, ligands = np.unique([key for key, *_ in rows], return_inverse=True)
        scores = np.array([dg for _, dg, _, _ in rows])
        # the spread of the pose that gives the ligand its rank
        best = np.array([is_best for *_, is_best in rows])
        order = orders[receptor]
        low = high = pa.nulls(len(names), pa.int32())
        if DG.name in order.needs:
            judge = _judge(con, receptor, order)
            ends = rank_intervals(scores, variances, ligands, judge)
            without = ~np.isfinite(judge(scores[best]))
            low, high = (pa.array(end, mask=without) for end in ends)
        found = pa.table(
            {
                "receptor": [receptor] * len(names),
                "inchikey": names.tolist(),
                "dg_sd_kcal_mol": np.sqrt(variances[best]),
                "rank_low": low,
                "rank_high": high,
            }
        )
        con.register("found", found)
        con.execute("INSERT INTO intervals SELECT * FROM found")
        con.unregister("found")


def _judge(con: duckdb.DuckDBPyConnection, receptor: str, order: Order) -> Judge:
    """What an order makes of other energies of a receptor's scored ligands, by their keys."""
    if order.column == DG:
        return np.negative
    table = con.execute(
        f"SELECT {listed(SINGLE)} FROM ranking WHERE receptor = ? "
        "AND isfinite(dg_mmgbsa_kcal_mol) ORDER BY inchikey",
        [receptor],
    ).fetchnumpy()
    columns = {name: floats(column) for name, column in table.items()}
    return lambda energies: values(order, columns | {DG.name: energies})
