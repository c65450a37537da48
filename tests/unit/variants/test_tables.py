from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from screenmm.core.errors import ConfigError, UserError
from screenmm.variants.changes import FROM_LIST, VariantReason
from screenmm.variants.entries import Wanted
from screenmm.variants.readers import read_file, read_list, read_variants
from screenmm.variants.sequence import Sequence

from .made_up import LETTERS, PROTEIN, change

ABL1 = Wanted("ABL1")


def test_a_table_by_its_columns_and_its_genes(tmp_path: Path) -> None:
    path = tmp_path / "variants.csv"
    path.write_text(
        "patient,Gene,Protein_Change\n"
        "SYN-1,ABL1,p.Thr315Ile\n"
        "SYN-2,EGFR,T790M\n"
        "SYN-3,abl1,W26*\n"
        "\n"
        "SYN-4,ABL1,\n"
        "SYN-5,ABL1,NP_005148.2:p.E255K,too many\n"
        'SYN-6,ABL1,"NP_005148.2:p.E255K+p.Y253H"\n'
        "SYN-7,ABL1,T315I of SYN-7\n"
        'SYN-8,ABL1,"T315I\n'
    )
    reading = read_file(path, ABL1, source="here/variants.csv")
    assert [(row.line, row.text, row.variant and row.variant.name, row.reason)
            for row in reading.rows] == [
        (2, "p.Thr315Ile", "T315I", None),
        (4, "W26*", None, VariantReason.STOP),
        (6, "", None, VariantReason.NOT_ANNOTATED),
        (7, "", None, VariantReason.UNREADABLE),
        (8, "p.E255K+p.Y253H", "Y253H+E255K", None),
        (9, "", None, VariantReason.UNREADABLE),
        (10, "", None, VariantReason.UNREADABLE),
    ]  # fmt: skip
    assert (reading.other_gene, reading.total) == (1, 8)
    assert reading.rows[4].transcript == "NP_005148.2"
    assert {row.source for row in reading.rows} == {"here/variants.csv"}
    assert "4 fields, the header 3" in reading.rows[3].message
    assert "SYN" not in repr(reading)


