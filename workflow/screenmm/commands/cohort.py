"""Command ``cohort``: a made-up cohort for demos and tests, as MAF and VCF."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.variants.needs import check_packages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--gene", required=True, help="the gene's symbol, for example ABL1")
    parser.add_argument(
        "--sequence", type=Path, required=True, help="FASTA file of the gene's protein"
    )
    parser.add_argument(
        "--variants",
        required=True,
        help="variants with the share of patients that carry each: T315I:0.2,E255K+Y253H:0.05",
    )
    parser.add_argument("--patients", type=int, default=100, help="how many (default: 100)")
    parser.add_argument("--seed", type=int, default=1, help="another one, another cohort")
    parser.add_argument("--out", type=Path, required=True, help="folder for the files")


def run(args: argparse.Namespace) -> None:
    """Write the cohort.

    Raises
    ------
    UserError
        The sequence or the variants are not what they should be, or a package is missing.
    """
    check_packages()
    from screenmm.variants.cohort_files import write_cohort  # noqa: PLC0415

    write_cohort(
        args.gene,
        args.sequence,
        args.variants,
        args.out,
        patients=args.patients,
        seed=args.seed,
    )
