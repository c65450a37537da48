"""Variants of a list and of files of any kind; what a file is shows in what it holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from screenmm.core.errors import ConfigError
from screenmm.variants.changes import FROM_LIST, Reading, Row, VariantReason
from screenmm.variants.entries import Entry, Place, Wanted, make_row
from screenmm.variants.hgvs import listed_change, read_change
from screenmm.variants.htslib import is_variant_call_file
from screenmm.variants.maf import is_maf, read_maf
from screenmm.variants.sequence import common_shift
from screenmm.variants.tables import read_table
from screenmm.variants.text import numbered_lines
from screenmm.variants.vcf import read_vcf


def read_variants(
    listed: Sequence[str], files: Sequence[tuple[str, Path]], wanted: Wanted
) -> Reading:
    """Read all that a config names.

    Parameters
    ----------
    listed : sequence of str
        Protein changes.
    files : sequence of tuple of str and Path
        Each as the config names it, and where it is.
    wanted : Wanted

    Raises
    ------
    UserError
        A listed change cannot be made out, or a file cannot be read as a whole.
    """
    reading = read_list(listed, wanted)
    for source, path in files:
        reading += read_file(path, wanted, source=source)
    return reading


def read_list(listed: Sequence[str], wanted: Wanted) -> Reading:
    """Read a list of protein changes.

    Parameters
    ----------
    listed : sequence of str
    wanted : Wanted

    Raises
    ------
    ConfigError
        One cannot be made out; the message has the closest form.
    """
    rows = []
    for text in listed:
        change = listed_change(text, wanted.letters)
        row = make_row(Place(FROM_LIST, 0), change, wanted)
        if change.gene and wanted.gene and change.gene.lower() != wanted.gene.lower():
            told = f"of {change.gene}, and variants.gene is {wanted.gene}"
            other = VariantReason.OTHER_GENE
            row = Row(FROM_LIST, 0, change.text, change.gene, reason=other, message=told)
        rows.append(row)
    return Reading(tuple(rows), total=len(rows))


def read_file(path: Path, wanted: Wanted, *, source: str = "") -> Reading:
    """Read the variants of a CSV or TSV table, a MAF, a VCF or a BCF.

    Parameters
    ----------
    path : Path
    wanted : Wanted
    source : str
        The file as the config names it; by default its name.

    Raises
    ------
    UserError
        The file cannot be read as a whole.
    """
    name = source or path.name
    return _gather(entries_of(path, name, wanted), name, wanted)


def entries_of(
    path: Path, source: str, wanted: Wanted, *, carriers: bool = False
) -> Iterable[Entry]:
    """Entries of a file of any kind.

    Parameters
    ----------
    path : Path
    source : str
        The file as the config names it.
    wanted : Wanted
    carriers : bool
        Whether to say who carries an entry of a VCF; a MAF's always do, a table's never.

    Raises
    ------
    UserError
        The file cannot be read as a whole.
    """
    if not path.is_file():
        raise ConfigError(f"no file {path}: variants are read from a table, a MAF, a VCF or a BCF")
    if is_variant_call_file(path):
        return read_vcf(path, source, wanted, carriers=carriers)
    if is_maf(_header(path)):
        return read_maf(path, source, wanted)
    return read_table(path, source, wanted)


def _header(path: Path) -> str:
    lines = (line for _, line in numbered_lines(path))
    return next((line for line in lines if line.strip() and not line.startswith("#")), "")


def _gather(entries: Iterable[Entry], source: str, wanted: Wanted) -> Reading:
    rows: list[Row] = []
    other_gene = not_annotated = 0
    for entry in entries:
        if entry.row is not None:
            rows.append(entry.row)
        elif entry.is_annotated:
            other_gene += 1
        else:
            not_annotated += 1
    total = len(rows) + other_gene + not_annotated
    notes = tuple(_notes(rows, total, source, wanted))
    return Reading(tuple(rows), other_gene, not_annotated, total, notes)


def _notes(rows: Sequence[Row], total: int, source: str, wanted: Wanted) -> Iterable[str]:
    if not rows:
        yield f"{source}: no entry of {wanted.gene or 'a protein'} among {total}"
    if wanted.sequence is None:
        return
    disagreeing = [row for row in rows if row.reason is VariantReason.OTHER_RESIDUE]
    # as written, since such a row has no variant
    variants = [read_change(row.text, wanted.letters).variant for row in disagreeing]
    changes = {each for variant in variants if variant for each in variant.substitutions}
    shift = common_shift(changes, wanted.sequence)
    if shift:
        yield (
            f"{source}: all {len(changes)} changes whose residue is not the sequence's fit it when "
            f"their numbers are moved by {shift:+d}: the file numbers another isoform or a protein "
            "without its signal peptide; give that one's sequence (variants.sequence)"
        )
