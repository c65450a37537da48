"""Which residues of a structure a sequence's numbers mean, and where the two disagree.

A structure counts as numbered by the sequence where nine in ten of a chain's residues are those
that the sequence has at their numbers. Where they are not and the chain aligns all the same, its
numbers are shifted, which is an error until the config says by how much: nothing is mutated by a
guess.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import Literal, NamedTuple

import gemmi

from screenmm.core.errors import ReceptorError
from screenmm.variants.changes import LETTERS, Substitution, Unusable, Variant, VariantReason
from screenmm.variants.sequence import Sequence

ALIGNMENT: Literal["alignment"] = "alignment"
"""In place of an offset: residues are numbered as they align."""

Offset = int | Literal["alignment"] | None

SAME_PROTEIN = 0.9
"""Least share of a chain's aligned residues that are the sequence's."""
LEAST_ALIGNED = 0.4
"""Least share of a chain that must align, or of the sequence where the chain is longer."""
FEWEST_ALIGNED = 15
"""Residues that must align, or the whole sequence: short peptides align anywhere."""
COLUMNS = 60
ANCHOR = 3
"""Residues in a row that agree, from which a chain's ends count as aligned."""
NAMED = 5


class StructureResidue(NamedTuple):
    """A residue of a structure.

    Parameters
    ----------
    chain : str
    number : int
    icode : str
        Insertion code; empty where there is none.
    letter : str
        One-letter code of the amino acid or of its parent; X where it has none.
    """

    chain: str
    number: int
    icode: str
    letter: str

    def __str__(self) -> str:
        return f"{self.chain}:{self.letter}{self.number}{self.icode}"


class Disagreement(NamedTuple):
    """A residue of the structure that is not the sequence's.

    Parameters
    ----------
    number : int
        In the sequence.
    expected : str
        The sequence's letter.
    residue : StructureResidue
    """

    number: int
    expected: str
    residue: StructureResidue

    def __str__(self) -> str:
        return f"{self.expected}{self.number}{self.residue.letter} (chain {self.residue.chain})"


