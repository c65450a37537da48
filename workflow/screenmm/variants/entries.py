"""What is looked for in files of variants, and one entry of a file made into a row."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, Variant, VariantReason
from screenmm.variants.effects import GRAVE, TOLD
from screenmm.variants.hgvs import ACCESSION, NOTHING, Change, read_change
from screenmm.variants.sequence import Sequence, disagreement

SHOWN = 60
"""Characters of a change that a row keeps."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for in files of variants.

    Parameters
    ----------
    gene : str
        Symbol; may be empty for files that name no gene.
    sequence : Sequence or None
        The protein's, to which residue numbers refer.
    transcript : str
        The one whose annotations count, where a VCF has several; empty: see
        :mod:`screenmm.variants.vcf`.
    fasta, gff3 : Path or None
        Genome and gene models for a VCF without protein changes.
    """

    gene: str = ""
    sequence: Sequence | None = None
    transcript: str = ""
    fasta: Path | None = None
    gff3: Path | None = None

    @property
    def letters(self) -> str:
        """The sequence's letters; empty where there is none."""
        return self.sequence.letters if self.sequence else ""


class Entry(NamedTuple):
    """One entry of a file, for those who count and those who join patients.

    Parameters
    ----------
    row : Row or None
        None where the entry is of another gene, or has no annotation.
    carriers : tuple of str
        Patients or samples that carry it; never part of the row.
    is_annotated : bool
    uncalled : tuple of str
        Samples of which nobody knows whether they carry it.
    """

    row: Row | None
    carriers: tuple[str, ...] = ()
    is_annotated: bool = True
    uncalled: tuple[str, ...] = ()


class Place(NamedTuple):
    """Where an entry stands: the file, as its config names it, and the line."""

    source: str
    line: int


def has_gene(cell: str) -> bool:
    """Whether a cell names a gene, so that what stands before the change does not count.

    Parameters
    ----------
    cell : str
    """
    return cell.strip().lower() not in NOTHING


def is_of_gene(names: Iterable[str], wanted: Wanted, place: Place) -> bool:
    """Whether an entry is of the gene that is looked for.

    Parameters
    ----------
    names : iterable of str
        What the entry calls its gene; none where it does not say.
    wanted : Wanted
    place : Place

    Raises
    ------
    UserError
        The entry names a gene and none is looked for.
    """
    told = {name.strip().lower() for name in names} - NOTHING
    if told and not wanted.gene:
        raise UserError(
            f"{place.source}, line {place.line}: the entry names a gene, and none is asked for: "
            "say which one is meant (variants.gene, or --gene)"
        )
    return not told or wanted.gene.lower() in told


def make_row(
    place: Place,
    change: Change | None,
    wanted: Wanted,
    *,
    stated: VariantReason | None = None,
    transcript: str = "",
) -> Row:
    """Make a row of what an entry says.

    Parameters
    ----------
    place : Place
    change : Change or None
        Its protein change; None where it has none.
    wanted : Wanted
    stated : VariantReason or None
        What the entry says of the effect beside the change.
    transcript : str
        Kept where it is an accession of RefSeq, Ensembl or LRG, or the sequence's name: others are
        written as patients' numbers are.
    """
    told = (transcript, change.reference if change else "")
    name = wanted.sequence.name if wanted.sequence else ""
    row = Row(
        place.source,
        place.line,
        shown(change) if change else "",
        wanted.gene,
        next((each for each in told if ACCESSION.fullmatch(each) or (each and each == name)), ""),
    )
    variant, reason, message = judge(change, wanted, stated)
    return Row(row.source, row.line, row.text, row.gene, row.transcript, variant, reason, message)


def judge(
    change: Change | None, wanted: Wanted, stated: VariantReason | None
) -> tuple[Variant | None, VariantReason | None, str]:
    """Give the variant of an entry, or the reason why there is none and that in words.

    Parameters
    ----------
    change : Change or None
    wanted : Wanted
    stated : VariantReason or None
    """
    if change is None or (not change.is_read and stated is not None):
        reason = stated or VariantReason.NOT_ANNOTATED
        return None, reason, TOLD[reason]
    if stated in GRAVE:
        told = f"{change.variant} is written, but also: " if change.variant else ""
        return None, stated, told + TOLD[stated]
    if change.variant is None:
        return None, change.reason, change.message
    fault = disagreement(change.variant, wanted.sequence) if wanted.sequence else None
    return (None, *fault) if fault else (change.variant, None, "")


def shown(change: Change) -> str:
    """Text of a change that may be shown: nothing of what was not made out.

    Parameters
    ----------
    change : Change
    """
    text = change.text if change.is_read else ""
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"


def change_of(text: str, wanted: Wanted) -> Change | None:
    """Change of a table's cell; None of one that says nothing.

    Parameters
    ----------
    text : str
    wanted : Wanted
    """
    written = text.strip()
    return None if written.lower() in NOTHING else read_change(written, wanted.letters)
