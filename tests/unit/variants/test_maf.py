from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from screenmm.core.errors import UserError
from screenmm.variants.changes import VariantReason
from screenmm.variants.effects import OF_CLASS
from screenmm.variants.entries import Wanted
from screenmm.variants.readers import entries_of, read_file

HEADER = ("Hugo_Symbol", "Chromosome", "Start_Position", "Variant_Classification",
          "Tumor_Sample_Barcode", "HGVSp", "HGVSp_Short", "Transcript_ID", "Notes")  # fmt: skip
PLANTED = ("SYN-PATIENT-77", "133748283", "chr9", "called by Dr Planted")


def write(path: Path, *rows: tuple[str, str, str, str, str]) -> Path:
    """Rows of gene, class, HGVSp, HGVSp_Short and transcript, each with planted identifiers."""
    patient, position, contig, note = PLANTED
    lines = ["#version 2.4", "# a comment", "\t".join(HEADER)]
    for gene, kind, long, short, transcript in rows:
        lines.append(
            "\t".join((gene, contig, position, kind, patient, long, short, transcript, note))
        )
    path.write_text("\n".join(lines) + "\n")
    return path


def test_rows_of_the_gene_and_a_count_of_the_others(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.maf",
        ("ABL1", "Missense_Mutation", "p.Thr315Ile", "p.T315I", "ENST00000318560.5"),
        ("EGFR", "Missense_Mutation", "p.Thr790Met", "p.T790M", ""),
        ("ABL1", "Missense_Mutation", "ENSP00000361423.2:p.Glu255Lys", "", PLANTED[0]),
        ("ABL1", "Missense_Mutation", "", "", ""),
        ("ABL1", "Splice_Site", "p.Tyr253His", "p.Y253H", ""),
        ("ABL1", "Silent", "p.Thr315=", "p.T315=", ""),
        ("ABL1", "Frame_Shift_Del", PLANTED[0], PLANTED[0], ""),
        ("ABL1", "Missense_Mutation", "", f"p.T315I {PLANTED[0]}", ""),
    )
    reading = read_file(path, Wanted("ABL1"))
    assert [(row.line, row.variant and row.variant.name, row.reason) for row in reading.rows] == [
        (4, "T315I", None),
        (6, "E255K", None),
        (7, None, VariantReason.NOT_ANNOTATED),
        (8, None, VariantReason.SPLICE),
        (9, None, VariantReason.SYNONYMOUS),
        (10, None, VariantReason.FRAMESHIFT),
        (11, None, VariantReason.UNREADABLE),
    ]
    assert (reading.total, reading.other_gene) == (8, 1)
    assert reading.rows[0].transcript == "ENST00000318560.5"
    assert reading.rows[1].transcript == "ENSP00000361423.2"
    assert "Y253H is written, but also: a splice site changes" in reading.rows[3].message


def test_nothing_that_identifies_a_patient_is_in_a_row(tmp_path: Path) -> None:
    kinds = ("Missense_Mutation", "Silent", PLANTED[3])
    texts = ("p.T315I", PLANTED[0], f"{PLANTED[0]}:p.T315I", f"{PLANTED[2]}:g.{PLANTED[1]}C>T",
             f"p.T315I({PLANTED[3]})", f"ABL1:p.[T315I;{PLANTED[0]}]", f"p.T315I/{PLANTED[0]}",
             f"[{PLANTED[0]}];[T315I]", f"c.{PLANTED[1]}A>T")  # fmt: skip
    rows = [
        (gene, kind, text, short, transcript)
        for gene in ("ABL1", "TTN")
        for kind in kinds
        for text in texts
        for short in ("", text)
        for transcript in ("", PLANTED[0])
    ]
    path = write(tmp_path / "planted.maf", *rows)
    reading = read_file(path, Wanted("ABL1"))
    assert reading.total == len(rows)
    told = repr(reading)
    assert not [each for each in PLANTED if each in told]
    assert {name for entry in entries_of(path, "", Wanted("ABL1")) for name in entry.carriers} == {
        PLANTED[0]
    }


@pytest.mark.parametrize(("kind", "reason"), OF_CLASS.items())
def test_the_class_is_the_reason_where_no_change_is_written(
    tmp_path: Path, kind: str, reason: VariantReason | None
) -> None:
    path = write(tmp_path / "a.maf", ("ABL1", kind.title(), ".", "", ""))
    (row,) = read_file(path, Wanted("ABL1")).rows
    assert row.reason is (reason or VariantReason.NOT_ANNOTATED)
    assert row.message


def test_a_broken_line_and_no_table(tmp_path: Path) -> None:
    path = write(tmp_path / "a.maf", ("ABL1", "Missense_Mutation", "", "p.T315I", ""))
    path.write_text(path.read_text() + "ABL1\tcut here")
    broken = read_file(path, Wanted("ABL1")).rows[1]
    assert (broken.line, broken.reason) == (5, VariantReason.UNREADABLE)
    assert broken.message == "the line has 2 fields, the header 9"
    path.write_text("#version 2.4\n")
    with pytest.raises(UserError, match="is empty"):
        read_file(path, Wanted("ABL1"))


