"""Stage ``biomarkers``: what each variant does to each ligand, as tables for people."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "biomarkers",
    place=155,
    words="write the tables of variants",
    per_receptor="varied",
    reads={"database": "screen.duckdb"},
    writes={"variants": "variants.csv", "biomarkers": "biomarkers.csv"},
    unit="panel",
    rate=Rate(0.1, 0.8),
    leaves={
        "variants.csv": "One row per variant and ligand: what the mutation does to its binding",
        "biomarkers.csv": "One row per variant: ligands that it loses, keeps and gains",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--database", type=Path, required=True, help="screen.duckdb of the run")
    parser.add_argument("--variants", type=Path, required=True, help="table to write (.csv)")
    parser.add_argument("--biomarkers", type=Path, required=True, help="table to write (.csv)")


def run(args: argparse.Namespace) -> None:
    """Write both tables."""
    from screenmm.results.variants import write_variants

    write_variants(args.database, args.variants, args.biomarkers)