def test_the_first_column_that_says_something_counts(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(
        "gene,hgvsp,HGVSp_Short\nABL1,,p.T315I\nABL1,p.Glu255Lys,p.T315I\nABL1,-,.\n,EGFR:T790M,\n"
        "ABL1,CCDS35166.1:p.Tyr253His,\n"
    )
    reading = read_file(path, ABL1)
    assert [row.variant.name if row.variant else row.reason for row in reading.rows] == [
        "T315I", "E255K", VariantReason.NOT_ANNOTATED, "Y253H",
    ]  # fmt: skip
    assert reading.other_gene == 1


def test_what_may_be_a_patients_number_is_in_no_row(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    told = ("P00012 T315I", "P00012:T315I", "CCDS12345:p.T315I", "uc001aaa.1:p.T315I")
    path.write_text("variant\n" + "\n".join([*told, "P00519:T315I", "NP_005148.2:p.T315I"]))
    rows = read_file(path, ABL1).rows
    assert [row.transcript for row in rows] == [*[""] * 5, "NP_005148.2"]
    assert {row.variant and row.variant.name for row in rows} == {"T315I"}
    # but where the sequence itself is called so
    rows = read_file(path, Wanted("ABL1", PROTEIN)).rows
    assert [row.transcript for row in rows] == [*[""] * 4, "P00519", "NP_005148.2"]


def test_the_class_of_a_maf_with_commas_counts(tmp_path: Path) -> None:
    path = tmp_path / "maf.csv"
    path.write_text("Hugo_Symbol,Variant_Classification,HGVSp_Short\nABL1,Splice_Site,p.T315I\n")
    (row,) = read_file(path, ABL1).rows
    assert row.reason is VariantReason.SPLICE


@pytest.mark.parametrize("separator", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("column", ["variant", "Mutation", "HGVSp", "protein_change"])
def test_separators_line_ends_and_names(
    tmp_path: Path, separator: str, end: str, column: str
) -> None:
    path = tmp_path / "table.txt"
    rows = [f"n{separator}{column}", f"1{separator}T315I", f"2{separator}p.Glu255Lys", ""]
    path.write_bytes(("\ufeff" + end.join(rows)).encode())
    assert [each.name for each in read_file(path, Wanted()).variants] == ["E255K", "T315I"]


def test_a_gzipped_table_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(gzip.compress(b"variant\nT315I\nE255K\n"))
    assert read_file(path, Wanted()).total == 2
    path.write_bytes(path.read_bytes()[:-12])
    with pytest.raises(UserError, match=r"table.csv.*(after line \d|cannot be read)"):
        read_file(path, Wanted())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "table.csv is empty; its first line must name the columns"),
        (b"\n\n", "is empty"),
        (
            b"T315I\nE255K\n",
            "table.csv: its first line must name the columns, one of them variant.* protein_change",
        ),
        (b"\xff\xfev\x00", "UTF-16 text: save it as UTF-8"),
        (b"gene,variant\nABL1,T315I\n", "line 2: the entry names a gene, and none is asked for"),
        (b"variant\nABL1:T315I\n", "line 2: the entry names a gene"),
        (b"variant," + b"x" * (1 << 20), "line 1: longer than"),
    ],
)
def test_files_that_cannot_be_read_as_a_whole(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    with pytest.raises(UserError, match=message):
        read_file(path, Wanted())


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no file .*nowhere.csv: variants are read from"):
        read_file(tmp_path / "nowhere.csv", Wanted())


def test_bytes_of_no_text_are_rows_with_reasons(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"variant,by\nT315I,M\xfcller\n\x00\x01,x\nE255K,\xf0\x9f\x98\x80\n")
    reading = read_file(path, Wanted())
    assert [row.reason for row in reading.rows] == [None, VariantReason.UNREADABLE, None]


def test_a_list(tmp_path: Path) -> None:
    reading = read_list(["T315I", "ABL1:p.Glu255Lys", "EGFR:T790M", "p.?"], ABL1)
    assert [row.reason for row in reading.rows] == [
        None, None, VariantReason.OTHER_GENE, VariantReason.UNCERTAIN,
    ]  # fmt: skip
    assert {(row.source, row.line) for row in reading.rows} == {(FROM_LIST, 0)}
    assert reading.rows[2].message == "of EGFR, and variants.gene is ABL1"
    path = tmp_path / "more.csv"
    path.write_text("variant\nT315I\n")
    both = read_variants(["T315I"], [("more.csv", path)], ABL1)
    assert both.total == 2
    assert len(both.variants) == 1


def test_a_variant_of_another_residue_shows_the_sequence() -> None:
    wanted = Wanted("ABL1", PROTEIN)
    right, wrong = change(100), change(100).replace("100", "101")
    assert PROTEIN.at(100) != PROTEIN.at(101)
    rows = read_list([right, wrong, "W999A"], wanted).rows
    assert [row.reason for row in rows] == [
        None, VariantReason.OTHER_RESIDUE, VariantReason.OUTSIDE_SEQUENCE,
    ]  # fmt: skip
    around = f"96 {LETTERS[95:100]}[{LETTERS[100]}]{LETTERS[101:106]} 106"
    assert f"P00519 has {LETTERS[100]} at 101 ({around})" in rows[1].message
    assert rows[2].message == "W999A: P00519 has residues 1 to 400"


def test_a_shift_that_all_of_a_file_have_is_told(tmp_path: Path) -> None:
    shift = 19
    shifted = Sequence("1b", "W" * shift + LETTERS)
    texts = [change(number).replace(str(number), str(number + shift)) for number in range(50, 60)]
    path = tmp_path / "isoform.csv"
    path.write_text("\n".join(["variant", *texts]))
    reading = read_file(path, Wanted("ABL1", PROTEIN))
    disagreeing = [row for row in reading.rows if row.reason is VariantReason.OTHER_RESIDUE]
    assert len(disagreeing) > 5
    (note,) = reading.notes
    assert "moved by -19" in note
    assert not read_file(path, Wanted("ABL1", shifted)).notes
