from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from screenmm.core.errors import UserError
from screenmm.variants.changes import Substitution
from screenmm.variants.sequence import Sequence, common_shift, read_sequence, shown_around

from .made_up import LETTERS, PROTEIN, write_fasta


def test_a_uniprot_header_tells_accession_and_gene(tmp_path: Path) -> None:
    path = write_fasta(tmp_path / "P00519.fasta")
    assert read_sequence(path) == PROTEIN
    path.write_bytes(gzip.compress(path.read_bytes().replace(b"\n", b"\r\n")))
    assert read_sequence(path) == PROTEIN


def test_other_headers(tmp_path: Path) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(">NP_005148.2 tyrosine-protein kinase\n\nmkv\nLAX*\n")
    assert read_sequence(path) == Sequence("NP_005148.2", "MKVLAX")
    path.write_text(">sp|P00519-2|ABL1_HUMAN Isoform\nMKV\n")
    assert read_sequence(path).name == "P00519-2"
    path.write_text(">\nMKV\n")
    assert read_sequence(path).name == "a.fasta"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no sequence: fetch"),
        (">a\n", "holds no sequence"),
        ("MKV\n", "line 1: no FASTA, which begins with >"),
        (">a\nMKV\n>b\nMKV\n", "line 3: a second sequence; one is needed"),
        (">a\nMK1V\n", "line 2: '1' is no letter"),
        (">a\nMK*\nV\n", r"line 3: '\*' is no letter"),
        (">a\n" + "ACGT" * 10 + "\n", "holds DNA or RNA: the protein's sequence is needed"),
    ],
)
def test_what_is_no_protein_sequence(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "a.fasta"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_sequence(path)


def test_residues_around_one() -> None:
    sequence = Sequence("a", "MKVLAT")
    assert shown_around(sequence, 3, flank=2) == "1 MK[V]LA 5"
    assert shown_around(sequence, 1, flank=2) == "1 [M]KV 3"
    assert sequence.at(0) == sequence.at(7) == ""


def test_a_shift_is_told_only_where_it_is_the_only_one() -> None:
    there = [Substitution(LETTERS[n - 1], n + 19, "A") for n in range(50, 60)]
    assert common_shift(there, PROTEIN) == -19
    assert common_shift(there[:2], PROTEIN) is None
    assert common_shift([*there, Substitution("W", 5000, "A")], PROTEIN) is None
    assert (
        common_shift([Substitution("A", n, "V") for n in (1, 2, 3)], Sequence("a", "A" * 9)) is None
    )
