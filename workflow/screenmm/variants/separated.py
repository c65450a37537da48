"""Tables whose cells are separated by tabs, commas or semicolons, row by row."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.variants.text import numbered_lines

SEPARATORS = "\t,;"


def column(names: Sequence[str], known: Sequence[str]) -> int | None:
    """Place of the first known column that is there; None of none.

    Parameters
    ----------
    names, known : sequence of str
        Those of a table, and those that would do, in lower case.
    """
    return next((names.index(name) for name in known if name in names), None)


def header_and_rows(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str] | None]]]:
    """Names of a table's columns in lower case, and its rows.

    Parameters
    ----------
    path : Path
        Separated by tabs, commas or semicolons, as its first line is.

    Returns
    -------
    list of str
    iterator of tuple of int and (list of str or None)
        Line and cells; no cells where the quotes do not match.

    Raises
    ------
    UserError
        The file cannot be read, or is empty.
    """
    rows = _rows(path)
    header = next(rows, None)
    if header is None:
        raise UserError(f"{path} is empty; its first line must name the columns")
    return [name.strip().lower() for name in header[1] or ()], rows


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
