"""Stage ``prepare-ligands``: the ligands of a shard into states with 3D coordinates."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.config.settings import Ligands
from screenmm.run.stage import BATCHES, Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    given_poses,
    settings_of,
    workers_of,
)

STAGE = Stage(
    "prepare_ligands",
    place=40,
    words="enumerate states and make 3D conformers of a shard",
    version=2,
    keys={
        "seed": None,
        "ligands": frozenset(
            {
                "ph_min", "ph_max", "protomers", "tautomers", "max_stereoisomers", "max_states",
                "conformer_trials", "time_limit_s",
            }
        ),
    },
    more=given_poses,
    shards_of=BATCHES,
    reads={"ligands": "ligands/shards/{shard}.parquet"},
    writes={
        "states": "ligands/states/{shard}.sdf.gz",
        "events": "ligands/states/{shard}.events.parquet",
    },
    unit="state",
    rate=Rate(0.16, 1.0),
    grows={"ligands": ("state", 720.0)},
    passes={"ligands/states/": "States and conformers of the ligands"},
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--ligands", type=Path, required=True, help="ligands (.parquet)")
    parser.add_argument("--states", type=Path, required=True, help="states to write (.sdf.gz)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Prepare a shard of ligands."""
    from screenmm.ligands.shard import prepare_shard

    given = settings_of(args, STAGE)
    prepare_shard(
        given.section("ligands", Ligands),
        given.seed,
        given_poses=given["given_poses"],
        ligands=args.ligands,
        states=args.states,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
    )
