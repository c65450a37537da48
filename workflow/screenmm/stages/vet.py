"""Stage ``vet``: which proposals of a round may be docked, and what became of the others."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Generate, Ligands, Rounds, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.choose import LIMITS
from screenmm.stages.context import add_settings_argument, only_given, settings_of
from screenmm.stages.propose import how_proposed

KEYS = {"core", "reactions", "route", "known_parts", "max_sa_score", "min_similarity"}


def how_vetted(settings: Settings, job: str) -> dict[str, Any]:
    """Tell what a proposal must be, and which receptor's scores say what was judged."""
    generate = settings.generate
    if generate is None:
        return {}
    return {
        "generate": {
            **generate.model_dump(mode="json", include=KEYS),
            "proposers": dict.fromkeys(sorted(generate.proposers), 1.0),
        },
        "rounds": how_proposed(settings, job)["rounds"],
        "ligands": settings.ligands.model_dump(mode="json", include={*LIMITS, "filters"}),
    }


STAGE = Stage(
    "vet",
    place=36,
    words="check the proposals of a round",
    version=1,
    more=how_vetted,
    per_receptor="vetted",
    reads={"blocks": "generation/blocks.parquet"},
    writes={
        "sources": "rounds/{round}/proposed/sources.parquet",
        "membership": "rounds/{round}/proposed/membership.parquet",
        "events": "rounds/{round}/proposed/events.parquet",
        "ligands": "rounds/{round}/proposed/ligands.parquet",
        "features": "rounds/{round}/proposed/features.parquet",
        "lineage": "rounds/{round}/proposed/lineage.parquet",
    },
    unit="proposal",
    rate=Rate(0.01, 2.0),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--round", type=int, required=True, help="number of the round, from 2")
    parser.add_argument("--blocks", type=Path, required=True, help="building blocks (.parquet)")
    for name, words in OUTPUTS.items():
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"{words} (.parquet)")


OUTPUTS = {
    "sources": "every proposal as a record",
    "membership": "ligand of each",
    "events": "ledger rows",
    "ligands": "those that may be docked",
    "features": "their substructures",
    "lineage": "where they came from",
}


def run(args: argparse.Namespace) -> None:
    """Vet the proposals of all proposers."""
    from screenmm.campaign.sources import BLOCKS, sources
    from screenmm.campaign.vetting import Out, round_of, write_round
    from screenmm.generation.routes import Router
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE, str(args.round))
    generate = only_given(Generate.model_validate(given["generate"]))
    files = Layout(args.results, most_rounds=args.round - 1, generates=True)
    blocks = None
    if generate.route != "off":
        blocks = sources({BLOCKS}, args.results, args.blocks, generate).blocks
    found = round_of(
        files,
        Rounds.model_validate(given["rounds"]),
        generate,
        Ligands.model_validate(given["ligands"]),
        args.round,
        Router(blocks) if blocks else None,
    )
    proposed = {
        name: files.file("propose", "proposals", f"{name}/{args.round}")
        for name in generate.proposers
    }
    records = found.vet(proposed)
    write_round(found, records, Out(**{name: getattr(args, name) for name in OUTPUTS}))
