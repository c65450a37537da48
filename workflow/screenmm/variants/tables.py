"""CSV and TSV tables with a column of protein changes."""

from __future__ import annotations

from collections.abc import Iterator
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
from screenmm.variants.separated import column, header_and_rows

CHANGES = ("variant", "mutation", "hgvsp", "hgvsp_short", "protein_change")
"""Columns of the protein change, in lower case; the first that says something counts."""
GENES = ("gene", "hugo_symbol", "symbol", "gene_symbol")
TRANSCRIPTS = ("transcript", "transcript_id")
CLASSES = ("variant_classification",)


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
    names, rows = header_and_rows(path)
    changes = [names.index(name) for name in CHANGES if name in names]
    if not changes:
        raise UserError(
            f"{path}: its first line must name the columns, one of them "
            f"{', '.join(CHANGES[:-1])} or {CHANGES[-1]}"
        )
    gene, transcript, kind = (column(names, known) for known in (GENES, TRANSCRIPTS, CLASSES))
    for number, cells in rows:
        place = Place(source, number)
        if cells is None or len(cells) != len(names):
            yield Entry(_broken(place, cells, len(names)))
            continue
        texts = (cells[at] for at in changes)
        made_out = next((found for text in texts if (found := change_of(text, wanted))), None)
        named = cells[gene] if gene is not None else ""
        if not has_gene(named) and made_out:
            named = made_out.gene
        if not is_of_gene([named], wanted, place):
            yield Entry(None)
            continue
        told = cells[transcript].strip() if transcript is not None else ""
        stated = reason_of_class(cells[kind]) if kind is not None else None
        yield Entry(make_row(place, made_out, wanted, stated=stated, transcript=told))


def _broken(place: Place, cells: list[str] | None, width: int) -> Row:
    told = (
        "the quotes do not match"
        if cells is None
        else f"the row has {len(cells)} fields, the header {width}"
    )
    return Row(*place, "", reason=VariantReason.UNREADABLE, message=told)
