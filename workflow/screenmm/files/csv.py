"""Tables as CSV text."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

Cell = str | int | float | None


def csv_text(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """Give a table as CSV: numbers to six significant digits, nothing for None."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(columns)
    for row in rows:
        table.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        # no minus zero
        return f"{value + 0.0:.6g}"
    return str(value)
