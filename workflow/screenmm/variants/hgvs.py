"""Protein changes as people write them: HGVS by a parser of its grammar, and the shorthand."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from lark.exceptions import LarkError
from mutalyzer_hgvs_parser import to_model
from mutalyzer_hgvs_parser.exceptions import UnexpectedCharacter, UnexpectedEnd

from screenmm.core.errors import ConfigError
from screenmm.core.suggest import closest
from screenmm.variants.changes import (
    LETTERS,
    Substitution,
    Unusable,
    Variant,
    VariantReason,
    conflict,
)
from screenmm.variants.effects import TOLD

THREE = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V",
    "Sec": "U", "Ter": "*", "Xaa": "X",
}  # fmt: skip
"""Three-letter codes of HGVS."""

FORMS = "T315I, p.Thr315Ile, ABL1:p.T315I, E255K+Y253H, p.[Thr315Ile;Tyr253His]"
LONGEST = 300
"""Characters of the longest text that is taken for a change."""

NOTHING = frozenset(("", ".", "-", "na", "n/a", "nan", "none"))
"""How tables write that there is no value, in lower case."""

_LONG = r"(?:[NX][PMR]_\d+|ENS[A-Z]{0,4}[PTG]\d{6,}|LRG_\d+[pt]?\d*)(?:[.-]\d+)?"
ACCESSION = re.compile(_LONG)
"""Accession of RefSeq, Ensembl or LRG, its version with it: nothing else is written so."""

_ACCESSIONS = re.compile(
    # UniProt's own expression
    rf"{_LONG}|(?:[OPQ][0-9][A-Z0-9]{{3}}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{{2}}[0-9]){{1,2}}"
    # UCSC's
    r"|CCDS\d+|uc\d{3}[a-z]{3})(?:[.-]\d+)?"
)
_OF_GENE = re.compile(rf"(.+?)(?:_({_LONG})|-2\d\d)")
"""A gene's transcript by Ensembl's name of it (ABL1-201), or the gene before the accession."""

_PREFIX = re.compile(r"([^\s:+]+)\s*(?::\s*|\s)(.+)")
_WITH_GENE = re.compile(r"([^()]+)\(([^()]+)\)")
_DNA = re.compile(r"[cgnmr]\.", re.IGNORECASE)
_AA = "(?:" + "|".join([*THREE, *map(re.escape, sorted({*THREE.values()}))]) + ")"
_END = r"(?:(?:Ter|\*|X)?(?:\d+|\?)?)"
_LOOSE_FRAMESHIFT = re.compile(rf"\(?(?:{_AA}?\d+(?:_{_AA}?\d+)?|\?){_AA}*fs{_END}\)?")
_LOOSE_EXTENSION = re.compile(rf"\(?{_AA}\d+{_AA}*ext(?:-\d+|{_END})\)?")
_SPLICE = re.compile(rf"\(?(?:{_AA}?\d+(?:_{_AA}?\d+)?_)?splice\)?", re.IGNORECASE)
_UPPER = re.compile(r"\(?([A-Z]{3})(\d+)([A-Z]{3}|=)\)?")
_ALTERNATIVES = re.compile(r"\^|/|\(;\)")
_ONE_IN_BRACKETS = re.compile(r"\[(\([^][();,]+\))\]")
_TWO_COPIES = re.compile(r"\]\s*;\s*\[")
_LIKE_A_CHANGE = re.compile(r"([A-Za-z]+)\W*(\d+)\W*([A-Za-z]+|\*)")
_SHORT = re.compile(rf"({_AA})([1-9]\d*)({_AA})", re.ASCII)
_AND = re.compile(r"\s*[,;/&]\s*|\s+and\s+|\s+")


class Replacement(NamedTuple):
    """Neighbouring residues for as many others; between first and last HGVS names none."""

    start: int
    first: str
    last: str
    mutants: str


Effect = Substitution | Replacement | Unusable
"""What a change does."""


@dataclass(frozen=True)
class Change:
    """A protein change as written, made out or not.

    Parameters
    ----------
    text : str
        The change, without what stood before it.
    is_read : bool
        Whether all of the text was made out as a change of a protein.
    gene, reference : str
        What stood before it: a gene, and an accession.
    variant : Variant or None
        None where ``reason`` says why.
    reason : VariantReason or None
    message : str
    """

    text: str
    is_read: bool = True
    gene: str = ""
    reference: str = ""
    variant: Variant | None = None
    reason: VariantReason | None = None
    message: str = ""


def read_change(text: str, sequence: str = "") -> Change:
    """Make out a protein change; what cannot be made out is one with a reason.

    Parameters
    ----------
    text : str
        HGVS with or without what stands before it, or the shorthand.
    sequence : str
        The protein's, for the residues that HGVS does not name; may be empty.
    """
    written = " ".join(text.split()).strip("\"'")
    if written.lower() in NOTHING:
        return _unread(written, VariantReason.NOT_ANNOTATED, "no protein change is written")
    if len(written) > LONGEST:
        shown = f"{len(written)} characters are no change of a protein: at most {LONGEST}"
        return _unread("", VariantReason.UNREADABLE, shown)
    gene, reference, body = _split_prefix(written)
    if _DNA.match(body):
        told = "a change of DNA or RNA (c., g., n., m. or r.): the protein's (p.) is needed"
        return replace(_unread(body, VariantReason.NOT_ANNOTATED, told), gene=gene)
    parts = [_split_prefix(part.strip()) for part in body.split("+")]
    if {part[0] for part in parts} - {"", gene}:
        return _unread(body, VariantReason.UNREADABLE, "the changes are of several genes")
    if _SHORT.fullmatch(gene):
        return _unread(body, VariantReason.UNREADABLE, "two changes, without + between them")
    parsed = [_parse(part.removeprefix("p.").removeprefix("P.")) for *_, part in parts]
    effects = [effect for each in parsed for effect in each.effects]
    bare = "+".join(part for *_, part in parts)
    change = _resolve(bare, effects, sequence)
    is_read = all(each.is_read for each in parsed)
    return replace(change, is_read=is_read, gene=gene, reference=reference)


def listed_change(text: str, sequence: str = "") -> Change:
    """Make out a change that a person lists, who can be told what is meant instead.

    Parameters
    ----------
    text : str
        As in :func:`read_change`.
    sequence : str
        As there.

    Raises
    ------
    ConfigError
        It cannot be made out; the message has the closest form.
    """
    change = read_change(text, sequence)
    if change.reason not in (VariantReason.UNREADABLE, VariantReason.NOT_ANNOTATED):
        return change
    meant = closest_form(text)
    told = f"; is {meant} meant?" if meant else ""
    raise ConfigError(f"variant {text!r}: {change.message}{told} Forms that are read: {FORMS}")


def closest_form(text: str) -> str:
    """Give the change that a text may mean, in a form that is read; empty where none is near.

    Parameters
    ----------
    text : str
        As a person wrote it.
    """
    written = " ".join(text.split())
    *_, without_gene = _split_prefix(written)
    for body in (written, without_gene):
        for parts in (_AND.split(body), [body]):
            found = [_LIKE_A_CHANGE.fullmatch(part.removeprefix("p.")) for part in parts]
            meant = [_meant(*part.groups()) if part else "" for part in found]
            if all(meant):
                return "+".join(meant)
    return ""


def _meant(wild: str, number: str, mutant: str) -> str:
    letters = [_letter_meant(each) for each in (wild, mutant)]
    return f"{letters[0]}{number}{letters[1]}" if all(letters) else ""


def _letter_meant(code: str) -> str:
    if code.upper() in LETTERS or code == "*":
        return code.upper()
    near = closest(code, THREE, least=0.6) if len(code) > 1 else []
    return THREE[near[0]] if near else ""


def _unread(text: str, reason: VariantReason, message: str) -> Change:
    return Change(text, is_read=False, reason=reason, message=message)


def _split_prefix(text: str) -> tuple[str, str, str]:
    """Give the gene, the accession and the change of a text."""
    found = _PREFIX.fullmatch(text)
    if found is None or _DNA.match(text) or text.startswith(("p.", "[", "(")):
        return "", "", text
    prefix, body = found.groups()
    gene, reference, rest = _split_prefix(body) if ":" in body else ("", "", body)
    if _ACCESSIONS.fullmatch(prefix):
        return gene, prefix, rest
    both = _WITH_GENE.fullmatch(prefix)
    if both and _ACCESSIONS.fullmatch(both[1]):
        return both[2], both[1], rest
    if transcript := _OF_GENE.fullmatch(prefix):
        return transcript[1], transcript[2] or reference, rest
    return prefix, reference, rest


# --- one change --------------------------------------------------------------------------


class _Parsed(NamedTuple):
    """Effects of a text, and whether all of it was made out."""

    effects: tuple[Effect, ...]
    is_read: bool = True


def _unusable(reason: VariantReason, message: str, *, is_read: bool = True) -> _Parsed:
    return _Parsed((Unusable(reason, message),), is_read)


@lru_cache(maxsize=1 << 14)
def _parse(body: str) -> _Parsed:
    """Effects of a change without its ``p.``: first the grammar, then what only others write."""
    if single := _SHORT.fullmatch(body):
        # most changes: the grammar takes a hundred times as long to say the same
        wild, number, mutant = single.groups()
        letter = _letters(wild)
        return _Parsed((_replacement(int(number), 1, (letter, letter), _letters(mutant)),))
    if special := _outside_the_grammar(body):
        return special
    if (upper := _UPPER.fullmatch(body)) and {upper[1].title(), upper[3].title()} <= {*THREE, "="}:
        body = f"{upper[1].title()}{upper[2]}{upper[3].title()}"
    # the parser knows brackets around several changes alone
    if one := _ONE_IN_BRACKETS.fullmatch(body):
        body = one[1]
    # as COSMIC and cBioPortal write a replacement
    body = body.replace(">", "delins", 1)
    variants = _grammar(body)
    if variants is None:
        return _parse_loosely(body)
    if not variants:
        return _unusable(VariantReason.SYNONYMOUS, TOLD[VariantReason.SYNONYMOUS])
    return _Parsed(tuple(effect for each in variants for effect in _effects(each)))


def _outside_the_grammar(body: str) -> _Parsed | None:
    """What people write beside HGVS, or of it what the parser does not know."""
    if _SPLICE.fullmatch(body):
        return _unusable(VariantReason.SPLICE, TOLD[VariantReason.SPLICE])
    if _TWO_COPIES.search(body):
        told = "changes on two copies of the gene, so of two proteins: list each by itself"
        return _unusable(VariantReason.CONFLICTING, told, is_read=False)
    if _ALTERNATIVES.search(body):
        told = "alternatives, a mosaic, or changes of which nobody knows whether they go together"
        return _unusable(VariantReason.UNCERTAIN, told, is_read=False)
    return None


def _grammar(body: str) -> list[dict[str, Any]] | None:
    """Changes as the parser models them; None of what is not in its grammar."""
    if ":" in body:
        # it would allow whole descriptions inside
        return None
    try:
        variants: list[dict[str, Any]] = to_model(f"X:p.{body}")["variants"]
    except (UnexpectedCharacter, UnexpectedEnd, LarkError, RecursionError):
        return None
    return variants


def _parse_loosely(body: str) -> _Parsed:
    if _LOOSE_FRAMESHIFT.fullmatch(body):
        return _unusable(VariantReason.FRAMESHIFT, TOLD[VariantReason.FRAMESHIFT])
    if _LOOSE_EXTENSION.fullmatch(body):
        return _unusable(VariantReason.EXTENSION, TOLD[VariantReason.EXTENSION])
    return _unusable(
        VariantReason.UNREADABLE, "no change of a protein that can be made out", is_read=False
    )


def _told(reason: VariantReason) -> tuple[Effect, ...]:
    return (Unusable(reason, TOLD[reason]),)


_BY_KIND = {
    "equal": VariantReason.SYNONYMOUS,
    "frame_shift": VariantReason.FRAMESHIFT,
    "extension": VariantReason.EXTENSION,
    "deletion": VariantReason.INDEL,
    "duplication": VariantReason.INDEL,
    "insertion": VariantReason.INDEL,
    "repeat": VariantReason.INDEL,
}


def _effects(model: dict[str, Any]) -> tuple[Effect, ...]:
    """Effects of one change as the parser models it."""
    kind, location = model.get("type"), model["location"]
    start, end = (location.get(side, location) for side in ("start", "end"))
    inserted = model.get("inserted", [])
    if start.get("uncertain") or end.get("uncertain"):
        return _told(VariantReason.UNCERTAIN)
    if start["position"] == 0:
        return _told(VariantReason.NO_PROTEIN)
    if any(each.get("length", {}).get("uncertain") for each in inserted):
        is_start = start["position"] == 1
        return _told(VariantReason.START_LOST if is_start else VariantReason.UNCERTAIN)
    if kind in _BY_KIND:
        return _told(_BY_KIND[kind])
    if kind in ("substitution", "deletion_insertion"):
        return (_replaced(start, end, inserted),)
    told = "no residue is named that takes the place of the other one"
    return (Unusable(VariantReason.UNREADABLE, told),)


def _replaced(start: dict[str, Any], end: dict[str, Any], inserted: list[dict[str, Any]]) -> Effect:
    if any("sequence" not in each or "repeat_number" in each for each in inserted):
        return Unusable(VariantReason.INDEL, TOLD[VariantReason.INDEL])
    mutants = _letters("".join(each["sequence"] for each in inserted))
    first, last = (_letters(side.get("amino_acid", "")) for side in (start, end))
    length = end["position"] - start["position"] + 1
    if not first or not last:
        return Unusable(VariantReason.UNREADABLE, "the wild type's residue is not named")
    return _replacement(start["position"], length, (first, last), mutants)


def _replacement(start: int, length: int, ends: tuple[str, str], mutants: str) -> Effect:
    first, last = ends
    strange = sorted({first, last, *mutants} - LETTERS)
    reason = _reason_of(first, mutants, length, strange)
    if reason is None:
        return Replacement(start, first, last, mutants)
    if reason is VariantReason.UNCERTAIN:
        return Unusable(reason, "X is an unknown residue (a stop is written Ter or *)")
    if reason is VariantReason.NOT_MODELLED:
        return Unusable(reason, f"{strange[0]} is no amino acid that can be modelled")
    return Unusable(reason, TOLD[reason])


def _reason_of(first: str, mutants: str, length: int, strange: list[str]) -> VariantReason | None:
    """Why a replacement cannot be modelled; None where it can."""
    reasons = {
        VariantReason.SYNONYMOUS: first == mutants == "*",
        VariantReason.EXTENSION: first == "*",
        VariantReason.STOP: "*" in mutants,
        VariantReason.INDEL: length != len(mutants),
        VariantReason.UNCERTAIN: "X" in strange,
        VariantReason.NOT_MODELLED: bool(strange),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def _letters(codes: str) -> str:
    """One-letter codes of residues written with one letter or three."""
    found = re.findall(_AA, codes)
    return "".join(THREE.get(each, each) for each in found)


# --- all changes of a text ---------------------------------------------------------------


def _resolve(text: str, effects: list[Effect], sequence: str) -> Change:
    """Make one variant of all effects, or give the first reason why there is none."""
    resolved = [single for each in effects for single in _singles(each, sequence)]
    unusable = [each for each in resolved if isinstance(each, Unusable)]
    # one that stays as it is does not hinder the others
    hindering = [each for each in unusable if each.reason is not VariantReason.SYNONYMOUS]
    substitutions = [each for each in resolved if isinstance(each, Substitution)]
    if hindering or not substitutions:
        reason, message = (hindering or unusable)[0]
        return Change(text, reason=reason, message=message)
    if two := conflict(substitutions):
        told = f"{two[0]} and {two[1]} change the same residue"
        return Change(text, reason=VariantReason.CONFLICTING, message=told)
    if lost := next((each for each in substitutions if (each.wild, each.number) == ("M", 1)), None):
        return Change(text, reason=VariantReason.START_LOST, message=f"{lost}: the start is lost")
    return Change(text, variant=Variant(tuple(substitutions)))


def _singles(effect: Effect, sequence: str) -> list[Effect]:
    """Substitutions that a replacement is made of; other effects as they are."""
    if not isinstance(effect, Replacement):
        return [effect]
    start, first, last, mutants = effect
    end = start + len(mutants) - 1
    between = sequence[start : end - 1]
    if len(mutants) > 2 and len(between) != len(mutants) - 2:
        told = (
            f"residues {start} to {end} change, and only the first and the last are named: give "
            "the sequence (variants.sequence)"
        )
        return [Unusable(VariantReason.INDEL, told)]
    wild = first if len(mutants) == 1 else first + between + last
    pairs = zip(wild, range(start, end + 1), mutants, strict=True)
    found: list[Effect] = [Substitution(*each) for each in pairs if each[0] != each[2]]
    return found or [*_told(VariantReason.SYNONYMOUS)]
