"""Protein changes that annotators write into a VCF: VEP's CSQ, SnpEff's ANN, bcftools' BCSQ."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

MANE, CANONICAL, OTHER = range(3)
"""How much an annotator thinks of a transcript."""

BITS = 30
"""Bits of bcftools' masks that one integer holds."""

ELSEWHERE = "@"
"""With what bcftools begins a reference to the record that tells the whole effect."""

_FORMAT = re.compile(r"Format:\s*(.+)", re.IGNORECASE | re.DOTALL)
_QUOTED = re.compile(r"'(.+)'", re.DOTALL)
_BCSQ_CHANGE = re.compile(r"(\d+)([A-Z*]+)(?:>(\d+)([A-Z*]+))?")
_VERSION = re.compile(r"\.\d+$")


class Annotation(NamedTuple):
    """What an annotator says of one allele on one transcript.

    Parameters
    ----------
    genes : tuple of str
        Symbol and identifiers of the gene.
    transcripts : tuple of str
        The transcript, and other accessions of the same.
    rank : int
        :data:`MANE`, :data:`CANONICAL` or :data:`OTHER`.
    terms : tuple of str
        Effects.
    change : str
        The protein's, as HGVS or the shorthand; empty where none is told.
    elsewhere : int
        Position of the record that tells the effect; 0 where this one does.
    samples : tuple of int or None
        Which samples of the file it is of; None: all that carry the allele.
    """

    genes: tuple[str, ...]
    transcripts: tuple[str, ...]
    rank: int
    terms: tuple[str, ...]
    change: str
    elsewhere: int = 0
    samples: tuple[int, ...] | None = None

    @property
    def transcript(self) -> str:
        """Its transcript without the version; empty where none is named."""
        return bare(self.transcripts[0]) if self.transcripts else ""


class Alleles(NamedTuple):
    """Alleles of a record."""

    position: int
    reference: str
    alternatives: tuple[str, ...]


class Placed(NamedTuple):
    """Annotations by alternative allele, and those of none that the record has."""

    by_allele: list[list[Annotation]]
    of_none: list[Annotation]


Read = Callable[[Mapping[str, str], Alleles], tuple[Sequence[int], Annotation]]
"""Gives the alternative alleles that a value's fields are of, and the annotation."""


@dataclass(frozen=True)
class Dialect:
    """How an annotator writes.

    Parameters
    ----------
    key : str
        Key of INFO.
    names : tuple of str
        Names of the fields, in lower case.
    read : callable
        Gives the alternative alleles that a value's fields are of, and the annotation.
    """

    key: str
    names: tuple[str, ...]
    read: Read

    def annotations(
        self, values: Iterable[str], alleles: Alleles, masks: Sequence[Sequence[int]] = ()
    ) -> Placed:
        """Annotations by alternative allele; of a single one all are.

        Parameters
        ----------
        values : iterable of str
            Of the key, one for each allele and transcript.
        alleles : Alleles
        masks : sequence of sequence of int
            Of bcftools: for each sample which of the values it has.
        """
        found: list[list[Annotation]] = [[] for _ in alleles.alternatives]
        of_none: list[Annotation] = []
        for index, value in enumerate(values):
            fields = dict(zip(self.names, value.split("|"), strict=False))
            fitting, annotation = self.read(fields, alleles)
            if masks:
                annotation = annotation._replace(samples=_samples(index, masks))
            if len(found) == 1:
                fitting = [0]
            for allele in fitting:
                found[allele].append(annotation)
            if not fitting:
                of_none.append(annotation)
        return Placed(found, of_none)


def dialect_of(descriptions: Mapping[str, str]) -> Dialect | None:
    """Dialect of a VCF; None of one without protein changes.

    Parameters
    ----------
    descriptions : mapping of str to str
        Keys of INFO to what the header says of them.
    """
    for key, read in _READERS.items():
        if key in descriptions:
            return Dialect(key, _field_names(descriptions[key]), read)
    return None


def bare(accession: str) -> str:
    """Accession without its version.

    Parameters
    ----------
    accession : str
    """
    return _VERSION.sub("", accession.strip())


def _field_names(description: str) -> tuple[str, ...]:
    """Names of the fields, from what the header says of them."""
    told = _FORMAT.search(description) or _QUOTED.search(description)
    text = told[1] if told else description
    return tuple(name.strip(" \t\"'[]()").lower() for name in text.split("|"))


def _samples(index: int, masks: Sequence[Sequence[int]]) -> tuple[int, ...]:
    """Samples that have a value on one of their two haplotypes, by bcftools' bits."""
    word, bit = divmod(2 * index, BITS)
    return tuple(
        sample
        for sample, words in enumerate(masks)
        if word < len(words) and words[word] >> bit & 0b11
    )


def _places(written: str, names: Sequence[str]) -> list[int]:
    return [at for at, name in enumerate(names) if name.upper() == written.upper()]


def _told(*values: str) -> tuple[str, ...]:
    return tuple(value.strip() for value in values if value.strip())


