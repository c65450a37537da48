"""The sequence that numbers the residues, and whether a variant is one of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.changes import LETTERS, Substitution, Unusable, Variant, VariantReason
from screenmm.variants.text import numbered_lines

FEWEST_FOR_A_SHIFT = 3
"""Substitutions that must agree before a shift of their numbers is spoken of."""

_UNIPROT = re.compile(r"(?:sp|tr)\|(\w+(?:-\d+)?)\|")
_GENE = re.compile(r"\bGN=(\S+)")
_NUCLEOTIDES = frozenset("ACGTUN")


@dataclass(frozen=True)
class Sequence:
    """A protein's sequence.

    Parameters
    ----------
    name : str
        Accession, or the first word of the FASTA header.
    letters : str
        One-letter codes.
    gene : str
        As a UniProt header names it; empty where none is named.
    """

    name: str
    letters: str
    gene: str = ""

    def __len__(self) -> int:
        return len(self.letters)

    def at(self, number: int) -> str:
        """Letter of a residue, from 1; empty outside the sequence."""
        return self.letters[number - 1] if 0 < number <= len(self.letters) else ""


def read_sequence(path: Path) -> Sequence:
    """Read the one protein sequence of a FASTA file.

    Parameters
    ----------
    path : Path
        Plain or gzipped; a UniProt header tells the gene.

    Raises
    ------
    UserError
        The file holds no protein sequence or several, or letters of no amino acid.
    """
    header, letters = "", ""
    for number, line in numbered_lines(path):
        if line.startswith(">"):
            if header:
                raise UserError(
                    f"{path}, line {number}: a second sequence; one is needed, that of the gene's "
                    "protein: delete the others"
                )
            header = line
        elif line.strip():
            if not header:
                raise UserError(f"{path}, line {number}: no FASTA, which begins with > and a name")
            part = "".join(line.split()).upper()
            strange = sorted(set(part.rstrip("*")) - LETTERS - {"X", "U", "B", "Z"})
            if strange or letters.endswith("*"):
                raise UserError(
                    f"{path}, line {number}: {(strange or ['*'])[0]!r} is no letter of a protein's "
                    "sequence"
                )
            letters += part
    letters = letters.rstrip("*")
    if not letters:
        raise UserError(f"{path} holds no sequence: fetch the protein's FASTA, of UniProt say")
    if len(letters) > 30 and set(letters) <= _NUCLEOTIDES:
        raise UserError(f"{path} holds DNA or RNA: the protein's sequence is needed")
    entry, gene = _UNIPROT.search(header), _GENE.search(header)
    words = header.removeprefix(">").split()
    name = entry[1] if entry else words[0] if words else path.name
    return Sequence(name, letters, gene[1] if gene else "")


def disagreement(variant: Variant, sequence: Sequence) -> Unusable | None:
    """Why a variant is none of a sequence; None where it is one.

    Parameters
    ----------
    variant : Variant
    sequence : Sequence
    """
    for each in variant.substitutions:
        found = sequence.at(each.number)
        if not found:
            return Unusable(
                VariantReason.OUTSIDE_SEQUENCE,
                f"{each}: {sequence.name} has residues 1 to {len(sequence)}",
            )
        if found != each.wild:
            return Unusable(
                VariantReason.OTHER_RESIDUE,
                f"{each}: {sequence.name} has {found} at {each.number} "
                f"({shown_around(sequence, each.number)}): another isoform or numbering",
            )
    return None


def shown_around(sequence: Sequence, number: int, flank: int = 5) -> str:
    """Residues around one of a sequence, that one in brackets.

    Parameters
    ----------
    sequence : Sequence
    number : int
    flank : int
        Residues on either side.
    """
    first = max(number - flank, 1)
    before = sequence.letters[first - 1 : number - 1]
    behind = sequence.letters[number : number + flank]
    return f"{first} {before}[{sequence.at(number)}]{behind} {number + len(behind)}"


def common_shift(substitutions: Iterable[Substitution], sequence: Sequence) -> int | None:
    """How far all numbers must be moved for the wild residues to be the sequence's.

    Parameters
    ----------
    substitutions : iterable of Substitution
        Those that disagree with the sequence.
    sequence : Sequence

    Returns
    -------
    int or None
        What to add to the numbers; None where they are too few to tell, or no shift or several
        suit.
    """
    wanted = {(each.number, each.wild) for each in substitutions}
    if len(wanted) < FEWEST_FOR_A_SHIFT:
        return None
    lowest, highest = min(wanted)[0], max(wanted)[0]
    shifts = range(1 - lowest, len(sequence) - highest + 1)
    suiting = [
        shift
        for shift in shifts
        if all(sequence.at(number + shift) == wild for number, wild in wanted)
    ]
    return suiting[0] if len(suiting) == 1 else None
