"""VCF and BCF files: protein changes from an annotator, or by gene models.

Several transcripts of a gene number its residues in several ways. One is chosen for the whole file:
the one that is asked for; else, of those whose residues are the sequence's, the one that MANE or
the annotator prefers, then the one with most entries. An entry that it does not have is read on the
next one.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pysam

from screenmm.core.errors import UserError
from screenmm.library.lines import read_lines
from screenmm.variants.annotations import (
    DIALECTS,
    Alleles,
    Annotation,
    Dialect,
    bare,
    dialect_of,
)
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.csq import Models, Record, annotate, make_models
from screenmm.variants.effects import TOLD, reason_of_terms
from screenmm.variants.entries import Entry, Place, Wanted, change_of, is_of_gene, make_row
from screenmm.variants.hgvs import ACCESSION
from screenmm.variants.htslib import BCF, opened
from screenmm.variants.sequence import disagreement
from screenmm.variants.text import first_bytes, open_unpacked

NORMAL = "normal"
"""Name of the sample beside a tumour's, in lower case, as callers write it."""


@dataclass
class _Allele:
    """One alternative allele of a record; ``record`` where gene models cannot tell, or not yet.

    One that ``is_strange`` stands for all that the record's annotations may be of, but do not name.
    """

    place: Place
    carriers: tuple[str, ...]
    uncalled: tuple[str, ...]
    samples: tuple[str, ...]
    contig: str
    alleles: Alleles
    annotations: list[Annotation] = field(default_factory=list)
    is_annotated: bool = True
    is_strange: bool = False
    record: Record | None = None


def patients_of(path: Path) -> tuple[str, ...]:
    """Names of a file's samples but that beside a tumour's.

    Parameters
    ----------
    path : Path
    """
    with opened(path) as handle:
        return tuple(filter(_is_patient, handle.header.samples))


def _is_patient(name: str) -> bool:
    return name.lower() != NORMAL


def read_vcf(path: Path, source: str, wanted: Wanted, *, carriers: bool = False) -> list[Entry]:
    """Entries of a VCF or BCF file.

    Parameters
    ----------
    path : Path
    source : str
        The file as the config names it.
    wanted : Wanted
    carriers : bool
        Whether to say which samples carry an entry.

    Raises
    ------
    UserError
        The file is unreadable, has no protein changes and there are no gene models, or none of
        the transcript that is asked for.
    """
    with opened(path) as handle:
        dialect = dialect_of(_descriptions(handle.header))
        if dialect is not None:
            found = [*_read(handle, path, source, _Annotated(dialect), carriers=carriers)]
        elif wanted.fasta is None or wanted.gff3 is None:
            raise UserError(
                f"{path} has no protein changes (no {', '.join(DIALECTS[:-1])} or {DIALECTS[-1]} "
                "in INFO): annotate it with VEP, SnpEff or bcftools csq, or give the genome "
                "(variants.fasta) and Ensembl's gene models (variants.gff3)"
            )
        else:
            with tempfile.TemporaryDirectory() as folder:
                models = make_models(wanted.fasta, wanted.gff3, Path(folder))
                near = _Modelled(models)
                found = [*_read(handle, path, source, near, carriers=carriers)]
                _annotate(found, models)
    return [entry for each in _told(found, wanted, path) for entry in each]


def _descriptions(header: pysam.VariantHeader) -> dict[str, str]:
    return {key: str(header.info[key].description) for key in DIALECTS if key in header.info}


# --- records -----------------------------------------------------------------------------


@dataclass(frozen=True)
class _Annotated:
    """Takes annotations from the records."""

    dialect: Dialect

    def take(self, record: Any, made: list[_Allele]) -> None:
        written = record.info.get(self.dialect.key)
        values = (written,) if isinstance(written, str) else tuple(map(str, written or ()))
        alleles = Alleles(record.pos, record.ref, tuple(record.alts or ()))
        # bcftools annotates what lies in genes, the others everything
        is_complete = self.dialect.key == "BCSQ"
        placed = self.dialect.annotations(values, alleles, _masks(record, self.dialect.key))
        for allele, those in itertools.zip_longest(made, placed.by_allele):
            allele.annotations = those or []
            allele.is_annotated = bool(values) or is_complete
        if alleles.alternatives and placed.of_none:
            made.append(_strange(made, placed.of_none))