# --- VEP ---------------------------------------------------------------------------------


def _read_csq(fields: Mapping[str, str], alleles: Alleles) -> tuple[Sequence[int], Annotation]:
    number = fields.get("allele_num", "")
    if number.isdecimal():
        fitting = [at for at in range(len(alleles.alternatives)) if at == int(number) - 1]
    else:
        fitting = _places(fields.get("allele", ""), _as_vep_writes(alleles))
    hgvs = unquote(fields.get("hgvsp", ""))
    protein, _, change = hgvs.rpartition(":")
    mane = fields.get("mane_select", ""), fields.get("mane", "")
    is_canonical = fields.get("canonical", "") == "YES" or fields.get("pick", "") == "1"
    annotation = Annotation(
        _told(fields.get("symbol", ""), fields.get("gene", "")),
        _told(fields.get("feature", ""), protein, *mane),
        MANE if any(mane) else CANONICAL if is_canonical else OTHER,
        tuple(fields.get("consequence", "").split("&")),
        change or _from_residues(fields.get("protein_position", ""), fields.get("amino_acids", "")),
    )
    return fitting, annotation


def _as_vep_writes(alleles: Alleles) -> list[str]:
    """Alternatives without the base that all begin with, where one is longer or shorter."""
    reference, told = alleles.reference, alleles.alternatives
    # an allele that is not written out has no bases, and * is a deletion told elsewhere
    written_out = [text for text in told if text.isalpha()]
    is_indel = any(
        len(text) != len(reference) for text in (*written_out, *{"*"}.intersection(told))
    )
    if not is_indel or len({text[:1].upper() for text in (reference, *written_out)}) > 1:
        return [*told]
    return [(text[1:] or "-") if text.isalpha() else text for text in told]


def _from_residues(position: str, residues: str) -> str:
    """Change from VEP's position (``315`` or ``315/1130``, ``23-24``) and residues (``T/I``)."""
    first = position.split("/", maxsplit=1)[0].split("-", maxsplit=1)[0]
    wild, _, mutant = residues.partition("/")
    return _written(first, wild, mutant) if first.isdigit() and wild and mutant else ""


def _written(first: str, wild: str, mutant: str) -> str:
    """Change of neighbouring residues in the shorthand, of one residue or of as many."""
    if len(wild) != len(mutant) or not (wild + mutant).replace("*", "").isalpha():
        return ""
    pairs = zip(range(int(first), int(first) + len(wild)), wild, mutant, strict=True)
    changed = [f"{old}{number}{new}" for number, old, new in pairs if old != new]
    return "+".join(changed) or f"{wild[0]}{first}="


# --- SnpEff ------------------------------------------------------------------------------


def _read_ann(fields: Mapping[str, str], alleles: Alleles) -> tuple[Sequence[int], Annotation]:
    annotation = Annotation(
        _told(fields.get("gene_name", ""), fields.get("gene_id", "")),
        _told(fields.get("feature_id", "")),
        OTHER,
        tuple(fields.get("annotation", "").split("&")),
        unquote(fields.get("hgvs.p", "")),
    )
    return _places(fields.get("allele", ""), alleles.alternatives), annotation


# --- bcftools csq ------------------------------------------------------------------------


def _read_bcsq(fields: Mapping[str, str], alleles: Alleles) -> tuple[Sequence[int], Annotation]:
    everyone = range(len(alleles.alternatives))
    consequence = fields.get("consequence", "")
    if consequence.startswith(ELSEWHERE):
        position = consequence.removeprefix(ELSEWHERE)
        where = int(position) if position.isdigit() else -1
        return everyone, Annotation((), (), OTHER, (), "", elsewhere=where)
    terms = consequence.split("&")
    if consequence.startswith("*"):
        # behind a stop of the same haplotype
        terms = ["stop_gained"]
    annotation = Annotation(
        _told(fields.get("gene", "")),
        _told(fields.get("transcript", "")),
        OTHER,
        tuple(terms),
        _from_bcsq(fields.get("amino_acid_change", "")),
    )
    # beside what codes for the protein bcftools tells no allele
    change = fields.get("dna_change", "")
    return (_places_of_bcsq(change, alleles) if change else everyone), annotation


def _places_of_bcsq(change: str, alleles: Alleles) -> list[int]:
    told, before = change.split("+"), f"{alleles.position}{alleles.reference}>"
    return [at for at, name in enumerate(alleles.alternatives) if f"{before}{name}" in told]


def _from_bcsq(change: str) -> str:
    """Change in the shorthand from ``315T>315I``, or ``315T`` where the residue stays."""
    found = _BCSQ_CHANGE.fullmatch(change)
    if found is None:
        return ""
    first, wild, _, mutant = found.groups()
    return _written(first, wild, wild if mutant is None else mutant)


_READERS: Mapping[str, Read] = {"CSQ": _read_csq, "ANN": _read_ann, "BCSQ": _read_bcsq}

DIALECTS: Sequence[str] = tuple(_READERS)
"""Keys of INFO that are known, the first that a file has counts."""
