"""Stage ``split``: library files into shards of records."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Library, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def screened(settings: Settings, receptor: str) -> dict[str, Any]:
    """Describe the library with the known actives, as files like the others."""
    return {"library": settings.screened.model_dump(mode="json")}


STAGE = Stage(
    "split",
    place=10,
    words="read the library into shards of records",
    version=4,
    keys={"library": None},
    more=screened,
    writes={
        "records": "library/records/",
        "sources": "library/sources.parquet",
        "annotations": "library/annotations.json",
    },
    unit="record",
    rate=Rate(1.7e-5, 0.6),
    grows={"library": ("record", 73.0)},
    passes={
        "library/records/": "Records of the library, in shards",
        "library/sources.parquet": "Where each record stands in the library's files",
        "library/annotations.json": "What was understood of the library's labels and affinities",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder for records and sources")


def run(args: argparse.Namespace) -> None:
    """Split the library."""
    from screenmm.library.split import split
    from screenmm.run.shards import records_per_shard

    settings = settings_of(args, STAGE).section("library", Library)
    larger = {"shard_size": records_per_shard(settings.shard_size)}
    counts = split(settings.model_copy(update=larger), args.out)
    log.info(
        "%d records in %d shards; %d unreadable, %d exact repeats",
        counts.records, counts.shards, counts.broken, counts.repeats,
    )  # fmt: skip
    for text in counts.told:
        log.warning("%s", text)
