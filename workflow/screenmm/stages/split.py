"""Stage ``split``: library files into shards of records."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.library.split import split
from screenmm.settings import Library
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)

RECORDS_PER_SHARD = 5000
"""Records that standardisation takes some ten seconds for; to start it takes one."""
MOST_TIMES_LARGER = 10


def records_per_shard(shard_size: int) -> int:
    """Most records in a shard, from the most ligands in one.

    A record takes milliseconds and a ligand seconds, so shards of records are up to ten
    times larger: a third of the jobs of a large screen fall away.
    """
    return max(shard_size, min(MOST_TIMES_LARGER * shard_size, RECORDS_PER_SHARD))


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
