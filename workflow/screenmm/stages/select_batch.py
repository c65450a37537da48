"""Stage ``select-batch``: which ligands of a round go on to scoring in a receptor."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Scoring, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def share_of_model(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell which part the model chooses, and whether the audit must be scored."""
    rounds = settings.rounds
    if rounds is None:
        return {}
    keys = {"model_share", "objective"}
    return {"rounds": rounds.model_dump(mode="json", include=keys)}


STAGE = Stage(
    "select_batch",
    place=111,
    words="select what a round scores in a receptor",
    version=1,
    keys={"seed": None, "scoring": frozenset({"top", "poses", "shard_size"})},
    more=share_of_model,
    per_receptor="rounded",
    reads={
        "tables": "poses/{receptor}/{shard}.parquet",
        "poses": "poses/{receptor}/{shard}.sdf.gz",
        "batch": "rounds/{round}/batch.parquet",
    },
    writes={
        "shards": "selected/{receptor}/rounds/{round}/",
        "events": "selected/{receptor}/rounds/{round}.events.parquet",
    },
    unit="pose",
    rate=Rate(1.3e-5, 0.8),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", required=True, help="name of the receptor")
    parser.add_argument("--round", required=True, help="number of the round, from 1")
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards to write")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Select ligands by docking and by the model, and write their best poses in shards."""
    from screenmm.campaign.selection import select_batch
    from screenmm.config.settings import share_of
    from screenmm.results.select import select_poses, write_shards
    from screenmm.run.layout import Layout
    from screenmm.run.ledger import Event, Status, write_events

    given = settings_of(args, STAGE)
    scoring = given.section("scoring", Scoring)
    files = Layout(args.results, most_rounds=int(args.round))
    rounds = given["rounds"]
    chosen = select_batch(
        files,
        args.receptor,
        args.round,
        scoring.top,
        share_of(rounds["model_share"]),
        given.seed,
        fair=rounds["objective"] == "mmgbsa",
    )
    tables = files.of_round("dock", "table", args.round, args.receptor)
    poses = files.of_round("dock", "poses", args.round, args.receptor)
    titles = select_poses(tables, len(chosen), scoring.poses, among=sorted(chosen))
    shards = write_shards(titles, poses, scoring.shard_size, args.out)
    write_events(
        args.events,
        (
            Event("select", Status.OK, inchikey=key, receptor=args.receptor, message=chosen[key])
            for key in sorted(chosen)
        ),
    )
    log.info("%d ligands with %d poses in %d shards", len(chosen), len(titles), shards)
