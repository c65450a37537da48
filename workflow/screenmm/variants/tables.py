"""CSV and TSV tables with a column of protein changes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.changes import Row, VariantReason
from screenmm.variants.entries import Entry, Place, Wanted, change_of, is_of_gene, make_row
from screenmm.variants.separated import column, header_and_rows

CHANGES = ("variant", "mutation", "hgvsp", "hgvsp_short", "protein_change")
"""Columns of the protein change, in lower case; the first that is there counts."""
GENES = ("gene", "hugo_symbol", "symbol", "gene_symbol")
TRANSCRIPTS = ("transcript", "transcript_id")


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
    change = column(names, CHANGES)
    if change is None:
        raise UserError(
            f"{path}: its first line must name the columns, one of them "
            f"{', '.join(CHANGES[:-1])} or {CHANGES[-1]}"
        )
    gene, transcript = column(names, GENES), column(names, TRANSCRIPTS)
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


def _broken(place: Place, cells: list[str] | None, width: int) -> Row:
    told = (
        "the quotes do not match"
        if cells is None
        else f"the row has {len(cells)} fields, the header {width}"
    )
    return Row(*place, "", reason=VariantReason.UNREADABLE, message=told)