def _strange(made: Sequence[_Allele], annotations: list[Annotation]) -> _Allele:
    """Annotations of none of the alleles: who carries one that has none may carry what they say."""
    untold = [each for each in made if not each.annotations and each.alleles.alternatives != ("*",)]
    whose = {name for each in untold for name in each.carriers}
    carriers = tuple(sorted(whose))
    return replace(
        made[0], carriers=carriers, uncalled=(), annotations=annotations, is_strange=True
    )


def _masks(record: Any, key: str) -> list[tuple[int, ...]]:
    """Which of the values each sample has, where the file says so."""
    if key not in record.format:
        return []
    words = (sample[key] for sample in record.samples.values())
    return [
        tuple(word for word in (each if isinstance(each, tuple) else (each,)) if word is not None)
        for each in words
    ]


@dataclass(frozen=True)
class _Modelled:
    """Takes note of records that lie where gene models are."""

    models: Models

    def take(self, record: Any, made: list[_Allele]) -> None:
        if not record.alts or not self.models.holds(record.contig, record.pos):
            return
        for number, allele in enumerate(made, start=1):
            genotypes = tuple(_for_allele(each, number) for each in record.samples.values())
            genotypes = genotypes if "GT" in record.format else ()
            allele.record = Record(record.contig, allele.alleles, genotypes)


def _read(
    handle: pysam.VariantFile,
    path: Path,
    source: str,
    way: _Annotated | _Modelled,
    *,
    carriers: bool,
) -> Iterator[_Allele]:
    line = _header_lines(path)
    records = iter(handle)
    while True:
        line += 1
        try:
            record = next(records, None)
            if record is None:
                return
            made = [*_alleles(record, Place(source, line), carriers=carriers)]
            way.take(record, made)
        except (OSError, ValueError, UnicodeDecodeError):
            raise UserError(
                f"{path}, line {line}: the record cannot be read, or the file is cut here: make or "
                "fetch it again"
            ) from None
        yield from made


def _header_lines(path: Path) -> int:
    """Lines before the first record; none of BCF, whose records are counted."""
    if first_bytes(path, len(BCF)) == BCF:
        return 0
    # however long: one names all samples
    lines = read_lines(path, open_unpacked)
    return sum(1 for _ in itertools.takewhile(lambda line: line.startswith("#"), lines))


def _alleles(record: Any, place: Place, *, carriers: bool) -> Iterator[_Allele]:
    for number, alternative in enumerate(record.alts or (".",), start=1):
        whose = tuple(_carriers(record, number)) if carriers else ()
        unknown = tuple(_uncalled(record, number)) if carriers else ()
        alleles = Alleles(record.pos, record.ref, (alternative,))
        names = tuple(record.samples) if carriers else ()
        yield _Allele(place, whose, unknown, names, record.contig, alleles)


def _carriers(record: Any, number: int) -> Iterator[str]:
    has_genotypes = "GT" in record.format
    for name, sample in record.samples.items():
        if _is_patient(name) and (not has_genotypes or number in sample["GT"]):
            yield name


def _uncalled(record: Any, number: int) -> Iterator[str]:
    """Samples without a genotype, or with one copy known that is another allele."""
    if "GT" not in record.format:
        return
    for name, sample in record.samples.items():
        if _is_patient(name) and None in sample["GT"] and number not in sample["GT"]:
            yield name


def _for_allele(sample: Any, number: int) -> str:
    """Genotype as if there were one alternative."""
    genotype = sample.get("GT") or (None,)
    between = "|" if sample.phased else "/"
    return between.join("." if each is None else str(int(each == number)) for each in genotype)


def _annotate(found: Sequence[_Allele], models: Models) -> None:
    asked = [each for each in found if each.record is not None]
    told = annotate([each.record for each in asked if each.record is not None], models)
    for each, those in zip(asked, told, strict=True):
        each.annotations = those
        is_within = models.holds(each.contig, each.alleles.position, margin=0)
        if those or each.alleles.alternatives[0].isalpha() or not is_within:
            each.record = None


# --- entries -----------------------------------------------------------------------------


