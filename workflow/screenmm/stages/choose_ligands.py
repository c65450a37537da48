"""Stage ``choose_ligands``: the wild type's best ligands go on to its variants."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Scoring, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, of_variants, settings_of, variants_of

log = logging.getLogger(__name__)


def how_many(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell how many ligands are chosen, and how many rounds there may be, if any."""
    rounds = len(settings.round_numbers)
    chosen = of_variants(settings, {"of", "top", "shard_size"})
    return chosen | ({"rounds": rounds} if rounds else {})


STAGE = Stage(
    "choose_ligands",
    place=147,
    words="choose the ligands that are scored in variants",
    version=1,
    keys={"scoring": frozenset({"poses"})},
    more=how_many,
    per_receptor="varied",
    reads={
        "scores": "scores/{receptor}/{shard}.parquet",
        "poses": "selected/{receptor}/shards/{shard}.sdf.gz",
    },
    writes={"shards": "variants/{receptor}/shards/"},
    unit="scored pose",
    rate=Rate(1.0e-5, 0.8),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", required=True, help="name of the wild type")
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards to write")


def run(args: argparse.Namespace) -> None:
    """Choose ligands by ΔG and write their best poses in shards."""
    from screenmm.results.select import best_scored, write_named_shards
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE)
    variants, scoring = variants_of(given), given.section("scoring", Scoring)
    files = Layout(args.results, most_rounds=given.values.get("rounds"))
    chosen = best_scored(files.scores(args.receptor), variants.top, scoring.poses)
    write_named_shards(
        chosen, files.selected(args.receptor), variants.shards, variants.shard_size, args.out
    )
    log.info("%d poses", len(chosen))
