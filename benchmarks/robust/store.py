"""Rows appended to a CSV as they are made; what a kill cuts short is made again."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from screens import rows_of


def done_of(path: Path, key: Sequence[str]) -> set[tuple[str, ...]]:
    """Keys of the rows that are written whole; half a row is dropped from the file."""
    if not path.exists():
        return set()
    text = path.read_text()
    whole = text[: text.rfind("\n") + 1]
    if whole != text:
        path.write_text(whole)
    return {tuple(row[name] for name in key) for row in rows_of(path)}


def append(path: Path, columns: Sequence[str], row: dict[str, Any]) -> None:
    """Add a row in one write; a new file's header first, an old file's columns as it has them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO()
    is_new = not path.exists() or not path.stat().st_size
    if not is_new:
        with path.open(newline="") as handle:
            columns = next(csv.reader(handle))
    writer = csv.DictWriter(text, columns, lineterminator="\n", restval="", extrasaction="ignore")
    if is_new:
        writer.writeheader()
    writer.writerow(row)
    with path.open("a", newline="") as handle:
        handle.write(text.getvalue())


def rounded(values: dict[str, Any]) -> dict[str, Any]:
    """Floats to four digits, text as it is."""
    return {n: f"{v:.4f}" if isinstance(v, float) else v for n, v in values.items()}
