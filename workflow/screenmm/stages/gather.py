"""Stage ``gather``: the fragments and building blocks that proposers make molecules of."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Generate, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    only_given,
    settings_of,
    workers_of,
)

KEYS = {"proposers", "route", "blocks", "reactions", "fragments", "cut_from"}


def what_is_gathered(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell what the proposers need, and the files that the config adds."""
    generate = settings.generate
    return {"generate": generate.model_dump(mode="json", include=KEYS)} if generate else {}


STAGE = Stage(
    "gather",
    place=34,
    words="cut molecules to the fragments and building blocks that proposers need",
    version=1,
    keys={"seed": None},
    more=what_is_gathered,
    per_receptor="generating",
    reads={"catalogue": "rounds/catalogue.json"},
    writes={
        "fragments": "generation/fragments.db",
        "blocks": "generation/blocks.parquet",
    },
    # of the 2,000 molecules that are cut by default
    rate=Rate(200.0, 1.5),
    passes={
        "generation/fragments.db": "Fragments by their surroundings, in CReM's tables (SQLite)",
        "generation/blocks.parquet": "Building blocks, and the roles that they fit in reactions",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--fragments", type=Path, required=True, help="to write (.db)")
    parser.add_argument("--blocks", type=Path, required=True, help="to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Gather what the proposers need."""
    from screenmm.campaign.sources import gather
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE)
    generate = only_given(Generate.model_validate(given["generate"]))
    gather(
        Layout(args.results).ligands(),
        args.fragments,
        args.blocks,
        generate,
        given.seed,
        workers_of(args),
        given.text,
    )
