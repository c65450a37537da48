"""Stage ``score``: minimise and score the selected poses of a shard with OpenMM."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Docking, Scoring, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    workers_of,
)

CPU_S = {"fast": 0.7, "standard": 1.3, "accurate": 2.3}
"""CPU seconds per minimisation, by protocol: means of 199 poses of eight series."""

START_S = 7.1
"""CPU seconds that a worker takes to start."""

OF_SELECT = {"top", "poses", "shard_size"}
"""Keys of the section that decide what is scored, and not how."""


def rate(docking: Docking, protocol: str) -> Rate:
    """Cost of a minimisation with a protocol."""
    return Rate(CPU_S[protocol], START_S)


def of_reference(settings: Settings, receptor: str) -> dict[str, Any]:
    """Score all poses of the reference ligand by the same protocol, each once."""
    # replicas change no pose's own score; more poses than a ligand's take longer
    more = max(1.0, settings.docking.poses / settings.scoring.poses)
    changes = {"jitter_replicas": 0, "time_limit_s": settings.scoring.time_limit_s * more}
    scoring = settings.scoring.model_dump(mode="json", exclude=OF_SELECT)
    return {"scoring": scoring | changes}


STAGE = Stage(
    "score",
    place=120,
    words="minimise and score a shard of poses with OpenMM",
    version=6,
    keys={"seed": None, "scoring": frozenset(Scoring.model_fields) - OF_SELECT},
    per_receptor="all",
    shards_of="select",
    reads={
        "poses": "selected/{receptor}/shards/{shard}.sdf.gz",
        "receptor": "receptors/{receptor}/",
    },
    writes={
        "scores": "scores/{receptor}/{shard}.parquet",
        "minimised": "scores/{receptor}/{shard}.sdf.gz",
        "events": "scores/{receptor}/{shard}.events.parquet",
    },
    unit="minimisation",
    rate=rate,
    on_card="minimisation",
    grows={"scores": ("scored pose", 7800.0)},
    passes={"scores/": "MM/GBSA scores and minimised poses; each manifest lists them by SHA-256"},
)

RESCORE = STAGE.again(
    "rescore",
    place=70,
    more=of_reference,
    per_receptor="redocked",
    shards_of="",
    reads={"poses": "controls/{receptor}/poses.sdf.gz", "receptor": "receptors/{receptor}/"},
    writes={
        "scores": "controls/{receptor}/scores.parquet",
        "minimised": "controls/{receptor}/minimised.sdf.gz",
        "events": "controls/{receptor}/scores.events.parquet",
    },
    unit="reference pose",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--poses", type=Path, required=True, help="selected poses (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--scores", type=Path, required=True, help="scores to write (.parquet)")
    parser.add_argument("--minimised", type=Path, required=True, help="poses to write (.sdf.gz)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Score a shard."""
    from screenmm.mmgbsa.shard import score_shard

    given = settings_of(args, STAGE)
    score_shard(
        given.section("scoring", Scoring),
        given.seed,
        poses=args.poses,
        receptor=args.receptor,
        scores=args.scores,
        minimised=args.minimised,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
    )
