"""A made-up protein and what of it the tests vary."""

from __future__ import annotations

import random
from pathlib import Path

from screenmm.variants.changes import Variant
from screenmm.variants.hgvs import read_change
from screenmm.variants.sequence import Sequence

_CHANCE = random.Random(5)
LETTERS = "M" + "".join(_CHANCE.choice("ACDEFGHIKLNPQRSTVWY") for _ in range(399))
PROTEIN = Sequence("P00519", LETTERS, "ABL1")


def other(letter: str) -> str:
    return "A" if letter != "A" else "V"


def change(number: int) -> str:
    """The change of a residue of the protein to alanine, or of alanine to valine."""
    return f"{PROTEIN.at(number)}{number}{other(PROTEIN.at(number))}"


def variant(text: str) -> Variant:
    found = read_change(text, LETTERS).variant
    assert found is not None
    return found


def write_fasta(path: Path) -> Path:
    lines = "\n".join(LETTERS[at : at + 60] for at in range(0, len(LETTERS), 60))
    path.write_text(f">sp|P00519|ABL1_HUMAN Tyrosine-protein kinase GN=ABL1 PE=1\n{lines}\n")
    return path