def _told(found: Sequence[_Allele], wanted: Wanted, path: Path) -> Iterator[list[Entry]]:
    """Entries of each allele."""
    ours = [_of_gene(each, wanted) for each in found]
    here = {
        (each.contig, each.alleles.position)
        for each, those in zip(found, ours, strict=True)
        if those and not each.is_strange
    }
    placed = zip(found, ours, strict=True)
    order = _order([those for each, those in placed if those and not each.is_strange], wanted, path)
    for each, those in zip(found, ours, strict=True):
        rows: list[Row | None] = [None]
        if each.is_strange:
            if those:
                yield [Entry(_strange_row(each.place, wanted), each.carriers)]
            continue
        if any(other.change for other in those):
            yield _entries(each, those, order, wanted)
            continue
        if any((each.contig, other.elsewhere) in here for other in each.annotations):
            rows = [_plain_row(each.place, VariantReason.COMBINED, wanted)]
        elif those:
            yield _entries(each, those, order, wanted)
            continue
        elif each.record is not None:
            rows = [_plain_row(each.place, VariantReason.NOT_MODELLED, wanted)]
        yield [Entry(row, each.carriers, each.is_annotated, each.uncalled) for row in rows]


def _of_gene(allele: _Allele, wanted: Wanted) -> list[Annotation]:
    return [
        each
        for each in allele.annotations
        if not each.elsewhere and each.genes and is_of_gene(each.genes, wanted, allele.place)
    ]


def _strange_row(place: Place, wanted: Wanted) -> Row:
    told = "the allele of an annotation is none of the record's: annotate the file again"
    return Row(*place, "", wanted.gene, reason=VariantReason.UNREADABLE, message=told)


def _plain_row(place: Place, reason: VariantReason, wanted: Wanted) -> Row:
    return Row(*place, "", wanted.gene, reason=reason, message=TOLD[reason])


def _entries(
    allele: _Allele, annotations: Sequence[Annotation], order: Sequence[str], wanted: Wanted
) -> list[Entry]:
    """Entries of one allele: one, or more where haplotypes give it several effects."""
    chosen = next(name for name in order if any(each.transcript == name for each in annotations))
    those = [each for each in annotations if each.transcript == chosen]
    # bcftools writes what the splice site's neighbourhood is beside the change
    with_change = [each for each in those if each.change]
    terms = {term for each in those for term in each.terms}
    told = with_change or [those[0]._replace(terms=tuple(sorted(terms)), samples=None)]
    carriers: dict[Row, set[str]] = {}
    for each in told:
        row = make_row(
            allele.place,
            change_of(each.change, wanted),
            wanted,
            stated=reason_of_terms(each.terms),
            transcript=each.transcripts[0] if each.transcripts else "",
        )
        carriers.setdefault(row, set()).update(_whose(each, allele))
    return [
        Entry(row, tuple(sorted(names)), uncalled=allele.uncalled)
        for row, names in carriers.items()
    ]


def _whose(annotation: Annotation, allele: _Allele) -> Iterable[str]:
    if annotation.samples is None or not allele.samples:
        return allele.carriers
    return filter(_is_patient, (allele.samples[each] for each in annotation.samples))


def _order(entries: Sequence[Sequence[Annotation]], wanted: Wanted, path: Path) -> list[str]:
    """Transcripts, the one that counts first."""
    found: dict[str, list[Annotation]] = {}
    for annotation in itertools.chain.from_iterable(entries):
        found.setdefault(annotation.transcript, []).append(annotation)
    named = {
        name
        for name, theirs in found.items()
        if any(bare(wanted.transcript) == bare(each) for a in theirs for each in a.transcripts)
    }
    if found and wanted.transcript and not named:
        raise UserError(
            f"{path}: no annotation of the transcript {wanted.transcript}: there are "
            f"{', '.join(sorted(filter(ACCESSION.fullmatch, found))) or 'none with an accession'}"
        )

    def key(name: str) -> tuple[bool, bool, int, int]:
        agree, disagree = _agreement(found[name], wanted)
        rank = min(each.rank for each in found[name])
        return name not in named, disagree > agree, rank, -len(found[name])

    return sorted(found, key=key)


def _agreement(annotations: Iterable[Annotation], wanted: Wanted) -> tuple[int, int]:
    """How many substitutions are of the sequence, and how many are not."""
    if wanted.sequence is None:
        return 0, 0
    changes = (change_of(each.change, wanted) for each in annotations)
    variants = [change.variant for change in changes if change and change.variant]
    faults = [disagreement(variant, wanted.sequence) for variant in variants]
    return faults.count(None), len(faults) - faults.count(None)
