"""The proposers that there are: every module of :mod:`screenmm.generation.proposers`.

A module there is a proposer. It says what it is in a constant ``FACTS`` and makes itself ready in a
function ``make``; nothing else in the package names it.
"""

from __future__ import annotations

import importlib
import logging
import pkgutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screenmm.config.engines import is_installed
from screenmm.core.errors import ConfigError
from screenmm.core.suggest import closest
from screenmm.generation.proposal import Known, Proposer

if TYPE_CHECKING:
    from screenmm.generation.blocks import Blocks

PACKAGE = "screenmm.generation.proposers"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProposerFacts:
    """What the rest of the package needs to know of a proposer.

    Parameters
    ----------
    words : str
        What it does.
    needs : str
        Field of :class:`Sources` without which it proposes nothing; empty: none.
    packages : tuple of str
        Distributions that it needs.
    get : str
        How to get them.
    in_environments : bool
        Whether the rules' conda environments hold them.
    """

    words: str
    needs: str = ""
    packages: tuple[str, ...] = ()
    get: str = ""
    in_environments: bool = True


@dataclass(frozen=True)
class Sources:
    """What proposers are made of.

    Parameters
    ----------
    fragments : Path or None
        Database of :mod:`screenmm.generation.fragment_database`.
    blocks : Blocks or None
        Building blocks.
    core : str or None
        SMARTS of what a proposal must keep, for a proposer that heeds it itself.
    """

    fragments: Path | None = None
    blocks: Blocks | None = None
    core: str | None = None


def _module(name: str) -> Any:
    return importlib.import_module(f"{PACKAGE}.{name}")


@cache
def proposers() -> Mapping[str, ProposerFacts]:
    """Every proposer's facts, by name."""
    folders = importlib.import_module(PACKAGE).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(folders))
    return {name: _module(name).FACTS for name in names}


def made_of(
    name: str,
    molecules: Sequence[Known],
    folder: Path,
    blocks: Path | None = None,
    core: str | None = None,
) -> Sources:
    """Cut what a proposer is made of from some molecules.

    Parameters
    ----------
    name : str
        One of :func:`proposers`; another's sources are not made.
    molecules : sequence of Known
        Whose fragments are exchanged. Blocks are cut from them where no file is given.
    folder : Path
        For the database of fragments.
    blocks : Path or None
        File of building blocks.
    core : str or None
        SMARTS of what a proposal must keep.

    Raises
    ------
    ConfigError
        There is no such proposer, a package that it needs is not installed, or nothing was cut.
    """
    from screenmm.generation.blocks import blocks_of, index_blocks, read_blocks  # noqa: PLC0415
    from screenmm.generation.fragment_database import fragment_shard, merge  # noqa: PLC0415

    needs = facts_of(name).needs
    if needs == "fragments":
        shard, database = folder / "fragments.parquet", folder / "fragments.db"
        failures = fragment_shard(((each.key, each.smiles) for each in molecules), shard)
        if len(failures) == len(molecules):
            raise ConfigError(
                f"proposer {name}: none of {len(molecules)} molecules can be cut to fragments"
                + "".join(f"; the first: {each.message}" for each in [*failures.values()][:1])
                + ": give a library of more molecules"
            )
        for failure in failures.values():
            log.warning("no fragments: %s", failure.message)
        merge([shard], database)
        return Sources(fragments=database, core=core)
    if needs == "blocks":
        cut = ((smiles, "") for smiles in blocks_of(each.smiles for each in molecules))
        found = index_blocks(read_blocks(blocks) if blocks else cut)
        if not found.smiles:
            refused = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
            source = blocks or f"{len(molecules)} molecules taken apart"
            raise ConfigError(
                f"proposer {name}: no building block from {source} ({refused or 'none there'}): "
                "give a file of blocks, or a library of more molecules"
            )
        if found.refused:
            refused = ", ".join(f"{count} {reason}" for reason, count in found.refused.items())
            log.warning("%d building blocks; left out: %s", len(found.smiles), refused)
        return Sources(blocks=found, core=core)
    return Sources(core=core)


def facts_of(name: str, *, installed: bool = True) -> ProposerFacts:
    """Facts of a proposer.

    Parameters
    ----------
    name : str
        One of :func:`proposers`.
    installed : bool
        Whether its packages must be here.

    Raises
    ------
    ConfigError
        There is no such proposer, or a package that it needs is not installed.
    """
    facts = proposers().get(name)
    if facts is None:
        meant = "".join(f"; {each} is meant?" for each in closest(name, proposers()))
        raise ConfigError(f"no proposer {name!r}: there are {', '.join(proposers())}{meant}")
    missing = [each for each in facts.packages if not is_installed(each)]
    if installed and missing:
        raise ConfigError(
            f"proposer {name} needs {', '.join(missing)}, not installed in {sys.prefix}: "
            f"{facts.get}"
        )
    return facts


def make_proposer(name: str, sources: Sources) -> Proposer:
    """Make a proposer ready.

    Parameters
    ----------
    name : str
        One of :func:`proposers`.
    sources : Sources

    Raises
    ------
    ConfigError
        There is no such proposer, one of its packages is not installed, or what it is made of is
        missing.
    """
    facts = facts_of(name)
    if facts.needs and getattr(sources, facts.needs) is None:
        raise ConfigError(f"proposer {name} needs {facts.needs}: give them, or take another one")
    proposer: Proposer = _module(name).make(sources)
    return proposer
