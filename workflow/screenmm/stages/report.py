"""Stage ``report``: metrics, figures, the page that people open, scripts for viewers."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of


def whole(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell the page the whole config."""
    return settings.model_dump(mode="json")


STAGE = Stage(
    "report",
    place=160,
    words="write metrics, bias tables, figures, the page and scripts for viewers",
    version=11,
    more=whole,
    reads={
        "database": "screen.duckdb",
        "records": "library/records/{shard}.parquet",
        "complexes": "complexes/",
    },
    writes={
        "report": "report.html",
        "metrics": "metrics.json",
        "bias": "bias/",
        "figures": "figures/",
        "tables": "tables/",
        "pymol": "view_hits.pml",
        "chimerax": "view_hits.cxc",
    },
    rate=Rate(2.5),
    leaves={
        "report.html": "The report of the screen",
        "metrics.json": "Counts, controls, timings, versions and platforms",
        "bias/": "What the library covers and what the screen lost of it",
        "figures/": "The report's figures, as SVG and PNG",
        "tables/": "The numbers behind the figures",
        "view_hits.pml": "The top hits in their pockets, for PyMOL",
        "view_hits.cxc": "The top hits in their pockets, for ChimeraX",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")


def run(args: argparse.Namespace) -> None:
    """Write the metrics, the bias tables, the figures, the page and the viewers' scripts."""
    from screenmm.analysis.metrics import make_metrics
    from screenmm.bias.bias import bias, write_bias
    from screenmm.exports.viewers import write_viewers
    from screenmm.figures.figures import plots, write_plots
    from screenmm.metrics.model import write_metrics
    from screenmm.report.report import write_report
    from screenmm.results.database import open_database
    from screenmm.run.layout import Layout

    values = settings_of(args, STAGE).values
    given = {key: value for key, value in values.items() if key != "method"}
    settings = Settings.model_validate(given)
    files, results = Layout.of(settings, args.results), args.results
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
