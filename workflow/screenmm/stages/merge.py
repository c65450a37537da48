"""Stage ``merge``: parents of all shards into ligands, duplicates on record."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def not_all_docked(settings: Settings, receptor: str) -> dict[str, Any]:
    """Say that only batches are docked, so that shards of the library may be larger."""
    return {"in_rounds": True} if settings.rounds else {}


STAGE = Stage(
    "merge",
    place=30,
    words="merge duplicates into ligands",
    version=1,
    keys={"library": frozenset({"shard_size"})},
    more=not_all_docked,
    reads={
        "parents": "library/parents/{shard}.parquet",
        "sources": "library/sources.parquet",
    },
    writes={
        "shards": "ligands/shards/",
        "membership": "ligands/membership.parquet",
        "events": "ligands/merge.events.parquet",
    },
    unit="record",
    rate=Rate(1.2e-5, 0.6),
    passes={
        "ligands/shards/": "Ligands without duplicates, in shards",
        "ligands/membership.parquet": "Ligand of each standardised record",
        "ligands/merge.events.parquet": "Which records are duplicates",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")


def run(args: argparse.Namespace) -> None:
    """Merge the library's parents."""
    from screenmm.library.merge import merge
    from screenmm.run.layout import Layout
    from screenmm.run.shards import records_per_shard

    given = settings_of(args, STAGE)
    shard_size = given["library"]["shard_size"]
    if given.values.get("in_rounds"):
        shard_size = records_per_shard(shard_size)
    run_files = Layout(args.results)
    counts = merge(run_files.parents(), run_files.sources, shard_size, run_files.membership.parent)
    log.info(
        "%d ligands in %d shards, %d duplicates", counts.ligands, counts.shards, counts.duplicates
    )
