"""Stage ``standardise``: a shard of records into parents."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.config.settings import Ligands
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    given_poses,
    settings_of,
    workers_of,
)

STAGE = Stage(
    "standardise",
    place=20,
    words="standardise and filter a shard of records",
    version=2,
    keys={"ligands": frozenset({"filters", "max_heavy_atoms", "time_limit_s"})},
    more=given_poses,
    shards_of="split",
    reads={"records": "library/records/{shard}.parquet"},
    writes={
        "parents": "library/parents/{shard}.parquet",
        "events": "library/parents/{shard}.events.parquet",
    },
    unit="record",
    rate=Rate(2.0e-3, 1.0),
    passes={"library/parents/": "Standardised records, in shards"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--records", type=Path, required=True, help="records (.parquet)")
    parser.add_argument("--parents", type=Path, required=True, help="parents to write (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Standardise a shard."""
    from screenmm.library.shard import standardise_shard

    given = settings_of(args, STAGE)
    standardise_shard(
        given.section("ligands", Ligands),
        given_poses=given["given_poses"],
        records=args.records,
        parents=args.parents,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
    )
