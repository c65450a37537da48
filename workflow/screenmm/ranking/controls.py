"""Controls: how well each score separates known actives and follows known affinities."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
from scipy import stats
from sklearn.metrics import roc_auc_score

PERCENTS = (1, 5, 10)

# Score and the sign that makes "larger is better". Heavy atoms are the trivial baseline.
SCORES = {
    "rank": -1,
    "dg_mmgbsa_kcal_mol": -1,
    "dock_score_kcal_mol": -1,
    "cnn_score": 1,
    "cnn_affinity_pk": 1,
    "heavy_atoms": 1,
}

# Measures of the baseline that stand beside those of a score.
BASELINES = ("roc_auc", "spearman", "pearson")

Value = dict[str, Any]


def _value(value: float | None, reason: str = "") -> Value:
    """Give a number, or null with the reason why there is none."""
    return {"value": value} if value is not None else {"value": None, "reason": reason}


def _finite(value: float) -> Value:
    return _value(value) if np.isfinite(value) else _value(None, "all values are nearly equal")


def enrichment_factor(active: np.ndarray, score: np.ndarray, percent: int) -> float:
    """Enrichment factor of the best-scored part of a list.

    Parameters
    ----------
    active : numpy.ndarray of bool
        Whether each ligand is active.
    score : numpy.ndarray
        Larger is better.
    percent : int
        Size of the part, rounded up to whole ligands.

    Returns
    -------
    float
        Share of actives in the part over their share in the list. Ligands that tie at the edge
        count by the expectation over their order.
    """
    n = len(score)
    top = -(-n * percent // 100)
    edge = np.sort(score)[::-1][top - 1]
    above, tied = score > edge, score == edge
    places = top - above.sum()
    found = active[above].sum() + active[tied].sum() * places / tied.sum()
    return float(found * n / (top * active.sum()))


def _enrichments(active: np.ndarray, score: np.ndarray) -> dict[str, Value]:
    out = {}
    for percent in PERCENTS:
        short = len(score) * percent < 100
        out[f"ef_{percent}_percent"] = (
            _value(None, f"{percent} % of {len(score)} ligands is less than one ligand")
            if short
            else _value(enrichment_factor(active, score, percent))
        )
    return out


def classification(active: np.ndarray, score: np.ndarray) -> Value:
    """ROC-AUC and enrichment factors of one score (larger is better)."""
    n, actives = len(score), int(active.sum())
    head: Value = {"n": n, "actives": actives}
    if actives in (0, n):
        missing = "actives" if actives == 0 else "inactives"
        none = _value(None, f"no {missing} among {n} labelled ligands with this score")
        return {**head, "roc_auc": none, **{f"ef_{p}_percent": none for p in PERCENTS}}
    return {
        **head,
        "roc_auc": _value(float(roc_auc_score(active, score))),
        **_enrichments(active, score),
    }


def correlation(affinity: np.ndarray, score: np.ndarray) -> Value:
    """Spearman and Pearson of one score (larger is better) with affinity (lower is stronger).

    +1 is a score that follows affinity perfectly, whatever the score's own sign.
    """
    n = len(score)
    reason = ""
    if n < 3:
        reason = f"{n} ligands with affinity and this score; 3 are needed"
    elif np.ptp(score) == 0 or np.ptp(affinity) == 0:
        reason = "all values are equal"
    if reason:
        return {"n": n, "spearman": _value(None, reason), "pearson": _value(None, reason)}
    found = {"spearman": stats.spearmanr, "pearson": stats.pearsonr}
    return {"n": n, **{k: _finite(float(f(-affinity, score).statistic)) for k, f in found.items()}}


def _per_score(
    con: duckdb.DuckDBPyConnection,
    receptor: str,
    truth: str,
    measure: Callable[[np.ndarray, np.ndarray], Value],
) -> dict[str, Value]:
    out = {}
    for column, sign in SCORES.items():
        rows = con.execute(
            f"SELECT {truth}, {column}, heavy_atoms FROM ranking WHERE receptor = ? "
            f"AND {truth} IS NOT NULL AND heavy_atoms IS NOT NULL "
            f"AND isfinite(CAST({column} AS DOUBLE)) ORDER BY rank",
            [receptor],
        ).fetchall()
        if rows:
            known, score, heavy_atoms = np.array(rows, dtype=float).T
            out[column] = measure(known, sign * score)
            if column != "heavy_atoms":
                out[column]["heavy_atoms_on_same_ligands"] = _values(measure(known, heavy_atoms))
    return out


def _values(measures: Value) -> Value:
    return {name: measure["value"] for name, measure in measures.items() if name in BASELINES}


def _lost_actives(con: duckdb.DuckDBPyConnection, receptor: str) -> dict[str, int]:
    """Labelled ligands that are in no ranking: they are in no control either."""
    rows = con.execute(
        """
        SELECT label, count(*) FROM (
            SELECT membership.inchikey,
                arg_min(label, CASE WHEN "primary" THEN -1 ELSE ordinal END) AS label
            FROM membership JOIN sources USING (record)
            WHERE label IS NOT NULL GROUP BY membership.inchikey
        )
        WHERE inchikey NOT IN (SELECT inchikey FROM ranking WHERE receptor = ?)
        GROUP BY label
        """,
        [receptor],
    ).fetchall()
    counts = dict(rows)
    return {"actives": counts.get(1, 0), "inactives": counts.get(0, 0)}


def controls(con: duckdb.DuckDBPyConnection) -> dict[str, Value]:
    """Compute the controls of each receptor, where the library has labels or affinities.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors``, ``sources``, ``membership`` and ``ranking``.

    Returns
    -------
    dict
        Receptor to ``classification`` and ``correlation`` (score to measures, each with its
        ``n`` and heavy-atom count on the same ligands) and ``unranked`` (labelled ligands
        without a rank). Empty without labels and affinities. A measure is
        ``{"value": number}`` or ``{"value": None, "reason": text}``.
    """
    known = con.execute("SELECT count(label), count(affinity_kcal_mol) FROM sources").fetchall()[0]
    if not any(known):
        return {}
    out = {}
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        out[receptor] = {
            "classification": _per_score(
                con, receptor, "label", lambda known, score: classification(known == 1, score)
            ),
            "correlation": _per_score(con, receptor, "affinity_kcal_mol", correlation),
            "unranked": _lost_actives(con, receptor),
        }
    return out
