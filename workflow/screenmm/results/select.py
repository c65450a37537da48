"""Choose what reaches MM/GBSA: the best docked ligands, and the best poses of each."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import numpy as np

from screenmm.files.sdf import ligand_of
from screenmm.files.whole import open_bytes, replaced_folder, write_text_gz
from screenmm.library.merge import ligand_key
from screenmm.run.shards import leaf_of, leaves

# Ligands are chosen first: places among a ligand's poses are counted for those alone.
_QUERY = """
WITH chosen AS (
    SELECT inchikey FROM read_parquet($tables)
    GROUP BY inchikey
    ORDER BY min(dock_score_kcal_mol) NULLS LAST, inchikey
    LIMIT $top
), pose AS (
    SELECT inchikey, state, pose,
           row_number() OVER (
               PARTITION BY inchikey
               ORDER BY pose, dock_score_kcal_mol NULLS LAST, length(state), state
           ) AS place
    FROM read_parquet($tables) SEMI JOIN chosen USING (inchikey)
)
SELECT state || '_p' || pose
FROM pose
WHERE place <= $poses
ORDER BY inchikey, place
"""
_MEMORY_LIMIT = "1GB"
_CHUNK_BYTES = 1 << 20


def select_poses(tables: list[Path], top: int, poses: int) -> list[str]:
    """Titles of the poses to score.

    Ligands are taken by their lowest docking score; of each, every state's best pose by
    the engine's order comes before any state's second. Given poses carry no score:
    their ligands are taken by key.

    Parameters
    ----------
    tables : list of Path
        Docking tables of one receptor.
    top : int
        Most ligands.
    poses : int
        Most poses per ligand.

    Returns
    -------
    list of str
        ``{state}_p{rank}``, by ligand key and place.
    """
    if not tables:
        return []
    names = [str(path) for path in tables]
    with tempfile.TemporaryDirectory(prefix="screenmm.") as spill, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        con.execute("SET temp_directory = ?", [spill])
        rows = con.execute(_QUERY, {"tables": names, "top": top, "poses": poses}).fetchall()
    return [row[0] for row in rows]


def write_shards(chosen: list[str], files: list[Path], shard_size: int, out: Path) -> int:
    """Write the chosen poses' records into one .sdf.gz per shard.

    Parameters
    ----------
    chosen : list of str
        Titles, in the order in which a shard shall hold them.
    files : list of Path
        Docked poses.
    shard_size : int
        Most ligands in a shard; the shards follow from the ligands' keys alone.
    out : Path
        Folder to fill; what it held is replaced.

    Returns
    -------
    int
        How many shards were written.
    """
    ligands = sorted({ligand_of(title) for title in chosen})
    keys = np.array([ligand_key(ligand) for ligand in ligands], dtype=np.uint64)
    trie = leaves(keys, shard_size)
    shard_of = dict(zip(ligands, leaf_of(keys, trie).tolist(), strict=True))
    place = {title: index for index, title in enumerate(chosen)}
    found: list[list[tuple[int, str]]] = [[] for _ in trie]
    for path in sorted(files):
        for title, record in _records(path):
            if title in place:
                found[shard_of[ligand_of(title)]].append((place[title], record.decode()))
    with replaced_folder(out) as partial:
        for leaf, records in zip(trie, found, strict=True):
            text = "".join(text for _, text in sorted(records))
            write_text_gz(partial / f"{leaf.name}.sdf.gz", text)
    return len(trie)


def _records(path: Path) -> Iterator[tuple[str, bytes]]:
    """Title and bytes of each record, found by its end: nearly all are passed over."""
    with open_bytes(path) as handle:
        rest = b""
        while chunk := handle.read(_CHUNK_BYTES):
            *records, rest = (rest + chunk).split(b"\n$$$$\n")
            for record in records:
                yield record[: record.index(b"\n")].decode(), record + b"\n$$$$\n"
