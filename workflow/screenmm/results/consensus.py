"""Consensus of the scores, and scores that are corrected for size.

A consensus takes ranks or z-scores, so scores of different units can be joined. It is made
within one receptor, over the ligands that have every score which that receptor has at all;
the others have none.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import numpy as np
import pyarrow as pa

from screenmm.core.seeds import seed_for
from screenmm.tables.dictionary import (
    CNN_AFFINITY,
    CONSENSUS,
    DG,
    DOCK,
    ECR,
    MEAN_RANK,
    SIZE_CORRECTED,
    Columns,
    Z,
    listed,
    names,
    signs,
)

INPUTS = signs([DOCK, CNN_AFFINITY, DG])
"""Scores that may be joined, and the sign that makes larger better."""

MIN_INPUTS = 2
"""A consensus of fewer scores is none."""

ECR_SHARE = 0.05
"""Share of the ligands that exponential consensus ranking's sigma stands for; our choice."""

RIDGE = 1.0
"""Penalty on the squared weights of a fitted consensus, of scores in standard deviations."""

COLUMNS = (*CONSENSUS, SIZE_CORRECTED)
"""Scores that this module makes."""


def exponential(ranks: np.ndarray) -> np.ndarray:
    """Exponential consensus ranking (Palacio-Rodríguez et al. 2019, 10.1038/s41598-019-41594-3).

    Parameters
    ----------
    ranks : numpy.ndarray, shape (scores, n)
        Ranks from 1, by each score.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Mean over the scores of exp(-rank / sigma); larger is better. The paper's sum has the
        constant factor scores / sigma before it, which changes no order. Sigma is 5 % of the
        ligands, at least one.
    """
    sigma = max(1.0, ECR_SHARE * ranks.shape[1])
    return np.asarray(np.exp(-ranks / sigma).mean(axis=0))


def z_scores(values: np.ndarray) -> np.ndarray:
    """Scores in standard deviations from their mean; zero where all are equal."""
    return _scaled(values, values)


def size_corrected(dg: np.ndarray, heavy_atoms: np.ndarray) -> np.ndarray:
    """Energy over the cube root of the heavy atoms, kcal/mol.

    One of the normalisations of Pan, Huang, Cho and MacKerell 2003 (J. Chem. Inf. Comput.
    Sci. 43, 267). Unlike a residual on size it needs no other ligand.
    """
    return np.asarray(dg / np.cbrt(heavy_atoms))


