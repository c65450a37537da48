"""Rows of text with aligned columns, for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def aligned(
    rows: Sequence[Sequence[str]], right: Collection[int] = (), between: str = "  "
) -> list[str]:
    """Lines of a table.

    Parameters
    ----------
    rows : sequence of sequence of str
        The head among them; all of one length.
    right : collection of int
        Columns, counted from 0, that are aligned at the right: numbers.
    between : str
        What stands between columns.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        between.join(
            cell.rjust(width) if place in right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
