from __future__ import annotations

import gzip
import random
from collections.abc import Sequence
from pathlib import Path

import pysam
import pytest

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.entries import Wanted
from screenmm.variants.made_up_gene import (
    CONTIG,
    ELSEWHERE,
    Difference,
    Gene,
    fasta,
    gff3,
    make_gene,
)
from screenmm.variants.readers import entries_of, read_file

from .made_up import LETTERS, PROTEIN, change, variant

PHASED, UNPHASED = "0|1", "0/1"


@pytest.fixture(scope="module")
def gene() -> Gene:
    changes = [*variant(change(100)).substitutions, *variant(change(300)).substitutions]
    return make_gene("ABL1", LETTERS, changes, random.Random(3))


@pytest.fixture
def wanted(gene: Gene, tmp_path: Path) -> Wanted:
    bases, models = tmp_path / "gene.fasta", tmp_path / "gene.gff3"
    bases.write_text(fasta({CONTIG: gene.contig, ELSEWHERE: "ACGT" * 100}))
    models.write_text(gff3(gene))
    return Wanted("ABL1", PROTEIN, fasta=bases, gff3=models)


def write(
    path: Path,
    records: Sequence[tuple[Difference, str]],
    *,
    contig: str = CONTIG,
    samples: Sequence[str] = ("SYN-1",),
) -> Path:
    lines = [
        "##fileformat=VCFv4.2",
        f"##contig=<ID={contig}>",
        "##contig=<ID=unknown>",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT",
                   *samples]),
    ]  # fmt: skip
    for (position, reference, alternative), genotypes in records:
        lines.append("\t".join([contig, str(position), ".", reference, alternative, ".", ".", ".",
                                "GT", *genotypes.split()]))  # fmt: skip
    lines.append("\t".join(["unknown", "5", ".", "A", "C", ".", ".", ".", "GT",
                            *["0/1"] * len(samples)]))  # fmt: skip
    path.write_text("\n".join(lines) + "\n")
    return path


def told(rows: Sequence[Row]) -> list[str | None]:
    return [row.variant.name if row.variant else row.reason for row in rows]


@pytest.mark.parametrize("genotype", [PHASED, UNPHASED, "1/1", "./."])
@pytest.mark.parametrize("chr_name", [False, True])
def test_protein_changes_by_gene_models(
    gene: Gene, wanted: Wanted, tmp_path: Path, genotype: str, chr_name: bool
) -> None:
    (first,), (second,) = (variant(change(n)).substitutions for n in (100, 300))
    silent = gene.silent(50) or gene.silent(51)
    assert silent is not None
    inside = Difference(gene.exons[0][1] + 50, gene.contig[gene.exons[0][1] + 49], "<DEL>")
    records = [
        (gene.substituted(second), genotype),
        (gene.substituted(first), genotype),
        (silent, genotype),
        (gene.unspliced(), genotype),
        (inside, genotype),
        (Difference(5, gene.contig[4], "A" if gene.contig[4] != "A" else "C"), genotype),
    ]
    contig = f"chr{CONTIG}" if chr_name else CONTIG
    reading = read_file(write(tmp_path / "a.vcf", records, contig=contig), wanted)
    assert told(reading.rows) == [
        second_name := f"{second}", f"{first}", VariantReason.SYNONYMOUS, VariantReason.SPLICE,
        VariantReason.NOT_MODELLED,
    ]  # fmt: skip
    assert second_name == change(300)
    assert (reading.total, reading.other_gene) == (7, 2)
    assert {row.transcript for row in reading.rows[:4]} == {gene.transcript}
    assert "SYN-1" not in repr(reading)


def test_every_residue_is_the_proteins(gene: Gene, wanted: Wanted, tmp_path: Path) -> None:
    numbers = range(2, 400, 7)
    changes = [variant(change(number)).substitutions[0] for number in numbers]
    records = [(gene.substituted(each), UNPHASED) for each in changes]
    reading = read_file(write(tmp_path / "a.vcf", records), wanted)
    assert told(reading.rows) == [str(each) for each in changes]


