from __future__ import annotations

import argparse
import re
from collections import Counter
from pathlib import Path

import pysam
import pytest

from screenmm.commands import cohort as command
from screenmm.core.errors import UserError
from screenmm.variants.changes import VariantReason
from screenmm.variants.cohort import make_cohort, read_frequencies
from screenmm.variants.entries import Wanted
from screenmm.variants.made_up_gene import CODE, CODONS, make_gene, nearest
from screenmm.variants.patients import read_patients
from screenmm.variants.readers import read_file
from screenmm.variants.sequence import Sequence

from .made_up import LETTERS, PROTEIN, change, variant, write_fasta

FREQUENCIES = f"{change(250)}:0.2,{change(253)}+{change(255)}:0.1,{change(315)}:0.05"
PATIENTS = 300


def write(folder: Path, *more: str) -> Path:
    folder.mkdir(exist_ok=True)
    sequence = write_fasta(folder / "P00519.fasta")
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args([
        "--gene", "ABL1", "--sequence", str(sequence), "--variants", FREQUENCIES,
        "--patients", str(PATIENTS), "--out", str(folder / "cohort"), *more,
    ]))  # fmt: skip
    return folder / "cohort"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("made_up"))


def wanted(folder: Path) -> Wanted:
    return Wanted("ABL1", PROTEIN, fasta=folder / "gene.fasta", gff3=folder / "gene.gff3")


def test_the_maf_and_the_vcf_say_the_same(folder: Path) -> None:
    maf, vcf = folder / "cohort.maf", folder / "cohort.vcf.gz"
    both = [read_file(path, wanted(folder)) for path in (maf, vcf)]
    assert both[0].variants == both[1].variants
    assert [each.name for each in both[0].variants] == [change(n) for n in (250, 253, 255, 315)]
    for reading in both:
        assert reading.total == len(reading.rows) + reading.other_gene
        assert reading.not_annotated == 0
        assert {row.reason for row in reading.rows} == {
            None, VariantReason.SYNONYMOUS, VariantReason.FRAMESHIFT, VariantReason.SPLICE,
        }  # fmt: skip
        assert "SYN-" not in repr(reading)
    told = [read_patients([path], wanted(folder)).carried for path in (maf, vcf)]
    assert told[0] == told[1]
    assert len(told[0]) == PATIENTS


def test_as_many_carry_a_variant_as_was_asked_for(folder: Path) -> None:
    patients = read_patients([folder / "cohort.maf"], wanted(folder)).carried
    counts = Counter(each.name for carried in patients.values() for each in carried.variants)
    assert counts[change(253)] == counts[change(255)]
    for name, frequency in ((change(250), 0.2), (change(253), 0.1), (change(315), 0.05)):
        expected = frequency * PATIENTS
        # four standard deviations
        assert abs(counts[name] - expected) < 4 * (expected * (1 - frequency)) ** 0.5
    readme = (folder / "README.md").read_text()
    assert f"| {change(250)} | 0.2 | {counts[change(250)]} |" in readme
    assert f"| {change(253)}+{change(255)} | 0.1 | {counts[change(253)]} |" in readme


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    folder: Path, tmp_path: Path
) -> None:
    again, other = write(tmp_path / "again"), write(tmp_path / "other", "--seed", "2")
    names = sorted(path.name for path in folder.iterdir())
    assert names == ["README.md", "cohort.maf", "cohort.vcf.gz", "cohort.vcf.gz.tbi", "gene.fasta",
                     "gene.gff3"]  # fmt: skip
    for name in names:
        assert (again / name).read_bytes() == (folder / name).read_bytes(), name
    assert (other / "cohort.maf").read_bytes() != (folder / "cohort.maf").read_bytes()


def test_the_vcf_is_indexed_and_its_bases_are_the_genomes(folder: Path) -> None:
    with (
        pysam.VariantFile(str(folder / "cohort.vcf.gz")) as records,
        pysam.FastaFile(str(folder / "gene.fasta")) as genome,
    ):
        assert len(records.header.samples) == PATIENTS
        found = [*records.fetch("made_up")]
        assert found
        for record in found:
            assert record.ref is not None
            start = record.pos - 1
            assert genome.fetch("made_up", start, start + len(record.ref)) == record.ref
    (folder / "gene.fasta.fai").unlink()


def test_the_gene_is_the_proteins() -> None:
    import random

    changes = [each for n in range(2, 390, 5) for each in variant(change(n)).substitutions]
    gene = make_gene("ABL1", LETTERS, changes, random.Random(1))
    assert "".join(CODE[codon] for codon in gene.codons) == f"{LETTERS}*"
    (first, last), (start, end) = gene.exons
    coding = gene.contig[first - 1 : last] + gene.contig[start - 1 : end]
    assert coding == "".join(gene.codons)
    assert gene.contig[last : last + 2] == "GT"
    assert gene.contig[start - 3 : start - 1] == "AG"
    for each in changes:
        position, reference, alternative = gene.substituted(each)
        assert gene.contig[position - 1 : position - 1 + len(reference)] == reference
        assert len(reference) == len(alternative)
        # as few bases as the code allows for any codon of the residue
        fewest = min(
            sum(a != b for a, b in zip(codon, nearest(codon, each.mutant), strict=True))
            for codon in CODONS[each.wild]
        )
        assert sum(a != b for a, b in zip(reference, alternative, strict=True)) == fewest


def test_the_genetic_code_is_the_standard_one() -> None:
    assert CODE["ATG"] == "M"
    assert CODONS["*"] == ("TAA", "TAG", "TGA")
    assert CODONS["W"] == ("TGG",)
    assert Counter(map(len, CODONS.values())) == {1: 2, 2: 9, 3: 2, 4: 5, 6: 3}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "--variants names none"),
        ("T315I", "'T315I' is no variant that can be made up|is no frequency"),
        (f"{change(100)}", "is no variant that can be made up"),
        (f"{change(100)}:x", "'x' in .* is no frequency above 0 and at most 1"),
        (f"{change(100)}:0", "'0' in "),
        (f"{change(100)}:1.5", "'1.5' in "),
        (f"{change(100)}:nan", "'nan' in "),
        (f"{change(100)}:0.1,{change(100)}:0.2", "stands there twice"),
        ("W26*:0.1", "is no variant that can be made up .the protein ends early"),
        ("W9999A:0.1", "P00519 has residues 1 to 400"),
    ],
)
def test_frequencies_that_are_none(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_frequencies(text, PROTEIN)


@pytest.mark.parametrize(
    ("letters", "patients", "message"),
    [
        (LETTERS, 0, "--patients 0: at least 1"),
        (LETTERS, 10**9, "at most 100,000"),
        (LETTERS + "X", 5, "P00519 has X, which is none of the twenty"),
        ("MKV", 5, "P00519 has 3 residues: at least 20"),
    ],
)
def test_cohorts_that_cannot_be(letters: str, patients: int, message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_cohort("ABL1", Sequence("P00519", letters), {}, patients, 1)


def test_frameshifts_are_written_as_hgvs_wants(folder: Path) -> None:
    lines = [line.split("\t") for line in (folder / "cohort.maf").read_text().splitlines()]
    short = [line[15] for line in lines if "Frame_Shift_Del" in line]
    assert short
    for text in short:
        found = re.fullmatch(r"p\.([A-Z])(\d+)([A-Z])fs\*(\d+|\?)", text)
        assert found is not None, text
        assert PROTEIN.at(int(found[2])) == found[1]
        assert found[1] != found[3]
