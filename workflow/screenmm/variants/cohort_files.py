"""The files of a made-up cohort."""

from __future__ import annotations

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


def write_cohort(
    gene: str, sequence: Path, variants: str, out: Path, *, patients: int, seed: int
) -> None:
    """Make up a cohort and write it: the same arguments give the same bytes.

    Parameters
    ----------
    gene : str
        Symbol.
    sequence : Path
        FASTA file of the gene's protein.
    variants : str
        Variants and the share of patients that carry each.
    out : Path
        Folder for cohort.maf, cohort.vcf.gz with its index, gene.fasta, gene.gff3 and README.md.
    patients : int
    seed : int

    Raises
    ------
    UserError
        The sequence or the variants are not what they should be.
    """
    protein = read_sequence(sequence)
    frequencies = read_frequencies(variants, protein)
    cohort = make_cohort(gene, protein, frequencies, patients, seed)
    write_text(out / "cohort.maf", maf_text(cohort))
    write_text(out / "gene.fasta", fasta(cohort.contigs))
    write_text(out / "gene.gff3", gff3(cohort.gene))
    write_text(out / "README.md", readme_text(cohort, protein, frequencies, seed))
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
