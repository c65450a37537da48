from __future__ import annotations

import gzip
from collections import Counter
from pathlib import Path

import pysam
import pytest

from screenmm.core.errors import UserError
from screenmm.variants.changes import VariantReason
from screenmm.variants.entries import Wanted
from screenmm.variants.readers import entries_of, read_file

from .made_up import PROTEIN, change, other

ABL1 = Wanted("ABL1")
CSQ = ("Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL|Gene|Feature|"
       "HGVSp|Protein_position|Amino_acids|CANONICAL|MANE_SELECT|PICK")  # fmt: skip
ANN = ("Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | "
       "Feature_Type | Feature_ID | Transcript_BioType | Rank | HGVS.c | HGVS.p | "
       "cDNA.pos / cDNA.length'")  # fmt: skip
BCSQ = ("Haplotype-aware consequence annotation from BCFtools/csq. Format: Consequence|gene|"
        "transcript|biotype|strand|amino_acid_change|dna_change")  # fmt: skip
DESCRIPTIONS = {"CSQ": CSQ, "ANN": ANN, "BCSQ": BCSQ}

CANONICAL, MANE = "ENST00000318560", "ENST00000372348"


def vcf(*records: tuple[str, str, str], key: str = "CSQ", samples: str = "") -> str:
    """Records of REF, ALT and the annotation, at 1001, 1002 and so on."""
    lines = [
        "##fileformat=VCFv4.2",
        "##contig=<ID=9>",
        f'##INFO=<ID={key},Number=.,Type=String,Description="{DESCRIPTIONS.get(key, "")}">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO" + (f"\tFORMAT\t{samples}" * bool(samples)),
    ]
    for at, (reference, alternative, told) in enumerate(records, start=1001):
        info, *genotypes = told.split("\t")
        info = f"{key}={info}" if info else "."
        lines.append("\t".join(["9", str(at), ".", reference, alternative, ".", ".", info,
                                *(["GT", *genotypes] if samples else [])]))  # fmt: skip
    return "\n".join(lines) + "\n"


def csq(
    allele: str,
    terms: str,
    hgvs: str = "",
    *,
    transcript: str = CANONICAL,
    gene: str = "ABL1",
    residues: str = "|",
    canonical: str = "",
    mane: str = "",
) -> str:
    return f"{allele}|{terms}|{gene}|ENSG1|{transcript}|{hgvs}|{residues}|{canonical}|{mane}|"


def test_vep(tmp_path: Path) -> None:
    path = tmp_path / "vep.vcf"
    path.write_text(vcf(
        ("C", "T", csq("T", "missense_variant", "ENSP00000361423.2:p.Thr315Ile")),
        ("C", "T", csq("T", "synonymous_variant", "ENSP1.1:p.Thr319%3D")),
        ("C", "A,T", ",".join([csq("A", "missense_variant", "ENSP1.1:p.Thr315Asn"),
                               csq("T", "missense_variant", residues="315/1130|T/I")])),
        ("CA", "C", csq("-", "frameshift_variant", "ENSP1.1:p.Glu255LysfsTer2")),
        ("C", "T", csq("T", "missense_variant&splice_donor_variant", "ENSP1.1:p.Thr315Ile")),
        ("C", "T", csq("T", "intron_variant")),
        ("C", "T", csq("T", "missense_variant", gene="EGFR", hgvs="ENSP2.1:p.Thr790Met")),
        ("GC", "AT", csq("AT", "missense_variant", residues="23-24/1130|KV/RS")),
        ("C", "T", csq("T", "missense_variant")),
        ("C", "T", ""),
        ("C", "<DEL>", csq("deletion", "transcript_ablation")),
    ))  # fmt: skip
    reading = read_file(path, ABL1)
    assert [(row.line - 5, row.variant.name if row.variant else row.reason)
            for row in reading.rows] == [
        (1, "T315I"),
        (2, VariantReason.SYNONYMOUS),
        (3, "T315N"),
        (3, "T315I"),
        (4, VariantReason.FRAMESHIFT),
        (5, VariantReason.SPLICE),
        (6, VariantReason.NO_PROTEIN_CHANGE),
        (8, "K23R+V24S"),
        (9, VariantReason.NOT_ANNOTATED),
        (11, VariantReason.NO_PROTEIN),
    ]  # fmt: skip
    assert (reading.total, reading.other_gene, reading.not_annotated) == (12, 1, 1)
    assert {row.transcript for row in reading.rows} == {CANONICAL}


