"""``screen.duckdb``: every table of a run in one file, for SQL."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from screenmm.files.whole import replace_whole
from screenmm.results.parts import OF_VARIANTS, quoted
from screenmm.tables.dictionary import ORDERS, listed

# Table of the file, and the query over a run's connection that fills it.
TABLES = {
    "receptors": "SELECT * FROM receptors ORDER BY ordinal",
    "sources": "SELECT * FROM sources ORDER BY ordinal",
    "membership": (
        "SELECT membership.* FROM membership JOIN sources USING (record) ORDER BY ordinal"
    ),
    "ligands": "SELECT inchikey, smiles FROM ligands ORDER BY inchikey",
    "events": "SELECT * EXCLUDE (row) FROM events ORDER BY ALL",
    "poses": "SELECT * FROM poses ORDER BY receptor, inchikey, state, pose",
    "earlier_poses": ("SELECT * FROM earlier_poses ORDER BY receptor, inchikey, tier, state, pose"),
    "scores": "SELECT * FROM scores ORDER BY receptor, inchikey, state, pose",
    "residue_energies": (
        "SELECT * EXCLUDE (ordinal) FROM residue_energies "
        "ORDER BY receptor, inchikey, state, pose, ordinal"
    ),
    "checks": (
        "SELECT * EXCLUDE (ordinal) FROM checks ORDER BY receptor, inchikey, state, pose, ordinal"
    ),
    "interactions": (
        "SELECT * EXCLUDE (ordinal) FROM interactions "
        "ORDER BY receptor, inchikey, state, pose, ordinal"
    ),
    "batches": "SELECT * FROM batches ORDER BY round, inchikey",
    "predictions": "SELECT * FROM predictions ORDER BY receptor, predicted_kcal_mol, inchikey",
    "lineage": "SELECT * FROM lineage ORDER BY proposed_in, inchikey, arm",
    "models": "SELECT models.* FROM models JOIN receptors USING (receptor) ORDER BY ordinal",
    "confidence": "SELECT * FROM confidence",
    **{table: f"SELECT * FROM {table}" for table in OF_VARIANTS},
    "ensembles": "SELECT * FROM ensembles",
    "orders": (
        f"SELECT {listed(ORDERS)} FROM orders JOIN receptors USING (receptor) ORDER BY ordinal"
    ),
    "ranking": "SELECT * FROM ranking ORDER BY receptor_ordinal, rank",
    "ledger": "SELECT * FROM ledger ORDER BY receptor_ordinal, ordinal",
}


def write_database(con: duckdb.DuckDBPyConnection, path: Path, metadata: Mapping[str, str]) -> None:
    """Write ``screen.duckdb``, whole or not at all.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`, with ``ranking`` and ``ledger`` made.
    path : Path
        The file to make.
    metadata : mapping of str to str
        Rows of the table ``metadata``: name of the screen, version, the config as text.
    """
    with replace_whole(path) as partial:
        con.execute(f"ATTACH {quoted(partial)} AS screen_file")
        try:
            for table, query in TABLES.items():
                con.execute(f"CREATE TABLE screen_file.{table} AS {query}")
            con.execute("CREATE TABLE screen_file.metadata (key VARCHAR, value VARCHAR)")
            if metadata:
                con.executemany(
                    "INSERT INTO screen_file.metadata VALUES (?, ?)", sorted(metadata.items())
                )
        finally:
            con.execute("DETACH screen_file")


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """Open a finished ``screen.duckdb`` for reading."""
    return duckdb.connect(str(path), read_only=True)
