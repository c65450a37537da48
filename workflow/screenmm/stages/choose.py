"""Stage ``choose``: the batch of a round."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screenmm.config.settings import Generate, Ligands, Rounds, Settings
from screenmm.core.errors import ScreenMMError
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, only_given, settings_of

if TYPE_CHECKING:
    from screenmm.run.layout import Layout

log = logging.getLogger(__name__)

FIRST = "1"

LIMITS = ("max_heavy_atoms", "time_limit_s")
"""Keys of ``ligands`` that say which molecules are read."""

WORK = ("dock", "score")
"""Stages that nearly all the time of a round goes to."""

OF_CAMPAIGN = frozenset(Rounds.model_fields) - {"number", "model_share"}
"""Keys that the batches follow from; a round more leaves the rounds before as they are."""

OF_PROPOSALS = {"batch", "parents", "per_scaffold", "per_parent", "route", "min_new", "patience"}
"""Keys of ``generate`` that say which proposals are docked."""


def asked_of(settings: Settings, round_number: str = "") -> dict[str, Any]:
    """Tell how batches are chosen, and by which receptor's scores."""
    rounds = settings.rounds
    if rounds is None:
        return {}
    dump = rounds.model_dump(mode="json", include=set(OF_CAMPAIGN))
    dump["receptor"] = rounds.receptor or next(iter(settings.receptors))
    asked: dict[str, Any] = {"rounds": dump}
    if settings.generate and round_number != FIRST:
        asked["generate"] = settings.generate.model_dump(mode="json", include=OF_PROPOSALS)
    if round_number != FIRST:
        dump["seeds"] = None
    elif rounds.seeds:
        asked["smiles_column"] = settings.library.smiles_column
        asked["ligands"] = settings.ligands.model_dump(mode="json", include=set(LIMITS))
    return asked | (rates_of(settings) if rounds.stop.cpu_hours else {})


def rates_of(settings: Settings) -> dict[str, Any]:
    """Tell what docking and scoring take."""
    from screenmm.run.stages import stages

    protocol = settings.scoring.protocol
    dock, score = (stages()[name].rate_for(settings.docking, protocol) for name in WORK)
    times = 1 + settings.scoring.jitter_replicas
    return {
        "rates": {
            "docked_state_s": dock.cpu_s,
            "scored_pose_s": times * score.cpu_s,
            "receptors": len(settings.receptors),
        }
    }


STAGE = Stage(
    "choose",
    place=38,
    words="choose the batch of a round",
    version=1,
    keys={"seed": None, "library": frozenset({"shard_size"})},
    more=asked_of,
    per_receptor="round",
    reads={
        "features": "rounds/features/{shard}.parquet",
        "catalogue": "rounds/catalogue.json",
    },
    writes={
        "shards": "rounds/{round}/shards/",
        "batch": "rounds/{round}/batch.parquet",
        "decision": "rounds/{round}/decision.json",
    },
    unit="choice",
    rate=Rate(1e-5, 1.5),
    passes={"rounds/": "The batch of each round, and what the model said of it"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--round", type=int, required=True, help="number of the round, from 1")
    parser.add_argument("--shards", type=Path, required=True, help="folder of the batch's shards")
    parser.add_argument("--batch", type=Path, required=True, help="its molecules (.parquet)")
    parser.add_argument("--decision", type=Path, required=True, help="why these (.json)")


def check_library(files: Layout) -> None:
    """Check that what is there to choose from is what was listed.

    Raises
    ------
    ScreenMMError
        It is not: another job is merging the library.
    """
    listed = json.loads(files.file("catalogue", "out").read_text(encoding="utf-8"))
    there = [path.stem for path in files.files("describe", "features")]
    if sorted(listed) != sorted(there):
        raise ScreenMMError(
            f"{len(there)} shards of ligands are there and {len(listed)} are listed in "
            "rounds/catalogue.json: the library changed, and is being merged; run the same command "
            "again"
        )


def run(args: argparse.Namespace) -> None:
    """Choose a batch, or end the campaign.

    Raises
    ------
    ScreenMMError
        The library is being merged.
    """
    from screenmm.campaign.choose import Batch, choose
    from screenmm.campaign.cost import Rates
    from screenmm.campaign.seeds import named_molecules
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE)
    rounds = Rounds.model_validate(given["rounds"])
    asked_for = given.values.get("generate")
    generate = only_given(Generate.model_validate(asked_for)) if asked_for else None
    files = Layout(args.results, most_rounds=args.round - 1, generates=generate is not None)
    check_library(files)
    batch = Batch(args.shards, args.batch, args.decision, given["library"]["shard_size"])
    asked = given.values.get("rates")
    rates = Rates(**asked) if asked else None
    seeds = (
        named_molecules(
            rounds.seeds, "rounds.seeds", given["smiles_column"], Ligands(**given["ligands"])
        )
        if rounds.seeds
        else {}
    )
    decision = choose(files, rounds, args.round, given.seed, batch, rates, list(seeds), generate)
    log.info("round %d: %s", args.round, decision.stop or f"{len(decision.batch)} molecules")