@pytest.mark.parametrize("number", [150, 200])
def test_one_codon_changed_by_two_records(
    gene: Gene, wanted: Wanted, tmp_path: Path, number: int
) -> None:
    # the second is the last of an exon, of which bcftools says so beside the change
    place, codon = gene.place(number), gene.codons[number - 1]
    bases = [("A" if base != "A" else "C") for base in codon]
    first, second = (Difference(place + at, codon[at], bases[at]) for at in (0, 1))
    alone = read_file(write(tmp_path / "u.vcf", [(first, "0/1"), (second, "0/1")]), wanted)
    assert all(row.variant for row in alone.rows) or VariantReason.STOP in told(alone.rows)
    together = write(
        tmp_path / "p.vcf",
        [(first, "1|0 1|0 0|0"), (second, "1|0 0|0 0|0")],
        samples=("SYN-1", "SYN-2", "SYN-3"),
    )
    entries = [*entries_of(together, "p.vcf", wanted, carriers=True)]
    rows = [entry.row for entry in entries if entry.row]
    # both effects of the first, of which each is one sample's; the second's is in the first
    assert len(rows) == 3
    assert rows[0] != rows[1]
    assert sorted(entry.carriers for entry in entries[:2]) == [("SYN-1",), ("SYN-2",)]
    assert rows[2].reason is VariantReason.COMBINED


def test_packed_genomes_and_models(gene: Gene, wanted: Wanted, tmp_path: Path) -> None:
    assert wanted.fasta is not None
    assert wanted.gff3 is not None
    (first,) = variant(change(100)).substitutions
    path = write(tmp_path / "a.vcf", [(gene.substituted(first), PHASED)])
    packed, blocks, models = (tmp_path / name for name in ("a.gz", "b.gz", "m.gz"))
    packed.write_bytes(gzip.compress(wanted.fasta.read_bytes()))
    pysam.tabix_compress(str(wanted.fasta), str(blocks))
    models.write_bytes(gzip.compress(wanted.gff3.read_bytes()))
    before = sorted(tmp_path.iterdir())
    for bases in (packed, blocks):
        reading = read_file(path, Wanted("ABL1", PROTEIN, fasta=bases, gff3=models))
        assert told(reading.rows) == [str(first)]
    # nothing is written beside the user's files
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("bases", "models", "message"),
    [
        ("MKV\n", "", "gene.fasta is no FASTA"),
        (">a\nACGT\nA\nACGT\n>a\nA\n", "", "gene.fasta cannot be indexed"),
        (">other\nACGT\n", "", "no contig of .*gene.gff3 is one of .*gene.fasta"),
        ("", "no tabs\n", "gene.gff3, line 1: no GFF3, which has nine fields"),
        ("", f"{CONTIG}\tRefSeq\tmRNA\t201\t600\t.\t+\t.\tID=rna-NM_1;Parent=gene-ABL1\n",
         "can use no transcript .* ID=transcript:"),
        ("", f"{CONTIG}\tRefSeq\tregion\t201\t600\t.\t+\t.\tID=x\n",
         "can use no transcript"),
        (f">{CONTIG}\n{'A' * 4000}\n", "", "has other bases than the VCF says"),
    ],
)  # fmt: skip
def test_genomes_and_models_that_do_not_do(
    gene: Gene, wanted: Wanted, tmp_path: Path, bases: str, models: str, message: str,
    capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert wanted.fasta is not None
    assert wanted.gff3 is not None
    if bases:
        wanted.fasta.write_text(bases)
    if models:
        wanted.gff3.write_text(models)
    substitution = next(
        each
        for each in (variant(change(n)).substitutions[0] for n in range(100, 120))
        if "A" not in gene.substituted(each).reference
    )
    difference = gene.substituted(substitution)
    path = write(tmp_path / "a.vcf", [(difference, PHASED)])
    with pytest.raises(UserError, match=message) as caught:
        read_file(path, wanted)
    said = str(caught.value) + "".join(capfd.readouterr())
    assert str(difference.position) not in said
    assert "SYN" not in said