def test_a_header_in_the_middle_is_no_patient(tmp_path: Path) -> None:
    path = write(tmp_path / "a.maf", ("ABL1", "Missense_Mutation", "", "p.T315I", ""))
    once = path.read_text()
    path.write_text(once + once.replace("Hugo_Symbol", "HUGO_SYMBOL"))
    entries = [*entries_of(path, "", Wanted("ABL1"))]
    assert [(entry.row and entry.row.line, entry.carriers) for entry in entries] == [
        (4, (PLANTED[0],)), (8, (PLANTED[0],)),
    ]  # fmt: skip
    other = ("\t".join(reversed(HEADER)), "Hugo_Symbol\tTumor_Sample_Barcode")
    for again in other:
        path.write_text(f"{once}{again}\n")
        with pytest.raises(UserError, match=r"a\.maf, line 5: the columns are named again"):
            read_file(path, Wanted("ABL1"))


def test_a_line_that_is_cut_keeps_its_patient(tmp_path: Path) -> None:
    path = write(tmp_path / "a.maf", ("ABL1", "Missense_Mutation", "", "p.T315I", ""))
    path.write_text(path.read_text().removesuffix(f"\t{PLANTED[3]}\n"))
    (entry,) = entries_of(path, "", Wanted("ABL1"))
    assert entry.carriers == (PLANTED[0],)
    assert entry.row is not None
    assert entry.row.reason is VariantReason.UNREADABLE


def test_quotes_of_r_are_no_part_of_a_cell(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a.maf",
        ("ABL1", "Missense_Mutation", "", "p.T315I", ""),
        ("ABL1", "Splice_Site", "", "p.Y253H", ""),
    )
    lines = path.read_text().splitlines()[2:]
    quoted = ["\t".join(f'"{cell}"' for cell in line.split("\t")) for line in lines]
    path.write_text("\n".join([*quoted, f'"ABL1\t{quoted[1]}']))
    entries = [*entries_of(path, "", Wanted("ABL1"))]
    rows = [entry.row for entry in entries if entry.row]
    assert [row.reason for row in rows] == [None, VariantReason.SPLICE, VariantReason.UNREADABLE]
    assert rows[2].message == "the quotes do not match"
    assert [entry.carriers for entry in entries] == [(PLANTED[0],), (PLANTED[0],), ()]
    # where the columns are not quoted, a quote is text
    path = write(tmp_path / "b.maf", ("ABL1", "Missense_Mutation", 'p.Thr315Ile"', "", ""))
    path.write_text(path.read_text().replace(PLANTED[3], '"5 reads'))
    assert [each.name for each in read_file(path, Wanted("ABL1")).variants] == ["T315I"]


@pytest.mark.parametrize(
    "prefix", ["CCDS35166.1", "ABL1_ENST00000318560", "ABL1-201", "uc004bzw.3", "JTK7"]
)
def test_the_column_says_the_gene_whatever_stands_before_a_change(
    tmp_path: Path, prefix: str
) -> None:
    path = write(tmp_path / "a.maf", ("ABL1", "Missense_Mutation", f"{prefix}:p.Thr315Ile", "", ""))
    assert [each.name for each in read_file(path, Wanted("ABL1")).variants] == ["T315I"]
    # where it says nothing, the prefix counts
    path = write(tmp_path / "b.maf", ("", "Missense_Mutation", "EGFR:p.Thr790Met", "", ""))
    assert read_file(path, Wanted("ABL1")).other_gene == 1


def test_a_gene_that_is_not_there_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.maf", ("EGFR", "Missense_Mutation", "", "p.T790M", ""))
    reading = read_file(path, Wanted("ABL1"))
    assert reading.notes == ("a.maf: no entry of ABL1 among 1",)


def data_lines(path: Path) -> list[str]:
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return lines[1:]


@pytest.mark.parametrize("name", ["vcf2maf_test.maf", "vcf2maf_test_b38_output.maf"])
def test_counts_of_a_real_file_add_up_for_every_gene(benchmark_data: Path, name: str) -> None:
    path = benchmark_data / "variants" / name
    genes = Counter(line.split("\t")[0] for line in data_lines(path))
    for gene, count in genes.items():
        reading = read_file(path, Wanted(gene))
        assert reading.total == genes.total() == len(reading.rows) + reading.other_gene
        assert len(reading.rows) == count
        assert all((row.variant is None) == (row.reason is not None) for row in reading.rows)
        assert all(row.message for row in reading.rows if row.reason)
        assert "TUMOR" not in repr(reading)


def test_the_variants_of_a_real_file(benchmark_data: Path) -> None:
    path = benchmark_data / "variants/vcf2maf_test_b38_output.maf"
    reading = read_file(path, Wanted("RUNX1"))
    assert [each.name for each in reading.variants] == ["P95S", "R157K", "G367D", "L429R"]
    assert Counter(row.reason for row in reading.rows) == {
        None: 4, VariantReason.FRAMESHIFT: 1, VariantReason.SPLICE: 1,
        VariantReason.NO_PROTEIN_CHANGE: 1,
    }  # fmt: skip
