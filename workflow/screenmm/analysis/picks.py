"""The pick list: which molecules to buy or make first, good ones that are not all alike.

Half of the list is the best-ranked molecule of each of the best clusters; the other half is
chosen from the next clusters so that each pick is as unlike the earlier ones as can be.
Molecules whose answer is known (with a label or an affinity) are left out, unless all are.
A molecule whose pose fails a check is passed over where its cluster has one whose pose passes
all of them; where it has none, it is picked, and the reason says what failed.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdFingerprintGenerator

from screenmm.core.columns import Column
from screenmm.files.whole import write_text
from screenmm.results.columns import made_columns
from screenmm.tables.dictionary import DG, DOCK, PICKS, listed, names, ranking

POOL = 2000
"""Best-ranked ligands that are clustered; bounds the cost, whatever the library's size."""

SAME_CLUSTER = 0.4
"""Tanimoto similarity to a cluster's first molecule from which a molecule belongs to it."""

DEPTH = 5
"""Diverse picks come from the best DEPTH times as many clusters as there are picks."""

RADIUS, BITS = 2, 2048

TAKEN = tuple(column for column in PICKS if column in ranking())
"""Columns of the list that the ranking has."""

SHOWN_PASSED_OVER = 3
"""Molecules that were passed over for a pick and that its reason names."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Choice:
    """A molecule that was picked.

    Parameters
    ----------
    place : int
        Among the candidates, from 0.
    cluster : int
        From 1, by the rank of the molecule that stands for it.
    size : int
        Candidates in that cluster.
    nearest : float or None
        Tanimoto similarity to the most similar earlier pick; None for the first.
    reason : str
        Why, in words.
    passed_over : tuple of int
        Places of the better molecules of its cluster, whose poses do not pass all checks.
    """

    place: int
    cluster: int
    size: int
    nearest: float | None
    reason: str
    passed_over: tuple[int, ...] = ()


def fingerprints(smiles: Sequence[str]) -> list[DataStructs.ExplicitBitVect | None]:
    """Morgan fingerprints (radius 2, 2048 bits, without chirality); None for what is unreadable."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(text) if text else None for text in smiles]
    return [None if mol is None else generator.GetFingerprint(mol) for mol in mols]


def clusters(prints: Sequence[DataStructs.ExplicitBitVect]) -> list[list[int]]:
    """Leader clusters: each molecule joins the first leader that is similar, or leads.

    Parameters
    ----------
    prints : sequence of fingerprints
        Best molecule first, so each leader is the best of its cluster.

    Returns
    -------
    list of list of int
        Members of each cluster in order, the leader first; clusters by their leaders.
    """
    leaders: list[DataStructs.ExplicitBitVect] = []
    out: list[list[int]] = []
    for i, each in enumerate(prints):
        similar = DataStructs.BulkTanimotoSimilarity(each, leaders)
        home = next((k for k, value in enumerate(similar) if value >= SAME_CLUSTER), None)
        if home is None:
            leaders.append(each)
            out.append([i])
        else:
            out[home].append(i)
    return out


def by_checks(groups: Sequence[list[int]], passes: Sequence[bool | None]) -> list[list[int]]:
    """Put first in each cluster the molecule that stands for it.

    Parameters
    ----------
    groups : sequence of list of int
        From :func:`clusters`.
    passes : sequence of bool or None
        Whether each molecule's pose passes all checks; None where it was not checked.

    Returns
    -------
    list of list of int
        Of each cluster first its best molecule or, where that fails a check and another passes
        all, the best that passes; then the others, those that fail a check last. Clusters by
        the molecule that stands for them.
    """
    out = []
    for group in groups:
        passing = (place for place in group if passes[place])
        first = next(passing, group[0]) if passes[group[0]] is False else group[0]
        rest = [place for place in group if place != first]
        out.append([first, *sorted(rest, key=lambda place: passes[place] is False)])
    return sorted(out)


