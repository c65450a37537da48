"""Command ``summary``: what a run did, in a terminal's width."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.analysis.summary import summarise
from screenmm.core.errors import UserError
from screenmm.results.database import open_database


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("results", type=Path, help="results folder of a finished run")


def run(args: argparse.Namespace) -> None:
    """Print the summary.

    Raises
    ------
    UserError
        The folder holds no finished run.
    """
    if not (args.results / "metrics.json").is_file():
        raise UserError(f"{args.results} holds no finished run: metrics.json is missing")
    metrics = json.loads((args.results / "metrics.json").read_text())
    with open_database(args.results / "screen.duckdb") as con:
        print(summarise(con, metrics, args.results, args.results / "report.html"))
