"""Stage ``biomarkers``: what each variant does to each ligand, as tables and complexes."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "biomarkers",
    place=155,
    words="write the tables and the complexes of variants",
    per_receptor="varied",
    reads={
        "database": "screen.duckdb",
        "scores": "variants/{receptor}/scores/{shard}.parquet",
    },
    writes={
        "variants": "variants.csv",
        "biomarkers": "biomarkers.csv",
        "complexes": "variant_complexes/",
    },
    unit="panel",
    rate=Rate(0.1, 0.8),
    leaves={
        "variants.csv": "One row per variant and ligand: what the mutation does to its binding",
        "biomarkers.csv": "One row per variant: ligands that it loses, keeps and gains",
        "variant_complexes/": "Each ligand in the wild type and in each variant, superposed",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--database", type=Path, required=True, help="screen.duckdb of the run")
    parser.add_argument(
        "--scores", type=Path, nargs="+", required=True, help="scores in variants (.parquet)"
    )
    parser.add_argument("--variants", type=Path, required=True, help="table to write (.csv)")
    parser.add_argument("--biomarkers", type=Path, required=True, help="table to write (.csv)")
    parser.add_argument("--complexes", type=Path, required=True, help="folder to write")


def run(args: argparse.Namespace) -> None:
    """Write both tables, and the complexes."""
    from screenmm.exports.variant_complexes import write_variant_complexes
    from screenmm.results.variants import write_variants

    write_variants(args.database, args.variants, args.biomarkers)
    write_variant_complexes(args.database, args.scores, args.complexes)
