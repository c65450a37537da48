"""Stage ``score_variants``: minimise and score ligands of a shard in every variant."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Scoring, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    of_variants,
    settings_of,
    variants_of,
    workers_of,
)

OF_SELECT = {"top", "poses", "shard_size", "jitter_replicas"}
"""Keys of scoring that variants do not read."""


def how_scored(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell how many rotamers and replicas are scored."""
    return of_variants(settings, {"of", "rotamers", "replicas"})


STAGE = Stage(
    "score_variants",
    place=148,
    words="minimise and score a shard's ligands in variants of their receptor with OpenMM",
    version=2,
    keys={
        "seed": None,
        "scoring": frozenset(Scoring.model_fields) - OF_SELECT,
    },
    more=how_scored,
    per_receptor="varied",
    shards_of="choose_ligands",
    reads={
        "poses": "variants/{receptor}/shards/{shard}.sdf.gz",
        "panel": "variants/{receptor}/panel.json",
        "receptor": "receptors/{receptor}/",
    },
    writes={"scores": "variants/{receptor}/scores/{shard}.parquet"},
    unit="ligand in a variant",
    rate=Rate(10.0, 7.1),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--poses", type=Path, required=True, help="poses (.sdf.gz)")
    parser.add_argument("--panel", type=Path, required=True, help="variants (.json)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the wild type")
    parser.add_argument("--scores", type=Path, required=True, help="scores to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Score a shard."""
    from screenmm.variants.shard import score_variants

    given = settings_of(args, STAGE)
    score_variants(
        variants_of(given),
        given.section("scoring", Scoring),
        given.seed,
        poses=args.poses,
        panel=args.panel,
        receptor=args.receptor,
        scores=args.scores,
        workers=workers_of(args),
        asked=given.text,
    )
