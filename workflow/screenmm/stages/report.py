"""Stage ``report``: metrics and the page that people open."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.layout import Layout
from screenmm.ranking.database import open_database
from screenmm.ranking.metrics import make_metrics, write_metrics
from screenmm.ranking.report import write_report
from screenmm.settings import Settings
from screenmm.stages.context import add_settings_argument, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")


def run(args: argparse.Namespace) -> None:
    """Write ``metrics.json`` and ``report.html``."""
    given = {key: value for key, value in settings_of(args).items() if key != "method"}
    settings = Settings.model_validate(given)
    with open_database(args.results / "screen.duckdb") as con:
        metrics = make_metrics(
            con,
            settings.name,
            Layout(args.results),
            settings.costs,
            settings.ranking.complexes,
            settings.seed,
        )
        write_metrics(metrics, args.results / "metrics.json")
        write_report(con, metrics, settings, args.results / "report.html")
