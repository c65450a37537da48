"""Stage ``dock``: every state of a shard into one receptor."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from screenmm.config.engines import engines
from screenmm.config.settings import Docking, Settings
from screenmm.run.stage import BATCHES, Rate, Stage, tier_of
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

CNN_S = 0.06
"""CPU seconds of the CNN for a pose."""

OF_ENGINE = frozenset(Docking.model_fields) - {"cnn", "tiers"}
"""Keys that engines read; where the CNN is asked about their poses, ``cnn`` comes in."""


def of_tier(settings: Settings, tier: int) -> dict[str, Any]:
    """Dump the section; what the engine does not read has its default, whatever was given.

    The text is that of screens from before there were efforts and tiers, where they agree: keys
    that an effort sets stand as numbers, and the effort only where it is another one. ``cnn``
    stands there only where it makes a difference: nothing is docked again for its sake.
    """
    docking = settings.docking.in_tier(tier)
    ignored = OF_ENGINE - {"engine", "time_limit_s"} - engines()[docking.engine].keys
    defaults = {key: Docking.model_fields[key].default for key in sorted(ignored)}
    dump = docking.model_copy(update=defaults).model_dump(mode="json", include=set(OF_ENGINE))
    dump |= {"exhaustiveness": VINA_RUNS} | docking.by_effort
    if dump["effort"] == "standard":
        del dump["effort"]
    for key in ("templates", "reference_template"):
        if not dump[key]:
            del dump[key]
    dump |= {"cnn": True} if asks_cnn(docking) else {}
    states = settings.docking.states_in_tier(tier)
    return {"docking": dump} | ({"states": states} if states else {})


def asks_cnn(docking: Docking) -> bool:
    """Whether the CNN is asked about poses that come without its opinion.

    An engine that gives it gives it of what it searched for, not of what a template placed.
    """
    return docking.cnn and (not engines()[docking.engine].cnn or docking.places)


def of_job(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell a job how its tier docks."""
    return of_tier(settings, tier_of(receptor))


def freely(settings: Settings, receptor: str) -> dict[str, Any]:
    """Dock as the hits' poses are, but without templates: no ligand tests its own template."""
    docking = settings.docking.model_copy(update={"templates": [], "reference_template": False})
    freely = settings.model_copy(update={"docking": docking})
    return of_tier(freely, docking.last_tier)


def state_rate(docking: Docking) -> Rate:
    """Cost of a state with an engine and an effort."""
    facts = engines()[docking.engine]
    poses = 1 if facts.poses_from_library else docking.poses
    return Rate(docking.state_cpu_s + CNN_S * poses * asks_cnn(docking), START_S)


def rate(docking: Docking, protocol: str) -> Rate:
    """Cost of a state in the first tier."""
    return state_rate(docking.in_tier(1))


def rate_of_last(docking: Docking, protocol: str) -> Rate:
    """Cost of a state in the last tier."""
    return state_rate(docking.in_tier(docking.last_tier))


STAGE = Stage(
    "dock",
    place=100,
    words="dock a shard into a receptor",
    version=1,
    keys={"seed": None, "docking": OF_ENGINE},
    more=of_job,
    per_receptor="all",
    shards_of=BATCHES,
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

AGAIN = STAGE.again(
    "dock_again",
    place=104,
    per_receptor="tiered",
    shards_of="advance",
    reads={
        "states": "tiers/{receptor}/{tier}/shards/{shard}.sdf.gz",
        "receptor": "receptors/{receptor}/",
    },
    writes={
        "poses": "tiers/{receptor}/{tier}/poses/{shard}.sdf.gz",
        "table": "tiers/{receptor}/{tier}/poses/{shard}.parquet",
        "events": "tiers/{receptor}/{tier}/poses/{shard}.events.parquet",
    },
    unit="state docked again",
    rate=rate_of_last,
    on_card="",
    grows={"tiers": ("pose docked again", 850.0)},
    passes={"tiers/": "Ligands that reached a later tier of docking, their poses and scores"},
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
    rate=rate_of_last,
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
    from screenmm.run.receptor_folder import ReceptorFolder

    given = settings_of(args, STAGE)
    # what stands in no text of a screen from before it
    unsaid = {"effort": "standard", "tiers": [], "templates": [], "reference_template": False}
    whole = replace(given, values=given.values | {"docking": unsaid | given["docking"]})
    docking = whole.section("docking", Docking)
    if docking.reference_template:
        own = ReceptorFolder(args.receptor).reference_ligand
        docking = docking.model_copy(update={"templates": [*docking.templates, own]})
    dock_shard(
        docking,
        given.seed,
        states=args.states,
        receptor=args.receptor,
        poses=args.poses,
        table=args.table,
        events=args.events,
        workers=workers_of(args),
        asked=given.text,
        cnn=given["docking"].get("cnn", False),
        most_states=given.values.get("states"),
    )
