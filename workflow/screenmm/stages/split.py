"""Stage ``split``: library files into shards of records."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.library.split import split
from screenmm.settings import Library
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for records and sources")


def run(args: argparse.Namespace) -> None:
    """Split the library."""
    counts = split(Library.model_validate(settings_of(args)["library"]), args.out)
    log.info(
        "%d records in %d shards; %d unreadable, %d exact repeats",
        counts.records, counts.shards, counts.broken, counts.repeats,
    )  # fmt: skip
    if counts.bad_annotations:
        log.warning(
            "%d labels or affinities were not understood and left empty, for example %s",
            counts.bad_annotations,
            counts.bad_annotation_example,
        )
