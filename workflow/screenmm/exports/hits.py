"""``hits.sdf``: the minimised pose of every ligand ranked by MM/GBSA."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import duckdb

from screenmm.core.errors import LedgerError
from screenmm.files.whole import open_bytes, replace_whole
from screenmm.results.columns import ranking_columns
from screenmm.results.tables import text_cells
from screenmm.tables.dictionary import names

END = b"M  END"
RECORD_END = b"$$$$"
BATCH = 1000
TITLE_LENGTH = 200

Key = tuple[str, str]  # receptor, title of the pose
Span = tuple[int, int]  # start, length


def one_line(text: str) -> str:
    """Make text fit for a line of an SDF: no control characters, no record delimiter."""
    flat = re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", text).strip()
    return f" {flat}" if flat.startswith("$$$$") else flat


def _mol_blocks(path: Path) -> Iterator[tuple[str, bytes]]:
    """Title and mol block (without title and data) of each record of an SDF."""
    with open_bytes(path) as handle:
        lines: list[bytes] = []
        inside = True
        for line in handle:
            if line.startswith(RECORD_END):
                if lines:
                    yield lines[0].decode().strip(), b"".join(lines[1:])
                lines, inside = [], True
            elif inside:
                lines.append(line)
                inside = not line.startswith(END)


def _spool(
    shards: Mapping[str, Sequence[Path]], wanted: set[Key], spool: IO[bytes]
) -> dict[Key, Span]:
    """Copy the wanted mol blocks to ``spool`` and tell where each lies."""
    spans: dict[Key, Span] = {}
    for receptor, paths in shards.items():
        for path in sorted(paths):
            for title, block in _mol_blocks(path):
                key = (receptor, title)
                if key in wanted and key not in spans:
                    spans[key] = (spool.tell(), len(block))
                    spool.write(block)
    return spans


def _keys(con: duckdb.DuckDBPyConnection) -> set[Key]:
    rows = con.execute(
        "SELECT receptor, state || '_p' || pose FROM ranking WHERE dg_mmgbsa_kcal_mol IS NOT NULL"
    )
    return {(receptor, title) for receptor, title in rows.fetchall()}


def _ranked(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, dict[str, str | None]]]:
    """Title of the pose and ranking columns as text, in rank order."""
    columns = ranking_columns(con)
    cursor = con.cursor()
    cursor.execute(
        f"SELECT title, {text_cells(columns)} FROM ("
        "SELECT *, state || '_p' || pose AS title FROM ranking "
        "WHERE dg_mmgbsa_kcal_mol IS NOT NULL ORDER BY receptor_ordinal, rank)"
    )
    while rows := cursor.fetchmany(BATCH):
        for title, *values in rows:
            yield title, dict(zip(names(columns), values, strict=True))


def _record(values: Mapping[str, str | None], block: bytes) -> bytes:
    """One SDF record: the name as title, the ranking columns as tags."""
    title = one_line(values["name"] or values["inchikey"] or "")[:TITLE_LENGTH]
    tags = "".join(
        f">  <{name}>\n{one_line(value)}\n\n"
        for name, value in values.items()
        if value is not None and one_line(value)
    )
    return f"{title}\n".encode() + block + f"{tags}$$$$\n".encode()


def write_hits(
    con: duckdb.DuckDBPyConnection, shards: Mapping[str, Sequence[Path]], path: Path
) -> int:
    """Write ``hits.sdf`` in rank order, receptors in config order.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    shards : mapping of receptor to sequence of Path
        Minimised poses (``.sdf.gz``), titled ``{state}_p{pose}``; read once, as a stream.
    path : Path
        The file to make.

    Returns
    -------
    int
        Number of records.

    Raises
    ------
    LedgerError
        A ranked pose is in no shard.
    """
    count = 0
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=path.parent) as spool, replace_whole(path) as partial:
        spans = _spool(shards, _keys(con), spool)
        with partial.open("wb") as handle:
            for title, values in _ranked(con):
                key = (values["receptor"] or "", title)
                if key not in spans:
                    raise LedgerError(f"receptor {key[0]}: no shard has the ranked pose {title}")
                start, length = spans[key]
                spool.seek(start)
                handle.write(_record(values, spool.read(length)))
                count += 1
    return count
