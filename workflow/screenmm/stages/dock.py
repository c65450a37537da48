"""Stage ``dock``: every state of a shard into one receptor."""

from __future__ import annotations

import argparse
from dataclasses import replace
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

START_S = 1.5
"""CPU seconds that a worker takes to start."""


def of_engine(settings: Settings, receptor: str) -> dict[str, Any]:
    """Dump the section; what the engine does not read has its default, whatever was given."""
    docking = settings.docking
    ignored = (
        set(Docking.model_fields) - {"engine", "time_limit_s"} - engines()[docking.engine].keys
    )
    defaults = {key: Docking.model_fields[key].default for key in sorted(ignored)}
    dump = docking.model_copy(update=defaults).model_dump(mode="json")
    # a screen without templates is docked as before there were any
    return {"docking": dump if dump["templates"] else _without_templates(dump)}


def freely(settings: Settings, receptor: str) -> dict[str, Any]:
    """Dump the section without templates: no ligand is a test of its own template."""
    return {"docking": _without_templates(of_engine(settings, receptor)["docking"])}


def _without_templates(docking: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in docking.items() if key != "templates"}


def rate(docking: Docking, protocol: str) -> Rate:
    """Cost of a state with the engine."""
    facts = engines()[docking.engine]
    times = getattr(docking, facts.cpu_s_times) if facts.cpu_s_times else 1
    return Rate(facts.cpu_s * times, START_S)


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
    more=freely,
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
    whole = replace(
        given, values={**given.values, "docking": {"templates": [], **given["docking"]}}
    )
    dock_shard(
        whole.section("docking", Docking),
        given.seed,
        states=args.states,
        receptor=args.receptor,
        poses=args.poses,
        table=args.table,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
    )
