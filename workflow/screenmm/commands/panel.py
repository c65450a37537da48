"""Command ``panel``: which patient's variant loses which drug, apart from the results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from screenmm.variants.needs import check_packages


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--variants", type=Path, nargs="+", required=True, help="MAF, VCF or BCF files"
    )
    parser.add_argument(
        "--results", type=Path, required=True, help="results folder of a finished run with variants"
    )
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for the tables, outside all results"
    )
    parser.add_argument("--gene", default="", help="the gene whose protein was screened")
    parser.add_argument("--sequence", type=Path, help="FASTA file of its protein: checks numbers")
    parser.add_argument("--transcript", default="", help="whose annotations of a VCF count")
    parser.add_argument("--fasta", type=Path, help="genome, for a VCF without protein changes")
    parser.add_argument("--gff3", type=Path, help="Ensembl's gene models, likewise")
    parser.add_argument(
        "--pseudonyms", action="store_true", help="call the patients P0001 and so on"
    )
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="with --pseudonyms: keep there whose they are; of a file that is there they are kept",
    )
    parser.add_argument(
        "--min-group",
        type=int,
        default=5,
        help="smallest number of patients that the summary tells (default: 5)",
    )


def run(args: argparse.Namespace) -> None:
    """Write the tables.

    Raises
    ------
    UserError
        They would lie in results, a file is not what it should be, or a package is missing.
    """
    check_packages()
    from screenmm.variants.entries import Wanted  # noqa: PLC0415
    from screenmm.variants.panel_files import write_panel  # noqa: PLC0415
    from screenmm.variants.sequence import read_sequence  # noqa: PLC0415

    sequence = read_sequence(args.sequence) if args.sequence else None
    panel = write_panel(
        args.variants,
        args.results,
        args.out,
        Wanted(args.gene, sequence, args.transcript, args.fasta, args.gff3),
        min_group=args.min_group,
        has_pseudonyms=args.pseudonyms,
        key=args.key,
    )
    if panel.nameless:
        print(
            f"warning: {panel.nameless} entries name no patient: who is told to have no variant "
            "may have theirs; name the patients in the files",
            file=sys.stderr,
        )
    if panel.small:
        print(
            f"warning: {panel.small} variants are carried by fewer than {args.min_group} patients: "
            "who knows of such a variant knows the patient",
            file=sys.stderr,
        )
