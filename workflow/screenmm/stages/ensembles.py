"""Stage ``ensembles``: one score of each ligand over several structures of a target."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "ensembles",
    place=152,
    words="write the table of targets with several structures",
    per_receptor="ensembled",
    reads={"database": "screen.duckdb"},
    writes={"table": "ensembles.csv"},
    rate=Rate(0.1, 0.8),
    leaves={
        "ensembles.csv": "One row per target with several structures and ligand: its score over "
        "them, and which won"
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--database", type=Path, required=True, help="screen.duckdb of the run")
    parser.add_argument("--table", type=Path, required=True, help="table to write (.csv)")


def run(args: argparse.Namespace) -> None:
    """Write the table."""
    from screenmm.results.ensembles import write_ensembles

    write_ensembles(args.database, args.table)
