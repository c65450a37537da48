"""Stage ``merge``: parents of all shards into ligands, duplicates on record."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)

STAGE = Stage(
    "merge",
    place=30,
    words="merge duplicates into ligands",
    version=1,
    keys={"library": frozenset({"shard_size"})},
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

    shard_size = settings_of(args, STAGE)["library"]["shard_size"]
    run_files = Layout(args.results)
    counts = merge(run_files.parents(), run_files.sources, shard_size, run_files.membership.parent)
    log.info(
        "%d ligands in %d shards, %d duplicates", counts.ligands, counts.shards, counts.duplicates
    )
