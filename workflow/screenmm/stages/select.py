"""Stage ``select``: the best docked ligands of one receptor go on to scoring."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Scoring, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def tiers_of(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell how many tiers docked, where there are several."""
    tiers = settings.docking.last_tier
    return {"tiers": tiers} if tiers > 1 else {}


STAGE = Stage(
    "select",
    place=110,
    words="select the best docked ligands of a receptor",
    version=1,
    keys={"scoring": frozenset({"top", "poses", "shard_size"})},
    more=tiers_of,
    per_receptor="unrounded",
    reads={
        "tables": "poses/{receptor}/{shard}.parquet",
        "poses": "poses/{receptor}/{shard}.sdf.gz",
    },
    writes={
        "shards": "selected/{receptor}/shards/",
        "events": "selected/{receptor}/select.events.parquet",
    },
    unit="pose",
    rate=Rate(1.3e-5, 0.8),
    grows={"selected": ("scored pose", 650.0)},
    passes={"selected/": "Poses that were chosen for scoring"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", required=True, help="name of the receptor")
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="folder of the shards to write")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Select ligands and write their best poses in shards."""
    from screenmm.files.sdf import ligand_of
    from screenmm.results.select import select_poses, write_shards
    from screenmm.run.layout import Layout
    from screenmm.run.ledger import Event, Status, write_events

    given = settings_of(args, STAGE)
    settings = given.section("scoring", Scoring)
    run_files = Layout(args.results, given.values.get("tiers", 1))
    first, *later = (run_files.pose_tables(args.receptor, tier) for tier in run_files.all_tiers)
    chosen = select_poses(first, settings.top, settings.poses, later)
    poses = [
        path
        for tier in reversed(run_files.all_tiers)
        for path in run_files.poses(args.receptor, tier)
    ]
    shards = write_shards(chosen, poses, settings.shard_size, args.out)
    ligands = sorted({ligand_of(title) for title in chosen})
    write_events(
        args.events,
        (Event("select", Status.OK, inchikey=key, receptor=args.receptor) for key in ligands),
    )
    log.info("%d ligands with %d poses in %d shards", len(ligands), len(chosen), shards)
