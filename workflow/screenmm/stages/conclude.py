"""Stage ``conclude``: what a campaign learned, and what it predicts of what it did not dock."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Costs, Rounds, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.choose import asked_of
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def whole_campaign(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell how batches were chosen, and how many there may be."""
    asked = asked_of(settings)
    if not asked:
        return {}
    generates = {"generates": True} if settings.generate else {}
    return {"rounds": asked["rounds"] | {"number": len(settings.round_numbers)}} | generates


STAGE = Stage(
    "conclude",
    place=145,
    words="predict what no round docked, and sum the campaign up",
    version=1,
    keys={"seed": None},
    more=whole_campaign,
    per_receptor="campaign",
    reads={
        "features": "rounds/features/{shard}.parquet",
        "batches": "rounds/{round}/batch.parquet",
        "decisions": "rounds/{round}/decision.json",
        "tables": "poses/{receptor}/{shard}.parquet",
        "scores": "scores/{receptor}/{shard}.parquet",
    },
    writes={
        "predictions": "rounds/predictions.parquet",
        "campaign": "rounds/campaign.json",
        "table": "rounds.csv",
    },
    unit="described ligand",
    rate=Rate(2e-5, 1.5),
    leaves={"rounds.csv": "One row per round: docked, best, model error, enrichment, recall, cost"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--receptors", nargs="+", required=True, help="receptors, in order")
    parser.add_argument("--predictions", type=Path, required=True, help="to write (.parquet)")
    parser.add_argument("--campaign", type=Path, required=True, help="what it came to (.json)")
    parser.add_argument("--table", type=Path, required=True, help="one row per round (.csv)")


def run(args: argparse.Namespace) -> None:
    """Predict the rest of the library and judge the campaign."""
    from screenmm.analysis.rounds import with_costs, write_rounds
    from screenmm.campaign.conclude import conclude
    from screenmm.files.whole import write_text
    from screenmm.metrics.model import as_json
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE)
    rounds = Rounds.model_validate(given["rounds"])
    generates = bool(given.values.get("generates"))
    files = Layout(args.results, most_rounds=rounds.number, generates=generates)
    campaign = conclude(files, rounds, given.seed, args.receptors, args.predictions)
    write_text(args.campaign, json.dumps(as_json(campaign), indent=2) + "\n")
    write_rounds(with_costs(campaign, files, args.receptors, Costs()), args.table)