def choose(
    prints: Sequence[DataStructs.ExplicitBitVect],
    wanted: int,
    passes: Sequence[bool | None] | None = None,
) -> list[Choice]:
    """Choose molecules that are good and diverse.

    Parameters
    ----------
    prints : sequence of fingerprints
        Best molecule first.
    wanted : int
        How many; fewer are chosen only where there are fewer molecules.
    passes : sequence of bool or None, optional
        Whether each molecule's pose passes all checks; None where it was not checked.

    Returns
    -------
    list of Choice
        In the order of choice. Ties go to the better molecule.
    """
    passes = [None] * len(prints) if passes is None else passes
    groups = by_checks(clusters(prints), passes)
    nearest = [0.0] * len(prints)
    out: list[Choice] = []

    def take(place: int, cluster: int, reason: str) -> None:
        group, close = groups[cluster], nearest[place] if out else None
        over = tuple(sorted(other for other in group if other < place)) if place == group[0] else ()
        out.append(Choice(place, cluster + 1, len(group), close, reason, over))
        for i, value in enumerate(DataStructs.BulkTanimotoSimilarity(prints[place], prints)):
            nearest[i] = max(nearest[i], value)

    def of(cluster: int) -> str:
        size = len(groups[cluster])
        if min(groups[cluster]) < groups[cluster][0]:
            return f"the best of its cluster of {size} whose pose passes every check"
        return f"the best of its cluster of {size}" if size > 1 else "alone in its cluster"

    for cluster in range(min(len(groups), -(-wanted // 2))):
        take(groups[cluster][0], cluster, f"score: {of(cluster)}")
    rest = list(range(len(out), min(len(groups), DEPTH * max(1, wanted))))
    while rest and len(out) < wanted:
        cluster = min(rest, key=lambda k: (nearest[groups[k][0]], k))
        rest.remove(cluster)
        place = groups[cluster][0]
        away = f"Tanimoto at most {nearest[place]:.2f} to the earlier picks"
        take(place, cluster, f"diversity: {away}, {of(cluster)}")
    taken = {choice.place for choice in out}
    for depth in range(1, max((len(group) for group in groups), default=0)):
        for cluster, group in enumerate(groups):
            if len(out) < wanted and depth < len(group) and group[depth] not in taken:
                take(group[depth], cluster, f"fewer clusters than picks: number {depth + 1} "
                     f"of cluster {cluster + 1}")  # fmt: skip
    return out


def _pool(con: duckdb.DuckDBPyConnection, receptor: str) -> tuple[list[Row], bool]:
    """Best-ranked candidates, and whether they are ligands whose answer is known."""
    unknown = "label IS NULL AND affinity_kcal_mol IS NULL"
    taken = listed((*TAKEN, *made_columns(con)))
    for known, which in ((False, unknown), (True, "true")):
        cursor = con.execute(
            f"SELECT {taken}, state, state_smiles, ranked_by FROM ranking "
            f"WHERE receptor = ? AND smiles IS NOT NULL AND {which} ORDER BY rank LIMIT ?",
            [receptor, POOL],
        )
        names = [column[0] for column in cursor.description or []]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        if rows:
            return rows, known
    return [], False


def pick(con: duckdb.DuckDBPyConnection, receptor: str, wanted: int) -> list[Row]:
    """Pick molecules of one receptor's ranking.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    wanted : int
        How many.

    Returns
    -------
    list of dict
        By ``PICKS``, with ``state``, ``state_smiles``, ``ranked_by``, ``why`` (the reason without
        what speaks against the pick) and ``known`` (whether every ranked ligand's answer is), in
        the order of choice.
    """
    if not wanted:
        return []
    rows, known = _pool(con, receptor)
    prints = fingerprints([row["smiles"] for row in rows])
    candidates = [row for row, each in zip(rows, prints, strict=True) if each is not None]
    passes = [_passes(row) for row in candidates]
    out = []
    chosen = choose([each for each in prints if each is not None], wanted, passes)
    for i, choice in enumerate(chosen, start=1):
        row = candidates[choice.place]
        notes = [
            choice.reason,
            f"rank {row['rank']} by {row['ranked_by']}",
            _making(row),
            _passed_over([candidates[place] for place in choice.passed_over]),
            _warning(row),
            "its answer is known, as every ranked ligand's is" if known else "",
        ]
        out.append(
            row
            | {"pick": i, "how_to_get": "make" if row.get("proposed_by") else "buy",
               "cluster": choice.cluster, "cluster_size": choice.size,
               "nearest_tanimoto": choice.nearest, "reason": "; ".join(filter(None, notes)),
               "why": choice.reason.partition(": ")[2], "known": known}
        )  # fmt: skip
    return out


def _making(row: Row) -> str:
    """Say how a molecule that was proposed is made."""
    if not row.get("proposed_by"):
        return ""
    how = row["route"] or (f"{row['reaction']}: {row['blocks']}" if row["reaction"] else "")
    return f"to make, SA score {row['sa_score']:.1f}{f', {how}' if how else ''}"


def _passes(row: Row) -> bool | None:
    """Whether a ligand's pose passes all checks; None where it was not checked."""
    failed = row["pose_checks_failed"]
    return None if failed is None else failed == ""


def _failed(row: Row) -> str:
    failed = row["pose_checks_failed"]
    return "not checked" if failed is None else f"failed {failed.replace(';', ', ')}"


def _passed_over(rows: Sequence[Row]) -> str:
    """Say which better molecules of the cluster did not pass the checks, and which checks."""
    if not rows:
        return ""
    named = [f"rank {row['rank']} ({_failed(row)})" for row in rows[:SHOWN_PASSED_OVER]]
    more = len(rows) - len(named)
    return f"passed over: {', '.join(named)}{f' and {more} more' if more else ''}"


def _warning(row: Row) -> str:
    """Say what speaks against a pick."""
    dg, dock = row[DG.name], row[DOCK.name]
    told = [f"its pose {_failed(row)}"] if row["pose_checks_failed"] else []
    if dg is not None and dg > 0:
        told.append(f"ΔG is +{dg:.2f} kcal/mol: no binding is predicted")
    if dg is None and dock is not None and dock > 0:
        told.append(f"the docking score is +{dock:.2f} kcal/mol: no binding is predicted")
    return f"warning: {', '.join(told)}" if told else ""


def _cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    return str(value) if column.decimals is None else f"{value:.{column.decimals}f}"


def write_picks(con: duckdb.DuckDBPyConnection, wanted: int, path: Path) -> int:
    """Write ``picks.csv``: the picks of each receptor, in config order.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors`` and ``ranking``.
    wanted : int
        Molecules per receptor; 0 leaves a table without rows.
    path : Path
        The file to make.

    Returns
    -------
    int
        Rows.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(names(PICKS))
    count = 0
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        for row in pick(con, receptor, wanted):
            table.writerow([_cell(column, row[column.name]) for column in PICKS])
            count += 1
    write_text(path, text.getvalue())
    return count
