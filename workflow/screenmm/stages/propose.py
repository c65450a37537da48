"""Stage ``propose``: what a proposer writes in a round."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Generate, Rounds, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, only_given, settings_of

log = logging.getLogger(__name__)

KEYS = {"proposers", "proposals", "parents", "per_scaffold", "core", "reactions"}


def how_proposed(settings: Settings, job: str) -> dict[str, Any]:
    """Tell what is asked of the proposers, and by which receptor's scores."""
    generate, rounds = settings.generate, settings.rounds
    if generate is None or rounds is None:
        return {}
    judged = rounds.model_dump(mode="json", include={"objective"})
    return {
        "generate": generate.model_dump(mode="json", include=KEYS),
        "rounds": judged | {"receptor": rounds.receptor or next(iter(settings.receptors))},
    }


STAGE = Stage(
    "propose",
    place=35,
    words="ask a proposer for the molecules of a round",
    version=1,
    keys={"seed": None},
    more=how_proposed,
    per_receptor="proposed",
    reads={
        "fragments": "generation/fragments.db",
        "blocks": "generation/blocks.parquet",
    },
    writes={"proposals": "rounds/{round}/proposals/{proposer}.parquet"},
    unit="proposal",
    rate=Rate(0.05, 2.0),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--round", type=int, required=True, help="number of the round, from 2")
    parser.add_argument("--proposer", required=True, help="its name")
    parser.add_argument("--fragments", type=Path, required=True, help="fragments (.db)")
    parser.add_argument("--blocks", type=Path, required=True, help="building blocks (.parquet)")
    parser.add_argument("--proposals", type=Path, required=True, help="to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Ask a proposer, once having learned and once blindly."""
    from screenmm.campaign.proposals import pool, propose, write_proposals
    from screenmm.campaign.sources import sources
    from screenmm.generation.registry import make_proposer, proposers
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE, f"{args.proposer}/{args.round}")
    rounds = Rounds.model_validate(given["rounds"])
    generate = only_given(Generate.model_validate(given["generate"]))
    files = Layout(args.results, most_rounds=args.round - 1, generates=True)
    needs = {proposers()[args.proposer].needs}
    made = sources(needs, args.fragments, args.blocks, generate)
    proposer = make_proposer(args.proposer, made)
    rows = propose(args.proposer, proposer, pool(files, rounds), generate, args.round, given.seed)
    write_proposals(rows, args.proposals)
