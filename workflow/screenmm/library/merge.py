"""Merge parents by InChIKey into ligands; every record keeps its place in the membership."""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.core.errors import Reason
from screenmm.files.whole import replace_whole, replaced_folder
from screenmm.run.ledger import Event, Status, write_events
from screenmm.run.shards import leaves, write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

STAGE = "merge"
LIGANDS = schema(dictionary.LIGANDS)
MEMBERSHIP = schema(dictionary.MEMBERSHIP)
MEMORY_LIMIT = "1GB"
BATCH = 20_000


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What the merge left."""

    ligands: int
    duplicates: int
    shards: int


def merge(parents: list[Path], sources: Path, shard_size: int, out: Path) -> MergeCounts:
    """Merge parents that share an InChIKey.

    Writes ``shards/{shard}.parquet`` (inchikey, smiles, poses), ``membership.parquet``
    (record, inchikey, primary) in library order, and ``merge.events.parquet`` with one
    duplicate per record that is not the first of its ligand. Of several tautomers the
    smallest SMILES stands for the ligand; shards do not depend on names or order.

    Parameters
    ----------
    parents : list of Path
        Parents files.
    sources : Path
        ``sources.parquet`` of the split: names, in library order.
    shard_size : int
        Most ligands in a shard.
    out : Path
        Folder to write to.

    Returns
    -------
    MergeCounts
        Ligands, duplicate records and shards.
    """
    out.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=out, prefix=".duckdb.") as spill,
        duckdb.connect(":memory:") as database,
    ):
        database.execute(f"SET memory_limit = '{MEMORY_LIMIT}'")
        database.execute("SET temp_directory = ?", [spill])
        _load(database, parents, sources)
        duplicates = _write_duplicates(database, out / "merge.events.parquet")
        _write_membership(database, out / "membership.parquet")
        ligands, shards = _write_shards(database, shard_size, out / "shards")
    return MergeCounts(ligands=ligands, duplicates=duplicates, shards=shards)


def ligand_key(inchikey: str) -> int:
    """Place of a ligand in the trie of shards."""
    return int.from_bytes(hashlib.sha256(inchikey.encode()).digest()[:8], "big")


def _load(database: duckdb.DuckDBPyConnection, parents: list[Path], sources: Path) -> None:
    """Make tables: ``parent``, and ``member`` with each record's place and name."""
    database.execute(
        "CREATE TABLE parent (record VARCHAR, inchikey VARCHAR, smiles VARCHAR, pose VARCHAR)"
    )
    if parents:
        database.execute(
            "INSERT INTO parent SELECT record, inchikey, smiles, pose FROM read_parquet(?)",
            [[str(path) for path in parents]],
        )
    database.execute(
        """
        CREATE TABLE member AS
        SELECT record, inchikey, name, place,
               first_value(record) OVER first AS primary_record,
               first_value(name) OVER first AS primary_name
        FROM parent
        JOIN (SELECT record, name, file_row_number AS place
              FROM read_parquet(?, file_row_number = true)) USING (record)
        WINDOW first AS (PARTITION BY inchikey ORDER BY place)
        """,
        [str(sources)],
    )


def _write_duplicates(database: duckdb.DuckDBPyConnection, path: Path) -> int:
    rows = _rows(
        database,
        """
        SELECT member.record, primary_record, primary_name,
               own.pose IS NOT NULL AND own.pose IS DISTINCT FROM other.pose
        FROM member
        JOIN parent AS own ON own.record = member.record
        JOIN parent AS other ON other.record = primary_record
        WHERE member.record <> primary_record
        ORDER BY place
        """,
    )
    count = 0

    def events() -> Iterator[Event]:
        nonlocal count
        for row in rows:
            count += 1
            yield _duplicate(*row)

    write_events(path, events())
    return count


def _duplicate(record: str, primary: str, name: str, is_pose: bool) -> Event:
    what = "a further pose of" if is_pose else "the same structure as"
    whom = f"{name} (record {primary})" if name else f"record {primary}"
    return Event(
        STAGE,
        Status.DUPLICATE,
        record=record,
        reason=Reason.DUPLICATE_STRUCTURE,
        message=f"{what} {whom}",
    )


def _write_membership(database: duckdb.DuckDBPyConnection, path: Path) -> None:
    query = """
        SELECT record, inchikey, record = primary_record FROM member ORDER BY place
    """
    with replace_whole(path) as partial, pq.ParquetWriter(partial, MEMBERSHIP) as writer:
        for rows in _batches(database, query):
            writer.write_table(_table(rows, MEMBERSHIP))


def _write_shards(
    database: duckdb.DuckDBPyConnection, shard_size: int, folder: Path
) -> tuple[int, int]:
    database.create_function("ligand_key", ligand_key, ["VARCHAR"], "UBIGINT")
    database.execute(
        """
        CREATE TABLE ligand AS
        SELECT inchikey, ligand_key(inchikey) AS key FROM (SELECT DISTINCT inchikey FROM parent)
        """
    )
    hashes = array("Q")
    for rows in _batches(database, "SELECT key FROM ligand ORDER BY key, inchikey"):
        hashes.extend(row[0] for row in rows)
    keys = np.frombuffer(hashes, dtype=np.uint64)
    trie = leaves(keys, shard_size)
    # in the order of the keys each shard's ligands follow one another
    ligands = _rows(
        database,
        """
        SELECT inchikey, min(smiles),
               coalesce(list_sort(list(DISTINCT pose) FILTER (pose IS NOT NULL)), [])
        FROM parent JOIN ligand USING (inchikey)
        GROUP BY inchikey, key ORDER BY key, inchikey
        """,
    )
    with replaced_folder(folder) as partial:
        for leaf in trie:
            rows = sorted(next(ligands) for _ in range(leaf.size))
            write_table(partial / f"{leaf.name}.parquet", _table(rows, LIGANDS))
    return len(keys), len(trie)


def _table(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = zip(*rows, strict=True)
    arrays = [pa.array(values, field.type) for values, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema)


def _batches(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[list[tuple[Any, ...]]]:
    result = database.execute(query)
    while rows := result.fetchmany(BATCH):
        yield rows


def _rows(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    for rows in _batches(database, query):
        yield from rows
