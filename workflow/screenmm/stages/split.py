"""Stage ``split``: library files into shards of records."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.config.settings import Library
from screenmm.library.split import split
from screenmm.run.shards import records_per_shard
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for records and sources")


def run(args: argparse.Namespace) -> None:
    """Split the library."""
    given = settings_of(args)
    # a whole config names the known actives apart
    actives = [file | {"label": 1} for file in given.get("controls", {}).get("actives", [])]
    library = given["library"]
    settings = Library.model_validate(library | {"files": [*library["files"], *actives]})
    larger = {"shard_size": records_per_shard(settings.shard_size)}
    counts = split(settings.model_copy(update=larger), args.out)
    log.info(
        "%d records in %d shards; %d unreadable, %d exact repeats",
        counts.records, counts.shards, counts.broken, counts.repeats,
    )  # fmt: skip
    for text in counts.told:
        log.warning("%s", text)
