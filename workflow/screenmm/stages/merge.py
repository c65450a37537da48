"""Stage ``merge``: parents of all shards into ligands, duplicates on record."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.library.merge import merge
from screenmm.run.layout import Layout
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")


def run(args: argparse.Namespace) -> None:
    """Merge the library's parents."""
    shard_size = settings_of(args)["library"]["shard_size"]
    run_files = Layout(args.results)
    counts = merge(run_files.parents(), run_files.sources, shard_size, run_files.membership.parent)
    log.info(
        "%d ligands in %d shards, %d duplicates", counts.ligands, counts.shards, counts.duplicates
    )
