"""Stage ``report``: metrics, figures, the page that people open, scripts for viewers."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.analysis.metrics import make_metrics
from screenmm.bias.bias import bias, write_bias
from screenmm.config.settings import Settings
from screenmm.exports.viewers import write_viewers
from screenmm.figures.figures import plots, write_plots
from screenmm.metrics.model import write_metrics
from screenmm.report.report import write_report
from screenmm.results.database import open_database
from screenmm.run.layout import Layout
from screenmm.stages.context import add_settings_argument, settings_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")


def run(args: argparse.Namespace) -> None:
    """Write the metrics, the bias tables, the figures, the page and the viewers' scripts."""
    given = {key: value for key, value in settings_of(args).items() if key != "method"}
    settings = Settings.model_validate(given)
    files, results = Layout(args.results), args.results
    with open_database(results / "screen.duckdb") as con:
        metrics = make_metrics(
            con,
            settings.name,
            files,
            settings.costs,
            settings.ranking.complexes,
            settings.seed,
            settings,
        )
        found, tables = bias(con, files.records(), settings.ranking.complexes, settings.seed)
        metrics = metrics.model_copy(update={"bias": found})
        figures = plots(con, metrics, settings)
        write_bias(tables, results / "bias")
        write_plots(figures, results / "figures", results / "tables")
        write_viewers(con, results)
        write_metrics(metrics, results / "metrics.json")
        write_report(
            con, metrics, settings, results / "report.html", results=results, plots=figures
        )