def consensus(scores: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Join scores.

    Parameters
    ----------
    scores : list of numpy.ndarray, each of shape (n,)
        Larger is better; NaN where missing. A score that no ligand has is left out.

    Returns
    -------
    dict
        ``consensus_ecr`` (larger is better), ``consensus_mean_rank`` (smaller is better; ties
        share their mean rank) and ``consensus_z`` (mean z-score, larger is better), each of
        shape (n,). NaN where a ligand lacks a score that others have; all NaN where fewer
        than two scores exist.
    """
    n = len(scores[0])
    out = {name: np.full(n, np.nan) for name in names(CONSENSUS)}
    found = [each for each in scores if np.isfinite(each).any()]
    whole = np.all([np.isfinite(each) for each in found], axis=0) if found else np.zeros(n, bool)
    if len(found) < MIN_INPUTS or not whole.any():
        return out
    chosen = [each[whole] for each in found]
    from scipy.stats import rankdata  # noqa: PLC0415  (heavy import)

    ranks = np.array([rankdata(-each) for each in chosen])
    out[ECR.name][whole] = exponential(ranks)
    out[MEAN_RANK.name][whole] = ranks.mean(axis=0)
    out[Z.name][whole] = np.mean([z_scores(each) for each in chosen], axis=0)
    return out


def halves(keys: list[str], groups: np.ndarray, seed: int) -> np.ndarray:
    """Choose about half of the ligands of each group, by nothing but their keys and the seed.

    Parameters
    ----------
    keys : list of str
        InChIKeys. Those that share their first block (stereoisomers, charge states) are twins
        and stay together, so that none is tested by what was learnt from its twin.
    groups : numpy.ndarray, shape (n,)
        Each group of equal values is halved, up to twins.
    seed : int
        Of the run.

    Returns
    -------
    numpy.ndarray of bool
        Whether a ligand is in the first half.
    """
    skeletons: dict[str, list[int]] = {}
    for i, key in enumerate(keys):
        skeletons.setdefault(key.partition("-")[0], []).append(i)
    first = np.zeros(len(keys), dtype=bool)
    surplus = dict.fromkeys(np.unique(groups).tolist(), 0)
    for skeleton in sorted(
        skeletons, key=lambda each: (seed_for(seed, "halves", each, bits=62), each)
    ):
        own = skeletons[skeleton]
        theirs = groups[own].tolist()
        taken = sum(surplus[group] for group in theirs) <= 0
        first[own] = taken
        for group in theirs:
            surplus[group] += 1 if taken else -1
    return first


def fitted(scores: list[np.ndarray], known: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Weights of a linear consensus, from the ligands of one part.

    Parameters
    ----------
    scores : list of numpy.ndarray, each of shape (n,)
        Without missing values.
    known : numpy.ndarray, shape (n,)
        Larger for better ligands.
    train : numpy.ndarray of bool, shape (n,)
        Ligands to learn from; nothing of the others is used.

    Returns
    -------
    numpy.ndarray, shape (scores,)
        Ridge regression on the scores, each over its standard deviation in the part, so the
        weights are comparable. A score without spread there has weight zero.
    """
    columns = np.stack([_scaled(each, each[train]) for each in scores], axis=1)[train]
    pull = RIDGE * np.eye(len(scores))
    target = known[train] - known[train].mean()
    return np.asarray(np.linalg.solve(columns.T @ columns + pull, columns.T @ target))


def joined(scores: list[np.ndarray], weights: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Linear consensus of all ligands by weights from :func:`fitted`."""
    columns = [_scaled(each, each[train]) for each in scores]
    return np.asarray(sum(w * each for w, each in zip(weights, columns, strict=True)))


def _scaled(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """Scores in standard deviations of a part of them; zero where that part is all equal."""
    if np.ptp(by) == 0:
        return np.zeros(len(values))
    return np.asarray((values - by.mean()) / by.std())


def floats(column: np.ndarray) -> np.ndarray:
    """Numbers of a column that DuckDB gave, NaN for what is missing or not finite."""
    values = np.ma.filled(np.ma.asarray(column).astype(float), np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def make_consensus(con: duckdb.DuckDBPyConnection, joined: Mapping[str, Columns]) -> None:
    """Make the table ``consensus``: the columns of this module, of each ranked ligand.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors`` and ``ranking``.
    joined : mapping of str to columns
        Receptor to the scores that its consensus joins.
    """
    typed = ", ".join(f"{each.name} {each.type}" for each in COLUMNS)
    con.execute(f"CREATE OR REPLACE TABLE consensus (receptor VARCHAR, inchikey VARCHAR, {typed})")
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        table = con.execute(
            f"SELECT inchikey, heavy_atoms, {', '.join(INPUTS)} FROM ranking "
            "WHERE receptor = ? ORDER BY inchikey",
            [receptor],
        ).fetchnumpy()
        if not len(table["inchikey"]):
            continue
        found = consensus([each.better * floats(table[each.name]) for each in joined[receptor]])
        dg, atoms = floats(table[DG.name]), floats(table["heavy_atoms"])
        found[SIZE_CORRECTED.name] = size_corrected(dg, np.where(atoms > 0, atoms, np.nan))
        columns = {
            name: pa.array(values, pa.float64(), from_pandas=True) for name, values in found.items()
        }
        made = pa.table({"inchikey": pa.array(table["inchikey"].tolist()), **columns})
        con.register("made", made)
        con.execute(
            f"INSERT INTO consensus SELECT ?, inchikey, {listed(COLUMNS)} FROM made", [receptor]
        )
        con.unregister("made")
