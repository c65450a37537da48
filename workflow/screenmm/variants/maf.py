"""Mutation Annotation Format: one line per mutation and sample."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.effects import reason_of_class
from screenmm.variants.entries import Entry, Place, Wanted, change_of, is_of_gene, make_row
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
    names = {name.strip().lower() for name in header.split("\t")}
    return GENE in names and not names.isdisjoint((CLASS, PATIENT))


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
    for number, line in numbered_lines(path):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if not names:
            names = [name.strip().lower() for name in cells]
            continue
        place = Place(source, number)
        if len(cells) != len(names):
            named = _patient(dict(zip(names, cells, strict=False)))
            yield Entry(_broken(place, cells, names), named)
            continue
        yield _entry(place, dict(zip(names, cells, strict=True)), wanted)
    if not names:
        raise UserError(f"{path} holds no table: the first line of a MAF names its columns")


def _broken(place: Place, cells: list[str], names: list[str]) -> Row:
    told = f"the line has {len(cells)} fields, the header {len(names)}"
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
    if change and not is_of_gene([change.gene], wanted, place):
        return Entry(None, carriers)
    row = make_row(
        place,
        change,
        wanted,
        stated=reason_of_class(cells.get(CLASS, "")),
        transcript=cells.get(TRANSCRIPT, "").strip(),
    )
    return Entry(row, carriers)
