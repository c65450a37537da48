"""CSV and TSV tables with a column of protein changes."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.entries import Entry, Place, Wanted, change_of, is_of_gene, make_row
from screenmm.variants.text import numbered_lines

CHANGES = ("variant", "mutation", "hgvsp", "hgvsp_short", "protein_change")
"""Columns of the protein change, in lower case; the first that is there counts."""
GENES = ("gene", "hugo_symbol", "symbol", "gene_symbol")
TRANSCRIPTS = ("transcript", "transcript_id")
SEPARATORS = "\t,;"


def read_table(path: Path, source: str, wanted: Wanted) -> Iterator[Entry]:
    """Entries of a table, one at a time.

    Parameters
    ----------
    path : Path
    source : str
        The file as the config names it.
    wanted : Wanted

    Raises
    ------
    UserError
        The file is unreadable as a whole, or lacks the column.
    """
    rows = _rows(path)
    header = next(rows, None)
    if header is None:
        raise UserError(f"{path} is empty: {_NEEDED}")
    names = [name.strip().lower() for name in header[1] or ()]
    change = _column(names, CHANGES)
    if change is None:
        raise UserError(f"{path}, line {header[0]}: no such column: {_NEEDED}")
    gene, transcript = _column(names, GENES), _column(names, TRANSCRIPTS)
    for number, cells in rows:
        place = Place(source, number)
        if cells is None or len(cells) != len(names):
            yield Entry(_broken(place, cells, len(names)))
            continue
        made_out = change_of(cells[change], wanted)
        genes = [cells[gene]] if gene is not None else []
        genes += [made_out.gene] if made_out else []
        if not all(is_of_gene([name], wanted, place) for name in genes):
            yield Entry(None)
            continue
        told = cells[transcript].strip() if transcript is not None else ""
        yield Entry(make_row(place, made_out, wanted, transcript=told))


_NEEDED = (
    f"its first line must name the columns, one of them {', '.join(CHANGES[:-1])} or {CHANGES[-1]}"
)


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(name) for name in known if name in names), None)


def _rows(path: Path) -> Iterator[tuple[int, list[str] | None]]:
    """Rows with the number of their first line; no cells where the quotes do not match."""
    lines = (
        (number, line)
        for number, line in numbered_lines(path)
        if line.strip() and not line.startswith("#")
    )
    first = next(lines, None)
    if first is None:
        return
    separator = max(SEPARATORS, key=first[1].count)
    for number, line in itertools.chain([first], lines):
        try:
            # a change has no line end in it: a row is a line
            yield number, next(csv.reader([line], delimiter=separator, strict=True))
        except csv.Error:
            yield number, None


def _broken(place: Place, cells: list[str] | None, width: int) -> Row:
    told = (
        "the quotes do not match"
        if cells is None
        else f"the row has {len(cells)} fields, the header {width}"
    )
    return Row(*place, "", reason=VariantReason.UNREADABLE, message=told)
