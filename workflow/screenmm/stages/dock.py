"""Stage ``dock``: every state of a shard into one receptor."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.engines import engines
from screenmm.config.settings import Docking, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    workers_of,
)

VINA_RUNS = 8
"""Stands in the text of engines that do not read ``exhaustiveness``."""
START_S = 1.5
"""CPU seconds that a worker takes to start."""


def of_engine(settings: Settings, receptor: str) -> dict[str, Any]:
    """Dump the section; what the engine does not read has its default, whatever was given.

    The text is that of screens from before there were efforts, where they agree: keys that an
    effort sets stand as numbers, and the effort only where it is another one.
    """
    docking = settings.docking
    ignored = (
        set(Docking.model_fields) - {"engine", "time_limit_s"} - engines()[docking.engine].keys
    )
    defaults = {key: Docking.model_fields[key].default for key in sorted(ignored)}
    dump = docking.model_copy(update=defaults).model_dump(mode="json")
    dump |= {"exhaustiveness": VINA_RUNS} | docking.by_effort
    if dump["effort"] == "standard":
        del dump["effort"]
    return {"docking": dump}


def state_cpu_s(docking: Docking) -> float:
    """CPU seconds of a state with the engine and its effort."""
    facts = engines()[docking.engine]
    if not facts.efforts:
        return facts.cpu_s
    effort, key = facts.efforts[docking.effort], facts.cpu_s_grows_with
    return effort.cpu_s * (docking.by_effort[key] / effort.keys[key] if key else 1.0)


def rate(docking: Docking, protocol: str) -> Rate:
    """Cost of a state with the engine."""
    return Rate(state_cpu_s(docking), START_S)


STAGE = Stage(
    "dock",
    place=100,
    words="dock a shard into a receptor",
    version=1,
    keys={"seed": None, "docking": None},
    more=of_engine,
    per_receptor="all",
    shards_of="merge",
    reads={"states": "ligands/states/{shard}.sdf.gz", "receptor": "receptors/{receptor}/"},
    writes={
        "poses": "poses/{receptor}/{shard}.sdf.gz",
        "table": "poses/{receptor}/{shard}.parquet",
        "events": "poses/{receptor}/{shard}.events.parquet",
    },
    unit="docked state",
    rate=rate,
    on_card="docked state",
    grows={"poses": ("pose", 590.0)},
    passes={"poses/": "Docked poses and their scores"},
)

REDOCK = STAGE.again(
    "redock",
    place=60,
    per_receptor="redocked",
    shards_of="",
    reads={"states": "controls/{receptor}/states.sdf.gz", "receptor": "receptors/{receptor}/"},
    writes={
        "poses": "controls/{receptor}/poses.sdf.gz",
        "table": "controls/{receptor}/poses.parquet",
        "events": "controls/{receptor}/poses.events.parquet",
    },
    unit="reference",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--states", type=Path, required=True, help="states of a shard (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--poses", type=Path, required=True, help="poses to write (.sdf.gz)")
    parser.add_argument("--table", type=Path, required=True, help="their scores (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Dock a shard."""
    from screenmm.docking.shard import dock_shard

    given = settings_of(args, STAGE)
    dock_shard(
        given.section("docking", Docking),
        given.seed,
        states=args.states,
        receptor=args.receptor,
        poses=args.poses,
        table=args.table,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
    )
