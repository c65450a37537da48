"""Choose what goes on: ligands to a later tier of docking, the best poses to MM/GBSA."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from screenmm.config.settings import number_of
from screenmm.files.sdf import ligand_of
from screenmm.files.whole import open_bytes, replaced_folder, write_text_gz
from screenmm.library.merge import ligand_key
from screenmm.run.shards import leaf_of, leaves

# Ligands are chosen first: places among a ligand's poses are counted for those alone. A ligand
# that went further comes before those that were left behind, and its poses there count.
_QUERY = """
WITH docked AS ({docked}), best AS (
    SELECT inchikey, min({{
        'behind': -tier, 'score': coalesce(dock_score_kcal_mol, CAST('infinity' AS DOUBLE))
    }}) AS best
    FROM docked
    {among}
    GROUP BY inchikey
), chosen AS (
    SELECT inchikey, -best.behind AS tier FROM best ORDER BY best, inchikey LIMIT $top
), pose AS (
    SELECT inchikey, state, pose,
           row_number() OVER (
               PARTITION BY inchikey
               ORDER BY pose, dock_score_kcal_mol NULLS LAST, length(state), state
           ) AS place
    FROM docked SEMI JOIN chosen USING (inchikey, tier)
)
SELECT state || '_p' || pose
FROM pose
WHERE place <= $poses
ORDER BY inchikey, place
"""
_AMONG = "WHERE inchikey IN (SELECT unnest(CAST($among AS VARCHAR[])))"
_BEST = """
SELECT inchikey FROM read_parquet($tables)
GROUP BY inchikey
ORDER BY min(dock_score_kcal_mol) NULLS LAST, inchikey
"""
_BEST_SCORED = """
WITH best AS (
    SELECT inchikey, min(dg_mmgbsa_kcal_mol) AS dg FROM read_parquet($tables)
    GROUP BY inchikey ORDER BY dg, inchikey LIMIT $top
), pose AS (
    SELECT inchikey, state, pose, row_number() OVER (
        PARTITION BY inchikey ORDER BY dg_mmgbsa_kcal_mol, state, pose
    ) AS place
    FROM read_parquet($tables) SEMI JOIN best USING (inchikey)
)
SELECT state || '_p' || pose FROM pose WHERE place <= $poses ORDER BY inchikey, place
"""
_MEMORY_LIMIT = "1GB"
_CHUNK_BYTES = 1 << 20


def best_docked(tables: list[Path], top: int | str) -> list[str]:
    """Keys of the ligands that a later tier docks, sorted.

    Parameters
    ----------
    tables : list of Path
        Docking tables of one receptor, of the tier before.
    top : int or str
        How many ligands, or how many percent of those in the tables, by lowest docking score.
    """
    if not tables:
        return []
    ligands = [row[0] for row in _asked(_BEST, {"tables": list(map(str, tables))})]
    return sorted(ligands[: number_of(top, len(ligands))])


def select_poses(
    tables: list[Path],
    top: int,
    poses: int,
    later: Sequence[list[Path]] = (),
    among: Sequence[str] | None = None,
) -> list[str]:
    """Titles of the poses to score.

    Ligands are taken by their lowest docking score; of each, every state's best pose by
    the engine's order comes before any state's second. Given poses carry no score:
    their ligands are taken by key. Of several tiers of docking a ligand has the poses and the
    score of the last that docked it, and comes before all that no such tier docked.

    Parameters
    ----------
    tables : list of Path
        Docking tables of one receptor.
    top : int
        Most ligands.
    poses : int
        Most poses per ligand.
    later : sequence of list of Path
        Docking tables of each later tier.
    among : sequence of str, optional
        Keys of the only ligands that count.

    Returns
    -------
    list of str
        ``{state}_p{rank}``, by ligand key and place.
    """
    tiers = {tier: list(map(str, paths)) for tier, paths in enumerate([tables, *later], 1) if paths}
    if not tiers:
        return []
    docked = " UNION ALL ".join(
        "SELECT inchikey, state, pose, dock_score_kcal_mol, "
        f"{tier} AS tier FROM read_parquet($tier{tier})"
        for tier in tiers
    )
    values = {f"tier{tier}": paths for tier, paths in tiers.items()}
    query = _QUERY.format(docked=docked, among="" if among is None else _AMONG)
    asked = {**values, "top": top, "poses": poses}
    rows = _asked(query, asked if among is None else {**asked, "among": list(among)})
    return [row[0] for row in rows]


def best_scored(tables: list[Path], top: int, poses: int) -> list[str]:
    """Titles of the best poses of the best scored ligands.

    Parameters
    ----------
    tables : list of Path
        MM/GBSA scores of one receptor.
    top : int
        Most ligands, by their lowest ΔG.
    poses : int
        Most poses per ligand, by ΔG.

    Returns
    -------
    list of str
        ``{state}_p{rank}``, by ligand key and place.
    """
    if not tables:
        return []
    asked = {"tables": list(map(str, tables)), "top": top, "poses": poses}
    return [row[0] for row in _asked(_BEST_SCORED, asked)]


def _asked(query: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Rows of a query that may spill to disk."""
    with tempfile.TemporaryDirectory(prefix="screenmm.") as spill, duckdb.connect() as con:
        con.execute(f"SET memory_limit = '{_MEMORY_LIMIT}'")
        con.execute("SET temp_directory = ?", [spill])
        return con.execute(query, values).fetchall()


