"""Command ``panel``: which patient's variant loses which drug, apart from the results."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.files.whole import write_text
from screenmm.variants.entries import Wanted
from screenmm.variants.panel import check_places, make_panel, read_results, readme_text
from screenmm.variants.patients import read_patients
from screenmm.variants.pseudonyms import pseudonyms, read_key, write_key
from screenmm.variants.sequence import read_sequence


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
        They would lie in results, or a file is not what it should be.
    """
    if args.key is not None and not args.pseudonyms:
        raise UserError("--key needs --pseudonyms: it tells whose they are")
    if args.min_group < 1:
        raise UserError(f"--min-group {args.min_group}: at least 1")
    check_places(args.results, args.out, args.key)
    results = read_results(args.results)
    sequence = read_sequence(args.sequence) if args.sequence else None
    wanted = Wanted(args.gene, sequence, args.transcript, args.fasta, args.gff3)
    patients = read_patients(args.variants, wanted)
    names = None
    if args.pseudonyms:
        given = pseudonyms(patients, read_key(args.key) if args.key else None)
        names = {patient: given[patient] for patient in patients}
        if args.key:
            write_key(args.key, given)
    panel = make_panel(patients, results, min_group=args.min_group, names=names)
    readme = readme_text(
        panel, args.results, min_group=args.min_group, has_pseudonyms=args.pseudonyms
    )
    write_text(args.out / "panel.csv", panel.patients.text)
    write_text(args.out / "summary.csv", panel.summary.text)
    write_text(args.out / "README.md", readme)
    if panel.small:
        print(
            f"warning: {panel.small} variants are carried by fewer than {args.min_group} patients: "
            "who knows of such a variant knows the patient",
            file=sys.stderr,
        )
