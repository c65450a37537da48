"""Choose what reaches MM/GBSA: the best docked ligands, and the best poses of each."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np

from screenmm.files import replaced_folder, write_text_gz
from screenmm.library.merge import ligand_key
from screenmm.library.shards import leaf_of, leaves
from screenmm.sdf import ligand_of, split_records

_QUERY = """
WITH pose AS (
    SELECT inchikey, state, pose, dock_score_kcal_mol,
           row_number() OVER (
               PARTITION BY inchikey
               ORDER BY pose, dock_score_kcal_mol NULLS LAST, length(state), state
           ) AS place
    FROM read_parquet(?)
), ligand AS (
    SELECT inchikey,
           row_number() OVER (ORDER BY min(dock_score_kcal_mol) NULLS LAST, inchikey) AS place
    FROM pose GROUP BY inchikey
)
SELECT state || '_p' || pose
FROM pose JOIN ligand USING (inchikey)
WHERE ligand.place <= ? AND pose.place <= ?
ORDER BY inchikey, pose.place
"""


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
    with duckdb.connect() as con:
        rows = con.execute(_QUERY, [[str(path) for path in tables], top, poses]).fetchall()
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
        for text in split_records(path):
            title = text.split("\n", 1)[0]
            if title in place:
                found[shard_of[ligand_of(title)]].append((place[title], text))
    with replaced_folder(out) as partial:
        for leaf, records in zip(trie, found, strict=True):
            text = "".join(text for _, text in sorted(records))
            write_text_gz(partial / f"{leaf.name}.sdf.gz", text)
    return len(trie)