def test_snpeff(tmp_path: Path) -> None:
    def ann(allele: str, terms: str, hgvs: str, gene: str = "ABL1") -> str:
        return (f"{allele}|{terms}|MODERATE|{gene}|ENSG1|transcript|{CANONICAL}.5|protein_coding|"
                f"6/11|c.944C>T|{hgvs}|1/2")  # fmt: skip

    path = tmp_path / "snpeff.vcf"
    path.write_text(vcf(
        ("C", "T", ann("T", "missense_variant", "p.Thr315Ile")),
        ("CA", "C,CAA", ",".join([ann("C", "frameshift_variant", "p.Thr315fs"),
                                  ann("CAA", "disruptive_inframe_insertion",
                                      "p.Thr315_Glu316insLys")])),
        ("C", "T", ann("T", "stop_gained", "p.Gln300*")),
        ("C", "T", ann("T", "upstream_gene_variant", "")),
        ("C", "T", ann("T", "missense_variant", "p.Thr790Met", "EGFR")),
        key="ANN",
    ))  # fmt: skip
    reading = read_file(path, ABL1)
    assert [row.variant.name if row.variant else row.reason for row in reading.rows] == [
        "T315I", VariantReason.FRAMESHIFT, VariantReason.INDEL, VariantReason.STOP,
        VariantReason.NO_PROTEIN_CHANGE,
    ]  # fmt: skip
    assert (reading.other_gene, reading.total) == (1, 6)
    assert reading.rows[0].transcript == f"{CANONICAL}.5"


def test_bcftools(tmp_path: Path) -> None:
    def bcsq(terms: str, change: str = "", dna: str = "", gene: str = "ABL1") -> str:
        return f"{terms}|{gene}|{CANONICAL}|protein_coding|+|{change}|{dna}"

    path = tmp_path / "bcsq.vcf"
    path.write_text(vcf(
        ("C", "T", bcsq("missense", "315T>315I", "1001C>T")),
        ("C", "T,A", ",".join([bcsq("missense", "315T>315N", "1002C>A"),
                               bcsq("missense", "315T>315I", "1002C>T")])),
        ("C", "T", bcsq("synonymous", "319T", "1003C>T")),
        ("C", "T", ",".join([f"splice_region|ABL1|{CANONICAL}|protein_coding",
                             bcsq("missense", "255E>255K", "1004C>T+1005C>T")])),
        ("C", "T", "@1004"),
        ("CA", "C", bcsq("frameshift", "39PIIS>39PSS*", "1006CA>C")),
        ("C", "T", bcsq("*missense", "41S>41T", "1007C>T")),
        ("C", "T", bcsq("missense", "790T>790M", "1008C>T", "EGFR")),
        ("C", "T", "@1008"),
        ("C", "T", ""),
        key="BCSQ",
    ))  # fmt: skip
    reading = read_file(path, ABL1)
    assert [row.variant.name if row.variant else row.reason for row in reading.rows] == [
        "T315I", "T315I", "T315N", VariantReason.SYNONYMOUS, "E255K", VariantReason.COMBINED,
        VariantReason.FRAMESHIFT, VariantReason.STOP,
    ]  # fmt: skip
    # bcftools annotates what lies in genes alone
    assert (reading.other_gene, reading.not_annotated, reading.total) == (3, 0, 11)


def isoforms(number: int, shift: int = 19, **told: str) -> str:
    """Annotations of a change on two transcripts, the second of which begins earlier."""
    first = change(number)
    second = first.replace(str(number), str(number + shift))
    return ",".join([
        csq("T", "missense_variant", f"ENSP1.1:p.{second}", transcript=MANE, **told),
        csq("T", "missense_variant", f"ENSP2.1:p.{first}"),
    ])  # fmt: skip


def test_of_several_transcripts_the_one_of_the_sequence_counts(tmp_path: Path) -> None:
    path = tmp_path / "isoforms.vcf"
    told = {"canonical": "YES", "mane": "NM_007313.3"}
    path.write_text(vcf(*(("C", "T", isoforms(number, **told)) for number in range(60, 70))))
    ours = read_file(path, Wanted("ABL1", PROTEIN))
    assert [row.variant.name if row.variant else row.reason for row in ours.rows] == [
        change(number) for number in range(60, 70)
    ]
    # without a sequence MANE's, and what is asked for before either
    first = read_file(path, ABL1).rows[0].variant
    assert first is not None
    assert first.numbers == (79,)
    for name in (CANONICAL, f"{CANONICAL}.7", "ENSP2"):
        asked = read_file(path, Wanted("ABL1", transcript=name)).rows[0].variant
        assert asked is not None
        assert asked.name == change(60)
    asked = read_file(path, Wanted("ABL1", PROTEIN, transcript="NM_007313.3")).rows[0].variant
    assert asked is None or asked.numbers == (79,)
    with pytest.raises(UserError, match=f"transcript NM_1: there are {CANONICAL}, {MANE}"):
        read_file(path, Wanted("ABL1", transcript="NM_1"))


