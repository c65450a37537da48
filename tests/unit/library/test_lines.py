"""Lines and records, counted by Python's own universal newlines and by hand."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from screenmm.config.settings import Library
from screenmm.core.errors import LibraryError
from screenmm.library import lines as module
from screenmm.library.lines import LongLine, read_lines
from screenmm.library.readers import Entry, Seen, read_library_file


def lines_of(folder: Path, data: bytes, name: str = "a.txt") -> list[str]:
    path = folder / name
    path.write_bytes(data)
    return list(read_lines(path))


def records_of(folder: Path, name: str, data: bytes, **keys: str) -> list[Entry]:
    path = folder / name
    path.write_bytes(data)
    settings = Library(files=[path], **keys)
    return list(read_library_file(settings.files[0], settings, Seen()))


def read(entries: list[Entry]) -> list[tuple[str, str]]:
    assert not [each for each in entries if each.message]
    return [(each.structure, each.name) for each in entries]


@pytest.mark.parametrize(
    "data",
    [b"a\rb\rc\r", b"a\r\nb\rc\n", b"a\rb\nc", b"a\n\nb\r\n\r\nc", b"\r\ra\r", b"\n", b"", b"a"],
)
def test_ends_are_those_that_python_knows(tmp_path: Path, data: bytes) -> None:
    told = io.TextIOWrapper(io.BytesIO(data), newline=None).read().split("\n")
    assert lines_of(tmp_path, data) == (told if told[-1] else told[:-1])


def test_an_end_that_was_converted_twice_is_one(tmp_path: Path) -> None:
    assert lines_of(tmp_path, b"a\r\r\nb\r\r\n") == ["a", "b"]


@pytest.mark.parametrize("mark", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_other_marks_end_no_line(tmp_path: Path, mark: str) -> None:
    entries = records_of(tmp_path, "a.smi", f"CCO an{mark}other\nCCN b\n".encode())
    assert read(entries) == [("CCO", "an other"), ("CCN", "b")]


def test_marks_of_order_and_of_the_end_are_no_text(tmp_path: Path) -> None:
    joined = b"\xef\xbb\xbfCCO a\r\n\xef\xbb\xbfCCN b\r\n\x1a"
    assert lines_of(tmp_path, joined) == ["CCO a", "CCN b"]
    assert lines_of(tmp_path, b"CCO a\x1a") == ["CCO a"]
    assert lines_of(tmp_path, b"\xef\xbb\xbf") == []
    assert read(records_of(tmp_path, "a.smi", b"CCO a\r\n\x1a\r\n")) == [("CCO", "a")]
    with pytest.raises(LibraryError, match="UTF-16 text: save it as UTF-8"):
        lines_of(tmp_path, "CCO".encode("utf-16"))


def test_a_gzip_file_may_have_members_and_any_case(tmp_path: Path) -> None:
    data = gzip.compress(b"CCO a\r") + gzip.compress(b"\nCCN b\rCCC") + gzip.compress(b"C c")
    entries = records_of(tmp_path, "A.SMI.GZ", data)
    assert read(entries) == [("CCO", "a"), ("CCN", "b"), ("CCCC", "c")]
    with pytest.raises(LibraryError, match="not a gzip file, or not to its end"):
        lines_of(tmp_path, gzip.compress(b"CCO a\nCCN b\n") + b"junk", "b.gz")


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
@pytest.mark.parametrize("chunk", [1, 7, 16])
def test_a_long_line_is_cut_and_measured_whatever_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: bytes, chunk: int
) -> None:
    monkeypatch.setattr(module, "MAX_LINE", 20)
    monkeypatch.setattr(module, "SHOWN", 5)
    monkeypatch.setattr(module, "_CHUNK", chunk)
    texts = [b"x" * 20, b"abcdefgh" * 10, b"", b"y" * 21, b"z"]
    found = lines_of(tmp_path, end.join(texts))
    assert found == ["x" * 20, "abcde", "", "yyyyy", "z"]
    assert [each.length for each in found if isinstance(each, LongLine)] == [80, 21]


MOLECULES = [("CCO", "a"), ("CCN", "b")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.smi", "SMILES Name\nCCO a\nCCN b\n"),
        ("a.smi", "smi\tid\nCCO\ta\nCCN\tb"),
        ("a.smi", "smiles,id\nCCO,a\nCCN,b\n"),
        ("a.smi", '"SMILES";"name"\n"CCO";"a"\nCCN;b\n'),
        ("a.smi", "ID\tSMILES\na\tCCO\nb\tCCN\n"),
        ("a.smi", "Compound_ID SMILES\na CCO\nb CCN\n"),
        ("a.smi", "# made today\nSMILES\tName\tActive\nCCO\ta\t1\nCCN\tb\t0\n"),
        ("a.smi", "CCO,a\nCCN;b\n"),
        ("a.smi", "sep=;\nsmiles;name\nCCO;a\nCCN;b\n"),
        ("a.smi", ",smiles,compound\n0,CCO,a\n1,CCN,b\n"),
        ("a.smi", "No.;Compound;SMILES\n1;a;CCO\n2;b;CCN\n"),
        ("a.smi", "smiles\tstandard_value\tmolecule_chembl_id\nCCO\t1.0\ta\nCCN\t2.0\tb\n"),
        ("a.csv", "smiles;name\nCCO;a\nCCN;b\n"),
        ("a.csv", "sep=|\nsmiles|name\nCCO|a\nCCN|b\n\n\n"),
        ("a.csv", "\nname\tsmiles\na\tCCO\nb\tCCN\n"),
        ("a.tsv", "smiles,name\nCCO,a\nCCN,b\n"),
        ("a.csv", '"a, ""quoted""\n column",smiles,name\nx,CCO,a\n"two\nlines",CCN,b\n'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_headers_and_separators_are_found(tmp_path: Path, name: str, text: str, end: str) -> None:
    assert read(records_of(tmp_path, name, text.replace("\n", end).encode())) == MOLECULES


def test_a_first_molecule_that_is_named_like_a_header_is_kept(tmp_path: Path) -> None:
    assert read(records_of(tmp_path, "a.smi", b"CCO SMILES\nCCN smi\n")) == [
        ("CCO", "SMILES"), ("CCN", "smi"),
    ]  # fmt: skip


def test_a_cxsmiles_before_a_comma_leaves_the_name(tmp_path: Path) -> None:
    assert read(records_of(tmp_path, "a.smi", b"C[C@H](O)N |o1:1|,a\n")) == [
        ("C[C@H](O)N |o1:1|", "a")
    ]


def test_a_smi_file_with_a_header_may_have_labels(tmp_path: Path) -> None:
    text = b"smiles\tname\tactive\nCCO\ta\t1\n"
    (entry,) = records_of(tmp_path, "a.smi", text, label_column="active", id_column="code")
    assert (entry.position, entry.name, entry.label) == (2, "a", "1")


BLOCK = (
    "{}\n  made\n by\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
    "    0.0000    0.0000    0.0000 C   0  0\nM  END\n"
)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["$$$$\n", "$$$$  \n\n\x1a", "$$$$", ""])
def test_sdf_records_end_in_any_way(tmp_path: Path, end: str, last: str) -> None:
    text = BLOCK.format("a") + "> <x>\n1\n\n$$$$ \t\n" + BLOCK.format("b\x0cc") + last
    entries = records_of(tmp_path, "a.sdf", text.replace("\n", end).encode())
    assert [(each.kind, each.name) for each in entries] == [("molblock", "a"), ("molblock", "b c")]


def test_an_open_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    rows = ['"open,CCO', *(f"m{number},CCN" for number in range(200))]
    entries = records_of(tmp_path, "a.csv", "\n".join(["name,smiles", *rows]).encode())
    assert [each.message for each in entries[:2]] == ["the quotes do not match", ""]
    assert [each.name for each in entries[1:]] == [f"m{number}" for number in range(200)]
