"""Mutation Annotation Format: one line per mutation and sample."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.effects import reason_of_class
from screenmm.variants.entries import (
    Entry,
    Place,
    Wanted,
    change_of,
    has_gene,
    is_of_gene,
    make_row,
)
from screenmm.variants.text import numbered_lines

GENE = "hugo_symbol"
CLASS = "variant_classification"
PATIENT = "tumor_sample_barcode"
TRANSCRIPT = "transcript_id"
CHANGES = ("hgvsp_short", "hgvsp", "protein_change", "amino_acid_change")
"""Columns of the protein change, in lower case; the first that says something counts."""


def is_maf(header: str) -> bool:
    """Whether a line of names is that of a MAF.

    Parameters
    ----------
    header : str
    """
    return _names_columns(_lowered(_cells(header, is_quoted=_is_quoted(header)) or []))


def _names_columns(names: Sequence[str]) -> bool:
    return GENE in names and not {CLASS, PATIENT}.isdisjoint(names)


def _lowered(cells: Iterable[str]) -> list[str]:
    return [cell.strip().lower() for cell in cells]


def _is_quoted(header: str) -> bool:
    """Whether cells are quoted, as R writes them; elsewhere quotes are part of a text."""
    return header.startswith('"')


def _cells(line: str, *, is_quoted: bool) -> list[str] | None:
    """Cells of a line; None where its quotes do not match."""
    if not is_quoted:
        return line.split("\t")
    try:
        return next(csv.reader([line], delimiter="\t", strict=True))
    except csv.Error:
        return None


def read_maf(path: Path, source: str, wanted: Wanted) -> Iterator[Entry]:
    """Entries of a MAF, one at a time.

    Parameters
    ----------
    path : Path
    source : str
        The file as the config names it.
    wanted : Wanted

    Raises
    ------
    UserError
        The file is unreadable as a whole, or names genes where none is looked for.
    """
    names: list[str] = []
    is_quoted = False
    for number, line in numbered_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        is_quoted = _is_quoted(line) if not names else is_quoted
        cells = _cells(line, is_quoted=is_quoted)
        if not names:
            names = _lowered(cells or ())
            continue
        if cells and GENE in line.lower() and _names_columns(again := _lowered(cells)):
            _check_again(again, names, path, number)
            continue
        place = Place(source, number)
        if cells is None or len(cells) != len(names):
            named = _patient(dict(zip(names, cells or (), strict=False)))
            yield Entry(_broken(place, cells, len(names)), named)
            continue
        yield _entry(place, dict(zip(names, cells, strict=True)), wanted)
    if not names:
        raise UserError(f"{path} holds no table: the first line of a MAF names its columns")


def _check_again(again: list[str], names: list[str], path: Path, number: int) -> None:
    """Refuse a second line of names, as joined files have it, that is not the first one."""
    if again != names:
        raise UserError(
            f"{path}, line {number}: the columns are named again, and are others than before: give "
            "the files that were joined one by one"
        )


def _broken(place: Place, cells: list[str] | None, width: int) -> Row:
    told = (
        "the quotes do not match"
        if cells is None
        else f"the line has {len(cells)} fields, the header {width}"
    )
    return Row(*place, "", reason=VariantReason.UNREADABLE, message=told)


def _patient(cells: Mapping[str, str]) -> tuple[str, ...]:
    patient = cells.get(PATIENT, "").strip()
    return (patient,) if patient else ()


def _entry(place: Place, cells: Mapping[str, str], wanted: Wanted) -> Entry:
    carriers = _patient(cells)
    if not is_of_gene([cells[GENE]], wanted, place):
        return Entry(None, carriers)
    texts = (cells.get(column, "") for column in CHANGES)
    change = next((found for text in texts if (found := change_of(text, wanted))), None)
    if change and not has_gene(cells[GENE]) and not is_of_gene([change.gene], wanted, place):
        return Entry(None, carriers)
    row = make_row(
        place,
        change,
        wanted,
        stated=reason_of_class(cells.get(CLASS, "")),
        transcript=cells.get(TRANSCRIPT, "").strip(),
    )
    return Entry(row, carriers)
