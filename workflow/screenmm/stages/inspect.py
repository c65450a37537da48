"""Stage ``inspect``: checks and interactions of each scored ligand's best pose in a shard."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.config.settings import Docking, Inspection
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    workers_of,
)

CPU_S = 0.62
"""CPU seconds of a ligand's checks and interactions: mean of 30 of the demo, with the default of
ten conformers."""

CNN_S = 0.07
"""CPU seconds of the CNN for a pose, with the receptor written anew."""

START_S = 2.7
"""CPU seconds that a worker takes to start."""


def rate(docking: Docking, protocol: str) -> Rate:
    """Cost of a scored ligand, with the CNN or without."""
    return Rate(CPU_S + CNN_S * docking.cnn, START_S)


STAGE = Stage(
    "inspect",
    place=130,
    words="check a shard's best poses, find their interactions and ask the CNN about them",
    version=3,
    keys={"inspection": None, "docking": frozenset({"cnn"})},
    per_receptor="all",
    shards_of="select",
    reads={
        "scores": "scores/{receptor}/{shard}.parquet",
        "minimised": "scores/{receptor}/{shard}.sdf.gz",
        "receptor": "receptors/{receptor}/",
    },
    writes={
        "inspected": "inspected/{receptor}/{shard}.parquet",
        "events": "inspected/{receptor}/{shard}.events.parquet",
    },
    unit="scored ligand",
    rate=rate,
    grows={"inspected": ("scored ligand", 310.0)},
    passes={"inspected/": "Pose checks and interactions; the manifests list them by SHA-256"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--scores", type=Path, required=True, help="scores of a shard (.parquet)")
    parser.add_argument("--minimised", type=Path, required=True, help="its poses (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--inspected", type=Path, required=True, help="table to write (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Inspect a shard."""
    from screenmm.inspection.shard import inspect_shard

    given = settings_of(args, STAGE)
    inspect_shard(
        given.section("inspection", Inspection),
        scores=args.scores,
        minimised=args.minimised,
        receptor=args.receptor,
        inspected=args.inspected,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
        cnn=given.section("docking", Docking).cnn,
    )
