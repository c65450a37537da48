"""What the rounds so far came to: each batch, and the values of its molecules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow.parquet as pq

from screenmm.core.columns import Column
from screenmm.rounds.features import FeatureFiles
from screenmm.rounds.known import BY_CHANCE, Docked, How
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import DG, DOCK

Objective = Literal["docking", "mmgbsa"]

COLUMN: Mapping[Objective, Column] = {"docking": DOCK, "mmgbsa": DG}
"""Column that each objective is the best value of; lower is better."""

AT_RANDOM = "chosen for MM/GBSA at random"
BY_MODEL = "chosen for MM/GBSA by a model of it"
"""What the ledger says of a ligand that docking did not choose."""


def library(files: Layout) -> FeatureFiles:
    """Features of every ligand, read a shard at a time."""
    return FeatureFiles(files.files("describe", "features"))


def docked(files: Layout, receptor: str, objective: Objective) -> list[Docked]:
    """Molecules of every batch, with what is known of them.

    Parameters
    ----------
    files : Layout
        Of the run, up to the last round that counts.
    receptor : str
        Whose scores count.
    objective : {'docking', 'mmgbsa'}
        For MM/GBSA a molecule counts as drawn by chance only where chance, and not docking or a
        model, chose it for scoring too.
    """
    found = batches(files, files.rounds, values(files, receptor, objective))
    if objective == "docking":
        return found
    asked = selected(files, receptor)
    fair = {key for key, why in asked.items() if why == AT_RANDOM}
    has_pose = values(files, receptor, "docking")
    return [
        replace(
            each,
            how=How.START if each.how in BY_CHANCE and each.key not in fair else each.how,
            judged=each.key in asked or each.key not in has_pose,
        )
        for each in found
    ]


def batches(files: Layout, rounds: Sequence[str], best: Mapping[str, float]) -> list[Docked]:
    """Molecules of the batches of some rounds, by key.

    Parameters
    ----------
    files : Layout
        Of the run.
    rounds : sequence of str
        Their numbers.
    best : mapping of str to float
        Values of the molecules that have one.
    """
    rows = _asked(
        "SELECT inchikey, round, drawn, predicted_kcal_mol FROM read_parquet($files) "
        "ORDER BY inchikey",
        [files.file("choose", "batch", number) for number in rounds],
    )
    return [
        Docked(key, number, How(drawn), best.get(key), predicted)
        for key, number, drawn, predicted in rows
    ]


def values(files: Layout, receptor: str, objective: Objective) -> Mapping[str, float]:
    """Best value of each molecule that has one, kcal/mol.

    Parameters
    ----------
    files : Layout
        Of the run, up to the last round that counts.
    receptor : str
    objective : {'docking', 'mmgbsa'}
    """
    tables = files.pose_tables(receptor) if objective == "docking" else files.scores(receptor)
    return best_of(tables, COLUMN[objective])


def best_of(tables: Sequence[Path], column: Column) -> dict[str, float]:
    """Lowest value of a column for each molecule of some tables of poses, by key."""
    query = (
        f"SELECT inchikey, min({column.name}) FROM read_parquet($files) "
        f"WHERE isfinite({column.name}) GROUP BY inchikey ORDER BY inchikey"
    )
    return dict(_asked(query, tables))


def count_distinct(tables: Sequence[Path], columns: str) -> int:
    """How many different values some columns have, together, in some tables."""
    query = f"SELECT count(*) FROM (SELECT DISTINCT {columns} FROM read_parquet($files))"
    ((count,),) = _asked(query, tables) or [(0,)]
    return int(count)


def selected(files: Layout, receptor: str) -> dict[str, str]:
    """Molecules that were chosen for scoring, of every round, and what the ledger says of it."""
    told = [files.file("select_batch", "events", f"{receptor}/{n}") for n in files.rounds]
    return dict(_asked("SELECT inchikey, message FROM read_parquet($files)", told))


def smiles_of_batches(files: Layout) -> dict[str, str]:
    """SMILES of the molecules of every batch, by key."""
    tables = [
        files.file("choose", "shards", number) / f"{shard}.parquet"
        for number in files.rounds
        for shard in files.shards_of_round("choose", number)
    ]
    return dict(_asked("SELECT inchikey, smiles FROM read_parquet($files)", tables))


def rows_of(tables: Sequence[Path]) -> list[dict[str, Any]]:
    """Rows of some Parquet files, file by file."""
    return [row for path in tables for row in pq.read_table(path).to_pylist()]


def _asked(query: str, tables: Sequence[Path]) -> list[tuple[Any, ...]]:
    """Rows of a query over Parquet files; none without files."""
    if not tables:
        return []
    with duckdb.connect() as con:
        return con.execute(query, {"files": [str(path) for path in tables]}).fetchall()
