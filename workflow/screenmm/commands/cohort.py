"""Command ``cohort``: a made-up cohort for demos and tests, as MAF and VCF."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import pysam

from screenmm.files.whole import replace_whole, write_text
from screenmm.variants.cohort import (
    maf_text,
    make_cohort,
    read_frequencies,
    readme_text,
    vcf_text,
)
from screenmm.variants.made_up_gene import fasta, gff3
from screenmm.variants.sequence import read_sequence


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
        The sequence or the variants are not what they should be.
    """
    protein = read_sequence(args.sequence)
    frequencies = read_frequencies(args.variants, protein)
    cohort = make_cohort(args.gene, protein, frequencies, args.patients, args.seed)
    out: Path = args.out
    write_text(out / "cohort.maf", maf_text(cohort))
    write_text(out / "gene.fasta", fasta(cohort.contigs))
    write_text(out / "gene.gff3", gff3(cohort.gene))
    write_text(out / "README.md", readme_text(cohort, protein, frequencies, args.seed))
    _write_vcf(out / "cohort.vcf.gz", vcf_text(cohort))


def _write_vcf(path: Path, text: str) -> None:
    """Write a VCF gzipped in blocks, with its index."""
    with tempfile.TemporaryDirectory() as folder:
        plain, packed = Path(folder) / "cohort.vcf", Path(folder) / path.name
        plain.write_text(text)
        pysam.tabix_compress(str(plain), str(packed))
        pysam.tabix_index(str(packed), preset="vcf")
        for made in (packed, packed.with_name(f"{packed.name}.tbi")):
            with replace_whole(path.with_name(made.name)) as whole:
                whole.write_bytes(made.read_bytes())