def write_states(ligands: Sequence[str], files: list[Path], shard_size: int, out: Path) -> int:
    """Write the states of ligands into one .sdf.gz per shard, as they were prepared.

    Parameters
    ----------
    ligands : sequence of str
        Keys.
    files : list of Path
        States of all ligands.
    shard_size : int
        Most ligands in a shard.
    out : Path
        Folder to fill; what it held is replaced.

    Returns
    -------
    int
        How many shards were written.
    """
    wanted = set(ligands)

    def place(title: str) -> tuple[str, int] | None:
        ligand, _, state = title.rpartition("_s")
        return (ligand, int(state)) if ligand in wanted else None

    return _write(sorted(wanted), files, place, shard_size, out)


def write_shards(chosen: list[str], files: list[Path], shard_size: int, out: Path) -> int:
    """Write the chosen poses' records into one .sdf.gz per shard.

    Parameters
    ----------
    chosen : list of str
        Titles, in the order in which a shard shall hold them.
    files : list of Path
        Docked poses; those of a later tier come first, as titles are the same in all tiers.
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
    place = {title: index for index, title in enumerate(chosen)}
    return _write(ligands, files, place.get, shard_size, out)


def write_named_shards(
    chosen: list[str], files: list[Path], names: Sequence[str], shard_size: int, out: Path
) -> None:
    """Write the chosen poses' records into as many .sdf.gz as there are names; some may be empty.

    Parameters
    ----------
    chosen : list of str
        Titles, in the order in which a shard shall hold them.
    files : list of Path
        Docked poses.
    names : sequence of str
        Of the shards.
    shard_size : int
        Most ligands in a shard.
    out : Path
        Folder to fill; what it held is replaced.
    """
    ligands = sorted({ligand_of(title) for title in chosen})
    shard_of = {ligand: names[place // shard_size] for place, ligand in enumerate(ligands)}
    place = {title: index for index, title in enumerate(chosen)}
    found: dict[str, dict[int, str]] = {name: {} for name in names}
    for path in files:
        for title, record in _records(path):
            if title in place:
                found[shard_of[ligand_of(title)]][place[title]] = record.decode()
    with replaced_folder(out) as partial:
        for name, records in found.items():
            text = "".join(text for _, text in sorted(records.items()))
            write_text_gz(partial / f"{name}.sdf.gz", text)


def _write(
    ligands: list[str],
    files: list[Path],
    place: Callable[[str], Any],
    shard_size: int,
    out: Path,
) -> int:
    """Write records in shards of ligands, each in the order of its place; None: left out."""
    keys = np.array([ligand_key(ligand) for ligand in ligands], dtype=np.uint64)
    trie = leaves(keys, shard_size)
    shard_of = dict(zip(ligands, leaf_of(keys, trie).tolist(), strict=True))
    found: list[dict[Any, str]] = [{} for _ in trie]
    for path in files:
        for title, record in _records(path):
            if (where := place(title)) is not None:
                found[shard_of[ligand_of(title)]].setdefault(where, record.decode())
    with replaced_folder(out) as partial:
        for leaf, records in zip(trie, found, strict=True):
            text = "".join(text for _, text in sorted(records.items()))
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
