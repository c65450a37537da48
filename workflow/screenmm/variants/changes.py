"""What a variant is, and why an entry of a file is none that can be modelled."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

LETTERS = frozenset("ACDEFGHIKLMNPQRSTVWY")
"""One-letter codes of the amino acids that can be modelled."""

_NAME = re.compile(r"([A-Z])([0-9]+)([A-Z])")

FROM_LIST = "list"
"""Source of a row that the config itself lists."""


class VariantReason(StrEnum):
    """Typed reasons: why an entry is no variant that can be modelled."""

    SYNONYMOUS = "synonymous"
    FRAMESHIFT = "frameshift"
    STOP = "stop"
    INDEL = "indel"
    SPLICE = "splice"
    START_LOST = "start_lost"
    EXTENSION = "extension"
    NO_PROTEIN = "no_protein"
    NO_PROTEIN_CHANGE = "no_protein_change"
    COMBINED = "combined"
    UNCERTAIN = "uncertain"
    CONFLICTING = "conflicting"
    UNREADABLE = "unreadable"
    NOT_ANNOTATED = "not_annotated"
    NOT_CALLED = "not_called"
    OTHER_GENE = "other_gene"
    OTHER_RESIDUE = "other_residue"
    OUTSIDE_SEQUENCE = "outside_sequence"
    OUTSIDE_STRUCTURE = "outside_structure"
    FAR_FROM_POCKET = "far_from_pocket"
    NOT_MODELLED = "not_modelled"


class Unusable(NamedTuple):
    """Why an entry is no variant that can be modelled, typed and in words."""

    reason: VariantReason
    message: str


class Substitution(NamedTuple):
    """One residue for another.

    Parameters
    ----------
    wild : str
        One-letter code of the residue that the wild type has.
    number : int
        Its number in the sequence.
    mutant : str
        One-letter code of the residue that the variant has.
    """

    wild: str
    number: int
    mutant: str

    def __str__(self) -> str:
        return f"{self.wild}{self.number}{self.mutant}"


def conflict(substitutions: Iterable[Substitution]) -> tuple[Substitution, Substitution] | None:
    """Give two different changes of one residue; None where there are none.

    Parameters
    ----------
    substitutions : iterable of Substitution
    """
    ordered = sorted(set(substitutions), key=lambda each: each.number)
    pairs = itertools.pairwise(ordered)
    return next((pair for pair in pairs if pair[0].number == pair[1].number), None)


@dataclass(frozen=True)
class Variant:
    """A protein that differs from the wild type in one residue or several.

    Parameters
    ----------
    substitutions : tuple of Substitution
        Given in any order, kept by number, each once.

    Raises
    ------
    ValueError
        There is none, two change one residue, or one changes nothing or is of no amino acid.
    """

    substitutions: tuple[Substitution, ...]

    def __post_init__(self) -> None:
        ordered = tuple(sorted(set(self.substitutions), key=lambda each: each.number))
        if not ordered:
            raise ValueError("a variant has at least one substitution")
        if two := conflict(ordered):
            raise ValueError(f"{two[0]} and {two[1]} change the same residue")
        for each in ordered:
            if each.wild == each.mutant or not {each.wild, each.mutant} <= LETTERS:
                raise ValueError(f"{each} is no substitution of one amino acid for another")
        object.__setattr__(self, "substitutions", ordered)

    @property
    def name(self) -> str:
        """The one name of the variant: ``Y253H+E255K``, by number."""
        return "+".join(map(str, self.substitutions))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The residues that change, by their numbers in the sequence."""
        return tuple(each.number for each in self.substitutions)

    def __str__(self) -> str:
        return self.name

    @classmethod
    def named(cls, name: str) -> Variant:
        """Give the variant of a name as :attr:`name` has it.

        Parameters
        ----------
        name : str
            ``T315I``, or ``Y253H+E255K`` in any order; what people write else is read by
            :mod:`screenmm.variants.hgvs`.

        Raises
        ------
        ValueError
            It is no such name.
        """
        parts = [_NAME.fullmatch(part) for part in name.split("+")]
        if not all(parts):
            raise ValueError(f"{name!r} names no variant: write for example Y253H+E255K")
        found = (part.groups() for part in parts if part)
        return cls(tuple(Substitution(wild, int(at), mutant) for wild, at, mutant in found))


@dataclass(frozen=True)
class Row:
    """One entry as read; nothing in it tells a patient, a sample or a place in the genome.

    Parameters
    ----------
    source : str
        The file as the config names it, or :data:`FROM_LIST`.
    line : int
        Line of the file, from 1; of a BCF file the record; 0 of the list.
    text : str
        The change as written, without what stands before it; empty where it was not made out
        in a file, since nobody knows what else it says.
    gene : str
    transcript : str
        Accession of the transcript or protein; empty where none is named.
    variant : Variant or None
        None where ``reason`` says why.
    reason : VariantReason or None
    message : str
        The reason in words.
    """

    source: str
    line: int
    text: str
    gene: str = ""
    transcript: str = ""
    variant: Variant | None = None
    reason: VariantReason | None = None
    message: str = ""


@dataclass(frozen=True)
class Reading:
    """Everything that was read; each entry is a row or counted.

    Parameters
    ----------
    rows : tuple of Row
        The gene's, in the order of the sources.
    other_gene : int
        Entries of other genes.
    not_annotated : int
        Entries of an annotated VCF that have no annotation at all.
    total : int
        All entries: of the list, rows of tables, alternative alleles of VCF records (a record
        that has several effects on the protein is as many entries).
    notes : tuple of str
        What the user should know of the files.
    """

    rows: tuple[Row, ...] = ()
    other_gene: int = 0
    not_annotated: int = 0
    total: int = 0
    notes: tuple[str, ...] = ()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """Every distinct variant, by the numbers of its residues."""
        found = {row.variant for row in self.rows if row.variant is not None}
        return tuple(sorted(found, key=lambda each: (each.numbers, each.name)))

    def __add__(self, other: Reading) -> Reading:
        return Reading(
            self.rows + other.rows,
            self.other_gene + other.other_gene,
            self.not_annotated + other.not_annotated,
            self.total + other.total,
            self.notes + other.notes,
        )
