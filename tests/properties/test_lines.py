"""Records in = records read, for every kind of line end, format, packing, header and mark."""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from screenmm.library import lines as module
from screenmm.library.lines import LongLine, read_lines
from screenmm.library.readers import Seen, read_library_file
from screenmm.settings import Library

SMILES = ("CCO", "c1ccccc1", "C[C@H](N)C(=O)O", "[Na+].[O-]C=O", "C/C=C/C", "CC#N")
ENDS = ("\n", "\r\n", "\r")
# beside letters: separators, quotes, and marks that look like ends of lines and are none
MARKS = "abÅ1 ,;'\"\t\x0b\x0c\x1c\x85\u2028\u2029\ufeff"
# a mark of order that begins a line is no part of the name
NAMES = st.text(MARKS, max_size=12).map(lambda name: re.sub(r"^[\s\ufeff]+", "", name).rstrip())
RECORDS = st.lists(st.tuples(st.sampled_from(SMILES), NAMES), min_size=1, max_size=12)


def cleaned(name: str) -> str:
    """The name that the ledger has: without controls, which categories tell."""
    kinds = {"Cc", "Zl", "Zp"}
    return "".join(" " if unicodedata.category(c) in kinds else c for c in name).strip()


def universal(data: bytes) -> list[str]:
    """Lines as Python's text files have them."""
    return io.TextIOWrapper(io.BytesIO(data), encoding="utf-8-sig", newline=None).read().split("\n")


@st.composite
def ended(draw: st.DrawFn, text: str) -> bytes:
    """A text whose lines end in one way or in a mixture."""
    choice = draw(st.sampled_from([*ENDS, "mixed"]))
    lines, ends = text.split("\n"), []
    for line in lines[:-1]:
        end = draw(st.sampled_from(ENDS)) if choice == "mixed" else choice
        # after CR an empty line that ends in LF would be one end with it
        ends.append(ends[-1] if ends and not line else end)
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + "".join(map(str.__add__, lines, [*ends, ""]))).encode()


@st.composite
def packed(draw: st.DrawFn, data: bytes) -> tuple[bytes, str]:
    """Bytes as they are, or gzipped in some members, and the suffix."""
    members = draw(st.integers(0, 3))
    if not members:
        return data, ""
    step = max(1, -(-len(data) // members))
    parts = [data[start : start + step] for start in range(0, max(1, len(data)), step)]
    return b"".join(map(gzip.compress, parts)), draw(st.sampled_from([".gz", ".GZ"]))


def read(data: bytes, name: str, **keys: str) -> list[tuple[str, str]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        settings = Library(files=[path], **keys)
        entries = list(read_library_file(settings.files[0], settings, Seen()))
    assert not [each for each in entries if each.message]
    return [(each.structure, each.name) for each in entries]


def expected(records: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(smiles, cleaned(name)) for smiles, name in records]


@given(st.data(), RECORDS)
def test_smi(data: st.DataObject, records: list[tuple[str, str]]) -> None:
    between = data.draw(st.sampled_from([" ", "\t"]))
    header = data.draw(st.sampled_from(["", "SMILES Name\n", "smiles\tid\n", "# comment\n"]))
    tail = data.draw(st.sampled_from(["", "\n", "\n\n\n", "\n\x1a", "\n \n\t\n"]))
    text = header + "\n".join(f"{smiles}{between}{name}" for smiles, name in records) + tail
    plain = data.draw(ended(text))
    whole, suffix = data.draw(packed(plain))
    found = read(whole, data.draw(st.sampled_from(["a.smi", "A.SMI"])) + suffix)
    # counted by Python's universal newlines
    counted = [line for line in universal(plain) if line.strip(" \t\x1a") and line[0] != "#"]
    assert len(found) == len(counted) - (header[:1].lower() == "s") == len(records)
    assert found == expected(records)


@given(st.data(), RECORDS)
def test_tables(data: st.DataObject, records: list[tuple[str, str]]) -> None:
    separator = data.draw(st.sampled_from(",;\t|"))
    form = data.draw(st.sampled_from(["a.csv", "a.TSV", "a.smi"]))
    # spreadsheets keep line ends within a cell
    comments = [data.draw(st.sampled_from(["", "x", "two\nlines", 'a "word"'])) for _ in records]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(["name", "smiles", "comment"])
    rows = zip(records, comments, strict=True)
    writer.writerows([name, smiles, comment] for (smiles, name), comment in rows)
    tail = data.draw(st.sampled_from(["", "\n\n", "\x1a"]))
    plain = data.draw(ended(text.getvalue() + tail))
    whole, suffix = data.draw(packed(plain))
    found = read(whole, form + suffix)
    # counted by Python's own reader of tables
    lines = "\n".join(universal(plain)).rstrip("\n\x1a")
    counted = list(csv.reader(io.StringIO(lines), delimiter=separator))
    assert len(found) == len(counted) - 1 == len(records)
    assert found == expected(records)


@given(st.data(), st.lists(NAMES, min_size=1, max_size=8))
def test_sdf(data: st.DataObject, names: list[str]) -> None:
    text = ""
    for name in names:
        text += f"{name}\n  made\n by\n  1  0  0  0  0  0  0  0  0  0999 V2000\n"
        text += "    0.0000    0.0000    0.0000 C   0  0\nM  END\n> <x>\n1\n\n"
        text += "$$$$" + data.draw(st.sampled_from(["", " ", "\t "])) + "\n"
    cut = data.draw(st.sampled_from(["", "$$$$", "last"]))
    text = text.rstrip().removesuffix("$$$$") if cut == "last" else text
    tail = data.draw(st.sampled_from(["", "\n\n", "\x1a"])) if cut != "last" else ""
    plain = data.draw(ended(text + tail))
    whole, suffix = data.draw(packed(plain))
    found = read(whole, "a.Sdf" + suffix)
    counted = sum(line.startswith("$$$$") for line in universal(plain)) + (cut == "last")
    assert len(found) == counted == len(names)
    assert [name for _, name in found] == [cleaned(name) for name in names]


BYTES = st.lists(
    st.sampled_from([b"a", b"bc", b"\r", b"\n", b"\r\n", b"\x1a", b"\xef\xbb\xbf", b"\xe9", b" "]),
    max_size=40,
).map(b"".join)


@given(BYTES, st.integers(1, 9))
def test_chunks_do_not_matter(data: bytes, chunk: int) -> None:
    def lines(chunk: int) -> list[tuple[str, int]]:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "a"
            path.write_bytes(data)
            kept = module._CHUNK, module.MAX_LINE, module.SHOWN
            module._CHUNK, module.MAX_LINE, module.SHOWN = chunk, 12, 4
            try:
                found = list(read_lines(path))
            finally:
                module._CHUNK, module.MAX_LINE, module.SHOWN = kept
        return [(each, each.length if isinstance(each, LongLine) else 0) for each in found]

    found = lines(chunk)
    assert found == lines(12)
    # nothing but ends and marks is left out
    size = sum(length or len(text.encode("latin-1", "replace")) for text, length in found)
    ends = sum(map(len, re.findall(rb"[\r\n]", data)))
    marks = data.count(b"\x1a") + 3 * data.count(b"\xef\xbb\xbf")
    assert len(data) - ends - marks <= size <= len(data) - ends
