"""Stage ``advance``: ligands of one receptor that reach a later tier of docking."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Settings
from screenmm.run.stage import Rate, Stage, tier_of
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def top_of_tier(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell which part of the ligands the job's tier docks."""
    number, tiers = tier_of(receptor), settings.docking.tiers
    return {"top": tiers[number - 1].top if number <= len(tiers) else None}


STAGE = Stage(
    "advance",
    place=102,
    words="choose the ligands that a later tier docks into a receptor",
    version=1,
    keys={"library": frozenset({"shard_size"})},
    more=top_of_tier,
    per_receptor="tiered",
    reads={"states": "ligands/states/{shard}.sdf.gz", "tables": "poses/{receptor}/{shard}.parquet"},
    writes={
        "shards": "tiers/{receptor}/{tier}/shards/",
        "events": "tiers/{receptor}/{tier}/advance.events.parquet",
    },
    unit="state",
    rate=Rate(5e-5, 0.8),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", required=True, help="name of the receptor")
    parser.add_argument("--tier", type=int, required=True, help="that docks them, from 2")
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards to write")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Choose ligands and write their states in shards."""
    from screenmm.results.select import best_docked, write_states
    from screenmm.run.layout import Layout
    from screenmm.run.ledger import Event, Status, write_events

    given = settings_of(args, STAGE, f"{args.receptor}/{args.tier}")
    files = Layout(args.results)
    chosen = best_docked(files.pose_tables(args.receptor, args.tier - 1), given["top"])
    states = files.files("prepare_ligands", "states")
    shards = write_states(chosen, states, given["library"]["shard_size"], args.out)
    write_events(
        args.events,
        (Event("advance", Status.OK, inchikey=key, receptor=args.receptor) for key in chosen),
    )
    log.info("%d ligands in %d shards reach tier %d", len(chosen), shards, args.tier)