def test_only_another_isoform_is_a_reason_and_a_note(tmp_path: Path) -> None:
    path = tmp_path / "isoform.vcf"
    changes = [f"{PROTEIN.at(n)}{n + 19}{other(PROTEIN.at(n))}" for n in range(60, 75)]
    path.write_text(vcf(*(("C", "T", csq("T", "missense_variant", f"E:p.{c}")) for c in changes)))
    reading = read_file(path, Wanted("ABL1", PROTEIN))
    reasons = Counter(row.reason for row in reading.rows)
    assert reasons[VariantReason.OTHER_RESIDUE] > 10
    assert "moved by -19" in reading.notes[0]


def test_who_carries_an_allele_is_told_to_who_asks_and_in_no_row(tmp_path: Path) -> None:
    path = tmp_path / "cohort.vcf"
    first = csq("T", "missense_variant", "E:p.Thr315Ile")
    second = csq("A", "missense_variant", "E:p.Thr315Asn")
    path.write_text(vcf(
        ("C", "T", f"{first}\t0/1\t0/0\t./."),
        ("C", "T,A", f"{first},{second}\t0/1\t1/2\t0/0"),
        samples="SYN-1\tSYN-2\tNORMAL",
    ))  # fmt: skip
    entries = [*entries_of(path, "cohort.vcf", ABL1, carriers=True)]
    assert [entry.carriers for entry in entries] == [("SYN-1",), ("SYN-1", "SYN-2"), ("SYN-2",)]
    assert "SYN" not in repr([entry.row for entry in entries])
    assert not any(entry.carriers for entry in entries_of(path, "cohort.vcf", ABL1))


def carried(path: Path) -> list[tuple[str | VariantReason | None, tuple[str, ...]]]:
    return [
        (row and (row.variant.name if row.variant else row.reason), carriers)
        for row, carriers, *_ in entries_of(path, path.name, ABL1, carriers=True)
    ]


def test_an_allele_of_vep_is_that_without_the_base_that_all_begin_with(tmp_path: Path) -> None:
    path = tmp_path / "vep.vcf"
    lysine = csq("AC", "missense_variant", "E:p.Thr315Lys")
    shifted = csq("C", "frameshift_variant")
    isoleucine = csq("AG", "missense_variant", "E:p.Thr315Ile")
    path.write_text(vcf(
        # without it AAC is called as AC is
        ("ATC", "AAC,AC", f"{lysine},{shifted}\t0/1\t0/2"),
        # as long as the reference: as they are
        ("AC", "AT,AG", f"{isoleucine}\t0/1\t0/2"),
        # * has no first base
        ("CTG", "C,CAG,*", f"{csq('-', 'frameshift_variant')},{isoleucine}\t1/3\t2/3"),
        # without a base in common: as they are
        ("ATC", "AG,C", f"{shifted},{isoleucine}\t1/2\t0/2"),
        ("c", "t,g", f"{csq('T', 'missense_variant', 'E:p.Thr315Ile')}\t0/1\t0/2"),
        samples="SYN-1\tSYN-2",
    ))  # fmt: skip
    frameshift = VariantReason.FRAMESHIFT
    assert carried(path) == [
        ("T315K", ("SYN-1",)), (frameshift, ("SYN-2",)),
        (None, ("SYN-1",)), ("T315I", ("SYN-2",)),
        (frameshift, ("SYN-1",)), ("T315I", ("SYN-2",)), (None, ("SYN-1", "SYN-2")),
        ("T315I", ("SYN-1",)), (frameshift, ("SYN-1", "SYN-2")),
        ("T315I", ("SYN-1",)), (None, ("SYN-2",)),
    ]  # fmt: skip


def test_an_annotation_of_no_allele_is_an_entry_that_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "strange.vcf"
    told = [csq("T", "missense_variant", "E:p.Thr315Ile"),
            csq("A", "missense_variant", "E:p.Thr315Asn")]  # fmt: skip
    path.write_text(vcf(
        ("C", "T,G,*", f"{','.join(told)}\t0/1\t0/2\t0/3"),
        ("C", "T,G", f"{told[0]},{csq('A', 'missense_variant', gene='EGFR')}\t0/1\t0/2\t0/0"),
        samples="SYN-1\tSYN-2\tSYN-3",
    ))  # fmt: skip
    assert carried(path) == [
        ("T315I", ("SYN-1",)), (None, ("SYN-2",)), (None, ("SYN-3",)),
        (VariantReason.UNREADABLE, ("SYN-2",)),
        ("T315I", ("SYN-1",)), (None, ("SYN-2",)),
    ]  # fmt: skip
    reading = read_file(path, ABL1)
    assert "is none of the record's: annotate the file again" in reading.rows[1].message
    assert (reading.total, reading.other_gene) == (6, 3)


