"""What proposers are made of: fragments and building blocks, cut from the library in shards."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.settings import Generate
from screenmm.core.errors import ConfigError
from screenmm.files.whole import replace_whole
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
from screenmm.run.shards import write_table

log = logging.getLogger(__name__)

FRAGMENTS = "fragments"
BLOCKS = "blocks"
CUT = pa.schema([("smiles", pa.string())])


def needs_of(generate: Generate) -> set[str]:
    """What the proposers of a config and its routes need: fragments, blocks, both or neither."""
    needs = {proposers()[name].needs for name in generate.proposers} - {""}
    return needs if generate.route == "off" else needs | {BLOCKS}


def reactions_of(generate: Generate) -> tuple[Reaction, ...]:
    """The config's reactions, or the package's."""
    return read_reactions(generate.reactions) if generate.reactions else named_reactions()


def cut(
    molecules: Sequence[tuple[str, str]], fragments: Path, blocks: Path, generate: Generate
) -> None:
    """Cut molecules to what the proposers need.

    Parameters
    ----------
    molecules : sequence of (str, str)
        Key and SMILES of each.
    fragments : Path
        File of their fragments to write (.parquet); without rows where nobody needs any.
    blocks : Path
        File of their building blocks to write (.parquet); without rows where nobody needs any,
        or the config names a file of blocks.
    generate : Generate
    """
    needs = needs_of(generate)
    failures = fragment_shard(molecules if FRAGMENTS in needs else [], fragments)
    if failures:
        first = next(iter(failures.values()))
        log.info("%d of %d molecules give no fragments: %s", len(failures), len(molecules),
                 first.message)  # fmt: skip
    wanted = BLOCKS in needs and generate.blocks is None
    found = blocks_of((smiles for _, smiles in molecules), reactions_of(generate)) if wanted else []
    with replace_whole(blocks) as partial:
        write_table(partial, pa.table({"smiles": found}, schema=CUT))


def gather(
    fragments: Sequence[Path],
    blocks: Sequence[Path],
    database: Path,
    indexed: Path,
    generate: Generate,
) -> None:
    """Join what was cut of all shards, and of the config's own files.

    Parameters
    ----------
    fragments, blocks : sequence of Path
        Files of :func:`cut`.
    database : Path
        Database of fragments to write (.db).
    indexed : Path
        Building blocks with their roles to write (.parquet).
    generate : Generate

    Raises
    ------
    ConfigError
        A proposer would have nothing to work with.
    """
    needs = needs_of(generate)
    own = _more(generate)
    with tempfile.TemporaryDirectory(dir=database.parent, prefix=".cut.") as beside:
        pieces, parts = (Path(beside, f"{what}.parquet") for what in (FRAGMENTS, BLOCKS))
        cut(own, pieces, parts, generate)
        merge([*fragments, pieces], database)
        found = _indexed([*blocks, parts], generate)
        if FRAGMENTS in needs and not any(_has_rows(each) for each in [*fragments, pieces]):
            raise ConfigError(_nothing(FRAGMENTS, "none of the molecules can be cut"))
    if BLOCKS in needs and not found.smiles:
        told = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
        raise ConfigError(_nothing(BLOCKS, told or "nothing fits a reaction"))
    write_indexed(found, indexed)


def _nothing(what: str, why: str) -> str:
    remedy = "generate.fragments: a file of more molecules"
    if what == BLOCKS:
        remedy += ", or generate.blocks: a file of building blocks"
    return f"generate: there are no {what} to propose molecules from ({why}); give {remedy}"


def _more(generate: Generate) -> list[tuple[str, str]]:
    """Molecules beside the library's, by their place in their file."""
    if generate.fragments is None:
        return []
    found = read_blocks(generate.fragments)
    return [(str(place), smiles) for place, (smiles, _) in enumerate(found, 1) if smiles]


def _indexed(files: Iterable[Path], generate: Generate) -> Blocks:
    """Blocks of the config's file, or those cut."""
    rows: Iterable[tuple[str, str]] = (
        read_blocks(generate.blocks)
        if generate.blocks
        else (
            (smiles, "") for path in files for smiles in pq.read_table(path)["smiles"].to_pylist()
        )
    )
    wanted = BLOCKS in needs_of(generate)
    found = index_blocks(rows if wanted else [], reactions_of(generate))
    if found.refused:
        told = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
        log.info("%d building blocks; left out: %s", len(found.smiles), told)
    return found


def _has_rows(path: Path) -> bool:
    return bool(pq.read_metadata(path).num_rows)


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