@dataclass(frozen=True)
class Numbering:
    """Residues of a structure by the sequence's numbers.

    Parameters
    ----------
    sequence : Sequence or None
        None: the structure's own numbers.
    places : mapping of int to tuple of StructureResidue
        One residue of each chain that is the protein.
    disagreements : tuple of Disagreement
        The construct's own mutations.
    tags : tuple of StructureResidue
        Residues of the protein's chains that the sequence does not have.
    warnings : tuple of str
    """

    sequence: Sequence | None
    places: Mapping[int, tuple[StructureResidue, ...]]
    disagreements: tuple[Disagreement, ...] = ()
    tags: tuple[StructureResidue, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def chains(self) -> tuple[str, ...]:
        """Chains that are the protein, in the structure's order."""
        return tuple(dict.fromkeys(each.chain for those in self.places.values() for each in those))


class Located(NamedTuple):
    """A substitution, and the residues of the structure that it changes."""

    substitution: Substitution
    residues: tuple[StructureResidue, ...]


@dataclass(frozen=True)
class _Aligned:
    """A chain beside the sequence: the number of each residue; None where it has none."""

    residues: tuple[StructureResidue, ...]
    numbers: tuple[int | None, ...]
    sequence: Sequence

    @property
    def pairs(self) -> list[tuple[int, StructureResidue]]:
        return [
            (number, residue)
            for number, residue in zip(self.numbers, self.residues, strict=True)
            if number is not None
        ]

    @property
    def identity(self) -> float:
        """Share of the aligned residues that are the sequence's; 0 where too few align."""
        known = [pair for pair in self.pairs if pair[1].letter in LETTERS]
        share = LEAST_ALIGNED * min(len(self.residues), len(self.sequence))
        enough = max(share, min(FEWEST_ALIGNED, len(self.sequence)))
        if not known or len(known) < enough:
            return 0.0
        agree = sum(self.sequence.at(number) == residue.letter for number, residue in known)
        return agree / len(known)

    @property
    def offsets(self) -> Counter[int]:
        """How far the structure's numbers are from the sequence's, and how often."""
        return Counter(
            residue.number - number for number, residue in self.pairs if not residue.icode
        )


def number_structure(
    residues: Iterable[StructureResidue],
    sequence: Sequence | None,
    *,
    offset: Offset = None,
    name: str = "the structure",
) -> Numbering:
    """Find the residues of a structure that a sequence's numbers mean.

    Parameters
    ----------
    residues : iterable of StructureResidue
        The amino acids of all chains, in the order of the chains.
    sequence : Sequence or None
        None: the structure's own numbers count.
    offset : int or "alignment" or None
        The structure's number less the sequence's, where they are known to differ; "alignment":
        whatever aligns. None: they must be the same.
    name : str
        What to call the structure in messages.

    Raises
    ------
    ReceptorError
        The structure is not of the sequence, or its numbers are shifted against it; the message
        shows the alignment.
    """
    by_chain: dict[str, list[StructureResidue]] = {}
    for residue in residues:
        by_chain.setdefault(residue.chain, []).append(residue)
    chains = [*map(tuple, by_chain.values())]
    if sequence is None:
        return _own(chains)
    if offset == ALIGNMENT:
        made = [_align(chain, sequence) for chain in chains]
        ours = [each for each in made if each.identity >= SAME_PROTEIN]
    else:
        made = [_by_number(chain, sequence, offset or 0) for chain in chains]
        ours = [each for each in made if each.identity >= SAME_PROTEIN]
        others = [_align(e.residues, sequence) for e in made if e.identity < SAME_PROTEIN]
        shifted = [each for each in others if each.identity >= SAME_PROTEIN]
        if shifted:
            raise ReceptorError(_shifted(shifted, offset or 0, name, is_mixed=bool(ours)))
    if not ours:
        raise ReceptorError(_other_protein(chains, sequence, name))
    return _numbering(ours, sequence)


def locate(
    numbering: Numbering, variant: Variant, name: str = "the structure"
) -> tuple[Located, ...] | Unusable:
    """Find the residues of a structure that a variant changes, or why it changes none.

    Parameters
    ----------
    numbering : Numbering
    variant : Variant
    name : str
        What to call the structure in messages.

    Raises
    ------
    ReceptorError
        The structure's construct is itself mutated where the variant is.
    """
    found = []
    for each in variant.substitutions:
        there = numbering.places.get(each.number, ())
        if not there:
            return Unusable(
                VariantReason.OUTSIDE_STRUCTURE,
                f"{each}: {name} has no residue {each.number}{_has(numbering)}",
            )
        wild = tuple(residue for residue in there if residue.letter == each.wild)
        strange = [residue for residue in there if residue.letter != each.wild]
        if numbering.sequence is None and not wild:
            told = f"{each}: {name} has {' and '.join(map(str, there))} there"
            return Unusable(VariantReason.OTHER_RESIDUE, told)
        if numbering.sequence is None and not _are_one_protein(numbering, wild):
            raise ReceptorError(
                f"{each}: {name} has {' and '.join(map(str, wild))}, of different proteins: give "
                "the sequence of the one that is meant (variants.sequence), or its chains alone "
                "(receptors.<name>.chains)"
            )
        if numbering.sequence is not None and strange:
            told = _own_mutation(each, strange[0], numbering, numbering.sequence, name)
            raise ReceptorError(told)
        found.append(Located(each, wild))
    return tuple(found)


# --- the structure's own numbers, and given ones -----------------------------------------


def _own(chains: Several[tuple[StructureResidue, ...]]) -> Numbering:
    places: dict[int, tuple[StructureResidue, ...]] = {}
    for residue in itertools.chain.from_iterable(chains):
        if not residue.icode:
            places[residue.number] = (*places.get(residue.number, ()), residue)
    return Numbering(None, places)


def _by_number(chain: tuple[StructureResidue, ...], sequence: Sequence, offset: int) -> _Aligned:
    numbers = tuple(
        each.number - offset if not each.icode and sequence.at(each.number - offset) else None
        for each in chain
    )
    return _Aligned(chain, numbers, sequence)


def _numbering(ours: Several[_Aligned], sequence: Sequence) -> Numbering:
    places: dict[int, tuple[StructureResidue, ...]] = {}
    for number, residue in sorted(pair for each in ours for pair in each.pairs):
        places[number] = (*places.get(number, ()), residue)
    disagreements = tuple(
        Disagreement(number, sequence.at(number), residue)
        for each in ours
        for number, residue in each.pairs
        if residue.letter != sequence.at(number)
    )
    tags = tuple(
        residue
        for each in ours
        for number, residue in zip(each.numbers, each.residues, strict=True)
        if number is None
    )
    return Numbering(
        sequence, places, disagreements, tags, tuple(_warnings(disagreements, tags, sequence))
    )


def _warnings(
    disagreements: Several[Disagreement], tags: Several[StructureResidue], sequence: Sequence
) -> Iterable[str]:
    if disagreements:
        yield (
            f"the structure differs from {sequence.name} in {_some(disagreements)}: a construct's "
            "own mutations, which every variant of it has, too"
        )
    if tags:
        yield f"{_some(tags)} of the structure are not in {sequence.name}: a tag or an insertion"


def _some(things: Several[object]) -> str:
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(map(str, things[:NAMED])) + more


# --- by alignment ------------------------------------------------------------------------


def _align(chain: tuple[StructureResidue, ...], sequence: Sequence) -> _Aligned:
    """Align a chain: gaps of the chain stand where its numbers jump, and cost nothing there."""
    scoring = gemmi.AlignmentScoring()
    scoring.match, scoring.mismatch = 2, -2
    scoring.gapo, scoring.gape = -10, 0
    scoring.good_gapo, scoring.bad_gapo = 0, -10
    gaps = [0, *(0 if _is_break(*two) else -10 for two in itertools.pairwise(chain)), 0]
    letters = [each.letter for each in chain]
    found = gemmi.align_string_sequences(list(sequence.letters), letters, gaps, scoring)
    numbers: list[int | None] = []
    at = 0
    for length, kind in _operations(found.cigar_str()):
        if kind == "M":
            numbers += range(at + 1, at + length + 1)
        if kind == "D":
            numbers += [None] * length
        if kind in "MI":
            at += length
    return _Aligned(chain, _without_loose_ends(numbers, letters, sequence), sequence)


def _is_break(one: StructureResidue, other: StructureResidue) -> bool:
    return other.number - one.number > 1


def _operations(cigar: str) -> Iterable[tuple[int, str]]:
    digits = ""
    for character in cigar:
        if character.isdigit():
            digits += character
        else:
            yield int(digits), character
            digits = ""


def _without_loose_ends(
    numbers: Several[int | None], letters: Several[str], sequence: Sequence
) -> tuple[int | None, ...]:
    """Take off the ends up to the first and last residues that agree in a row."""
    agree = [
        number is not None and sequence.at(number) == letter
        for number, letter in zip(numbers, letters, strict=True)
    ]
    anchored = [at for at in range(len(agree)) if all(agree[at : at + ANCHOR])]
    anchored = [at for at in anchored if at + ANCHOR <= len(agree)]
    if not anchored:
        return (None,) * len(numbers)
    kept = range(anchored[0], anchored[-1] + ANCHOR)
    return tuple(number if at in kept else None for at, number in enumerate(numbers))


# --- messages ----------------------------------------------------------------------------


def _shifted(shifted: Several[_Aligned], offset: int, name: str, *, is_mixed: bool) -> str:
    aligned = shifted[0]
    sequence, chain = aligned.sequence, aligned.residues[0].chain
    offsets = aligned.offsets
    most, count = offsets.most_common(1)[0]
    odd = next(number for number, residue in aligned.pairs if residue.number - number != offset)
    is_one = count >= SAME_PROTEIN * offsets.total()
    told = (
        f"shifted against {sequence.name} by {most:+d}"
        if is_one
        else f"not those of {sequence.name} by any one shift"
    )
    is_mixed |= any(each.offsets.most_common(1)[0][0] != most for each in shifted)
    remedy = f"variants.offset: {most if is_one and not is_mixed else ALIGNMENT}"
    given = f" (variants.offset is {offset})" if offset else ""
    return (
        f"the numbers of {name}, chain {chain}, are {told}{given}:\n{_shown(aligned, odd)}\n"
        f"If the sequence is the one that the variants are numbered by, set {remedy}; else give "
        "the sequence of that isoform (variants.sequence)"
    )


def _other_protein(
    chains: Several[tuple[StructureResidue, ...]], sequence: Sequence, name: str
) -> str:
    aligned = [_align(chain, sequence) for chain in chains]
    best = max(aligned, key=lambda each: each.identity, default=None)
    if best is None or not best.identity:
        return (
            f"no chain of {name} is the protein of {sequence.name} ({len(sequence)} residues): "
            "give the sequence of the structure's protein (variants.sequence)"
        )
    odd = next(n for n, residue in best.pairs if residue.letter != sequence.at(n))
    return (
        f"the chain of {name} that is most like {sequence.name}, {best.residues[0].chain}, has "
        f"{best.identity:.0%} of its residues, and {SAME_PROTEIN:.0%} are needed:\n"
        f"{_shown(best, odd)}\n"
        "It is of another species or a related protein: give its own sequence "
        "(variants.sequence)"
    )


def _are_one_protein(numbering: Numbering, residues: Several[StructureResidue]) -> bool:
    """Whether the chains of residues have the same residues at the same numbers."""
    letters: dict[str, dict[int, str]] = {each.chain: {} for each in residues}
    for number, there in numbering.places.items():
        for residue in there:
            if residue.chain in letters:
                letters[residue.chain][number] = residue.letter
    first, *others = letters.values()
    for other in others:
        shared = first.keys() & other.keys()
        if sum(first[n] == other[n] for n in shared) < SAME_PROTEIN * len(shared):
            return False
    return True


def _own_mutation(
    change: Substitution,
    residue: StructureResidue,
    numbering: Numbering,
    sequence: Sequence,
    name: str,
) -> str:
    around = range(change.number - COLUMNS // 2, change.number + COLUMNS // 2)
    pairs = [
        (each, number)
        for number in around
        for each in numbering.places.get(number, ())
        if each.chain == residue.chain
    ]
    aligned = _Aligned(
        tuple(each for each, _ in pairs), tuple(number for _, number in pairs), sequence
    )
    what = (
        "This is a structure of the variant: give one of the wild type"
        if residue.letter == change.mutant
        else "The construct is mutated there: give another structure, or take the variant out"
    )
    return (
        f"{change}: {name} has {residue} where {sequence.name} has {change.wild}:\n"
        f"{_shown(aligned, change.number)}\n{what}"
    )


def _has(numbering: Numbering) -> str:
    if not numbering.places:
        return ""
    return f" (it begins with {min(numbering.places)}, ends with {max(numbering.places)})"


def _shown(aligned: _Aligned, number: int) -> str:
    """Alignment around a residue of the sequence, in some 60 columns."""
    sequence = aligned.sequence
    first = max(1, min(number - COLUMNS // 3, len(sequence) - COLUMNS + 1))
    numbers = range(first, min(first + COLUMNS, len(sequence) + 1))
    beside = {n: residue for n, residue in aligned.pairs if n in numbers}
    above = "".join(map(sequence.at, numbers))
    below = "".join(beside[n].letter if n in beside else "-" for n in numbers)
    pairs = zip(above, below, strict=True)
    marks = "".join("|" if a == b else " " if b == "-" else "*" for a, b in pairs)
    ends = [f"{beside[n].number}{beside[n].icode}" for n in numbers if n in beside]
    titles = sequence.name, f"chain {aligned.residues[0].chain}"
    left = str(numbers[0]), ends[0] if ends else ""
    right = str(numbers[-1]), ends[-1] if ends else ""
    wide, deep = max(map(len, titles)), max(map(len, left))
    rows = [
        f"  {titles[row]:{wide}} {left[row]:>{deep}} {text} {right[row]}"
        for row, text in enumerate((above, below))
    ]
    return "\n".join([rows[0], f"  {'':{wide}} {'':{deep}} {marks}".rstrip(), rows[1]])