def test_snpeff_writes_alleles_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "snpeff.vcf"
    shift = f"AC|frameshift_variant|HIGH|ABL1|ENSG1|transcript|{CANONICAL}|protein_coding||||"
    path.write_text(vcf(("ATC", "AAC,AC", f"{shift}\t0/1\t0/2"), key="ANN", samples="SYN-1\tS2"))
    assert carried(path) == [(None, ("SYN-1",)), (VariantReason.FRAMESHIFT, ("S2",))]


def test_bcftools_tells_no_allele_where_nothing_is_coded(tmp_path: Path) -> None:
    path = tmp_path / "bcsq.vcf"
    told = [f"missense|ABL1|{CANONICAL}|protein_coding|+|315T>315I|1001C>T",
            f"splice_region|ABL1|{CANONICAL}|protein_coding"]  # fmt: skip
    path.write_text(vcf(("C", "T,A", ",".join(told)), key="BCSQ"))
    rows = read_file(path, ABL1).rows
    assert [row.variant.name if row.variant else row.reason for row in rows] == [
        "T315I", VariantReason.NO_PROTEIN_CHANGE,
    ]  # fmt: skip


@pytest.mark.parametrize("form", ["bgzf", "gzip", "bcf", "crlf", "bom", "bom-gzip", "bom-bgzf"])
def test_the_form_of_a_file_does_not_matter(tmp_path: Path, form: str) -> None:
    plain = tmp_path / "plain.vcf"
    told = csq("T", "missense_variant", "E:p.Thr315Ile")
    plain.write_text(vcf(("C", "T", told), ("C", "T", told.replace("315", "316"))))
    path = tmp_path / "no-suffix"
    if form.startswith("bom"):
        plain.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    if form.endswith("bgzf"):
        pysam.tabix_compress(str(plain), str(path))
    elif form == "bom":
        path = plain
    elif form.endswith("gzip"):
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif form == "crlf":
        path.write_bytes(plain.read_bytes().replace(b"\n", b"\r\n"))
    else:
        with (
            pysam.VariantFile(str(plain)) as old,
            pysam.VariantFile(str(path), "wb", header=old.header) as new,
        ):
            for record in old:
                new.write(record)
    reading = read_file(path, ABL1)
    assert [each.name for each in reading.variants] == ["T315I", "T316I"]
    # a BCF file has no lines: its records are counted
    assert [row.line for row in reading.rows] == ([1, 2] if form == "bcf" else [6, 7])


def test_broken_files_are_errors_that_name_the_place(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    whole = vcf(*[("C", "T", csq("T", "missense_variant", "E:p.Thr315Ile"))] * 3)
    path = tmp_path / "broken.vcf"
    path.write_text(whole + "9\tx\t.\tC\tT\t.\t.\t.\n")
    with pytest.raises(UserError, match=r"broken.vcf, line 9: the record cannot be read"):
        read_file(path, ABL1)
    path.write_text(whole + "9\t2000\t.\tC\n")
    with pytest.raises(UserError, match="line 9"):
        read_file(path, ABL1)
    path.write_text("##fileformat=VCFv4.2\n")
    with pytest.raises(UserError, match=r"broken.vcf cannot be read as VCF or BCF"):
        read_file(path, ABL1)
    packed = tmp_path / "packed.vcf"
    pysam.tabix_compress(str(path), str(packed))
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(UserError, match=r"packed\.vcf"):
        read_file(packed, ABL1)
    # htslib would print places in the genome
    assert "2000" not in capfd.readouterr().err


def test_a_header_names_any_number_of_samples(tmp_path: Path) -> None:
    path = tmp_path / "biobank.vcf"
    count = 120_000
    told = csq("T", "missense_variant", "E:p.Thr315Ile") + "\t0/1" + "\t0/0" * (count - 1)
    names = "\t".join(f"SYN-{number:07d}" for number in range(count))
    path.write_text(vcf(("C", "T", told), ("C", "T", told), samples=names))
    rows = read_file(path, ABL1).rows
    assert [(row.line, row.variant and row.variant.name) for row in rows] == [
        (6, "T315I"), (7, "T315I"),
    ]  # fmt: skip


def test_a_vcf_without_protein_changes_names_the_tools(tmp_path: Path) -> None:
    path = tmp_path / "plain.vcf"
    path.write_text(vcf(("C", "T", ""), key="DP"))
    with pytest.raises(UserError, match=r"annotate it with VEP, SnpEff or bcftools csq, or give"):
        read_file(path, ABL1)


@pytest.mark.parametrize(
    "name", ["vcf2maf_test_b38.vcf", "pcgr_T001-BRCA.grch38.vcf.gz", "pcgr_T001-COAD.grch38.vcf.gz"]
)
def test_real_files_without_protein_changes(benchmark_data: Path, name: str) -> None:
    with pytest.raises(UserError, match=f"{name} has no protein changes"):
        read_file(benchmark_data / "variants" / name, Wanted("BRAF"))
