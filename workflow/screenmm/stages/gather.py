"""Stage ``gather``: the fragments and building blocks that proposers make molecules of."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Generate, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, only_given, settings_of
from screenmm.stages.cut import KEYS


def what_is_gathered(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell what the proposers need, and the files that the config adds."""
    generate = settings.generate
    keys = KEYS | {"fragments"}
    return {"generate": generate.model_dump(mode="json", include=keys)} if generate else {}


STAGE = Stage(
    "gather",
    place=35,
    words="join the fragments and building blocks of all shards",
    version=1,
    more=what_is_gathered,
    per_receptor="generating",
    reads={
        "cut": "generation/cut/{shard}.fragments.parquet",
        "cut_blocks": "generation/cut/{shard}.blocks.parquet",
    },
    writes={
        "fragments": "generation/fragments.db",
        "blocks": "generation/blocks.parquet",
    },
    unit="cut ligand",
    rate=Rate(5e-3, 1.5),
    passes={
        "generation/fragments.db": "Fragments by their surroundings, in CReM's tables (SQLite)",
        "generation/blocks.parquet": "Building blocks, and the roles that they fit in reactions",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--fragments", type=Path, required=True, help="to write (.db)")
    parser.add_argument("--blocks", type=Path, required=True, help="to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Gather what the proposers need."""
    from screenmm.campaign.sources import gather
    from screenmm.run.layout import Layout

    generate = only_given(Generate.model_validate(settings_of(args, STAGE)["generate"]))
    # as the stage that the rounds choose from: of all shards of ligands
    files = Layout(args.results, most_rounds=1)
    fragments, blocks = (files.files("cut", name) for name in ("fragments", "blocks"))
    gather(fragments, blocks, args.fragments, args.blocks, generate)
