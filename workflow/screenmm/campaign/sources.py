"""What proposers are made of: fragments and building blocks, cut from molecules at hand."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screenmm.config.settings import Generate
from screenmm.core.errors import ConfigError
from screenmm.execution.batch import Task
from screenmm.execution.shard import run_shard
from screenmm.generation.blocks import (
    Blocks,
    blocks_of,
    index_blocks,
    read_blocks,
    read_indexed,
    write_indexed,
)
from screenmm.generation.fragment_database import fragment_shard, merge
from screenmm.generation.reactions import Reaction, named_reactions, read_reactions
from screenmm.generation.registry import Sources, proposers
from screenmm.rounds.choice import Smallest, chance

log = logging.getLogger(__name__)

FRAGMENTS = "fragments"
BLOCKS = "blocks"

PORTION = 25
"""Molecules that a worker cuts at once, and puts into a file of its own."""

TIME_LIMIT_S = 1800.0
"""For a portion; a molecule takes a tenth of a second, and never more than a few."""

Molecules = list[tuple[str, str]]
"""Key and SMILES of each."""


def needs_of(generate: Generate) -> set[str]:
    """What the proposers of a config and its routes need: fragments, blocks, both or neither."""
    needs = {proposers()[name].needs for name in generate.proposers} - {""}
    return needs if generate.route == "off" else needs | {BLOCKS}


def reactions_of(generate: Generate) -> tuple[Reaction, ...]:
    """The config's reactions, or the package's."""
    return read_reactions(generate.reactions) if generate.reactions else named_reactions()


def drawn_of_library(shards: Sequence[Path], most: int, seed: int) -> Molecules:
    """Draw molecules of the library by chance, whatever shards they lie in.

    Parameters
    ----------
    shards : sequence of Path
        Shards of its ligands.
    most : int
        How many; all where there are no more.
    seed : int
        Of the run.
    """
    drawn = Smallest(most)
    for path in shards:
        keys = np.array(pq.read_table(path, columns=["inchikey"])["inchikey"].to_pylist())
        drawn.show(keys.astype(object), chance(seed, keys))
    wanted = pa.array(sorted(drawn.keys.tolist()), pa.string())
    found: Molecules = []
    for path in shards:
        table = pq.read_table(path, columns=["inchikey", "smiles"])
        rows = table.filter(pc.is_in(table["inchikey"], wanted)).to_pylist()
        found += [(row["inchikey"], row["smiles"]) for row in rows]
    return sorted(found)


def gather(
    library: Sequence[Path],
    database: Path,
    indexed: Path,
    generate: Generate,
    seed: int,
    workers: int,
    asked: str = "",
) -> None:
    """Cut molecules of the library, and those of the config's own files, to what proposers need.

    Parameters
    ----------
    library : sequence of Path
        Shards of its ligands.
    database : Path
        Database of fragments to write (.db).
    indexed : Path
        Building blocks with their roles to write (.parquet).
    generate : Generate
    seed : int
        Of the run.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text: portions cut under others are cut again.

    Raises
    ------
    ConfigError
        A proposer would have nothing to work with.
    """
    needs = needs_of(generate)
    molecules = [*drawn_of_library(library, generate.cut_from, seed), *_more(generate)]
    if not needs:
        molecules = []
    portions = [molecules[at : at + PORTION] for at in range(0, len(molecules), PORTION)]
    names = [f"{number:06d}" for number in range(len(portions))]
    items = [(name, (name, portion)) for name, portion in zip(names, portions, strict=True)]
    folder = database.with_name(f".{database.name}.portions")
    folder.mkdir(parents=True, exist_ok=True)
    task = Task("gather", Cutter, (folder, generate), TIME_LIMIT_S, subject="record")
    with run_shard(task, items, database, asked, library, min(workers, len(items) or 1)) as done:
        results = [each.result for each in done if each.result is not None]
        for event in (event for each in done for event in each.events):
            log.warning("molecules from number %d on: %s", PORTION * int(event.record),
                        event.message)  # fmt: skip
        blocks = [smiles for result in results for smiles in result[BLOCKS]]
        cut = sum(result[FRAGMENTS] for result in results)
        merge((folder / f"{each.key}.parquet" for each in done if each.result), database)
        log.info("%d of %d molecules give fragments", cut, len(molecules))
    shutil.rmtree(folder)
    if FRAGMENTS in needs and not cut:
        raise ConfigError(_nothing(FRAGMENTS, f"none of {len(molecules)} molecules can be cut"))
    found = _indexed(blocks, generate)
    if BLOCKS in needs and not found.smiles:
        told = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
        raise ConfigError(_nothing(BLOCKS, told or "nothing fits a reaction"))
    write_indexed(found, indexed)


class Cutter:
    """Settings, once per worker.

    Parameters
    ----------
    folder : Path
        Gets the fragments of each portion.
    generate : Generate
    """

    def __init__(self, folder: Path, generate: Generate) -> None:
        self._folder = folder
        self._needs = needs_of(generate)
        self._own_blocks = generate.blocks is not None
        self._reactions = reactions_of(generate)

    def __call__(self, portion: tuple[str, Molecules]) -> dict[str, Any]:
        """Cut a portion; how many molecules gave fragments, and the building blocks."""
        number, molecules = portion
        wanted = molecules if FRAGMENTS in self._needs else []
        failures = fragment_shard(wanted, self._folder / f"{number}.parquet")
        own = BLOCKS in self._needs and not self._own_blocks
        blocks = blocks_of((smiles for _, smiles in molecules), self._reactions) if own else []
        return {FRAGMENTS: len(wanted) - len(failures), BLOCKS: blocks}


def _nothing(what: str, why: str) -> str:
    remedy = "generate.fragments: a file of more molecules"
    if what == BLOCKS:
        remedy += ", or generate.blocks: a file of building blocks"
    return f"generate: there are no {what} to propose molecules from ({why}); give {remedy}"


def _more(generate: Generate) -> Molecules:
    """Molecules beside the library's, by their place in their file."""
    if generate.fragments is None:
        return []
    found = [smiles for smiles, _ in read_blocks(generate.fragments)]
    if unread := found.count(""):
        name = generate.fragments.name
        log.warning("%d of %d records of %s cannot be read", unread, len(found), name)
    return [(str(place), smiles) for place, smiles in enumerate(found, 1) if smiles]


def _indexed(cut: Iterable[str], generate: Generate) -> Blocks:
    """Blocks of the config's file, or those cut."""
    own = read_blocks(generate.blocks) if generate.blocks else ((smiles, "") for smiles in cut)
    wanted = BLOCKS in needs_of(generate)
    found = index_blocks(own if wanted else [], reactions_of(generate))
    if found.refused:
        told = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
        log.info("%d building blocks; left out: %s", len(found.smiles), told)
    return found


def sources(needs: Collection[str], database: Path, indexed: Path, generate: Generate) -> Sources:
    """What a proposer, or a search for routes, is made of.

    Parameters
    ----------
    needs : collection of str
        What it needs; other things are not read.
    database, indexed : Path
        As :func:`gather` wrote them.
    generate : Generate
    """
    return Sources(
        fragments=database if FRAGMENTS in needs else None,
        blocks=read_indexed(indexed, reactions_of(generate)) if BLOCKS in needs else None,
        core=generate.core,
    )
