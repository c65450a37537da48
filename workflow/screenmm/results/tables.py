"""CSV with fixed number formats: the same rows give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from screenmm.core.columns import Column
from screenmm.files.whole import replace_whole
from screenmm.results.parts import quoted


def _text(column: str, decimals: int | None) -> str:
    """Give the SQL of one CSV cell; empty text is written bare, -0 as 0."""
    if decimals is None:
        return f"nullif(CAST({column} AS VARCHAR), '') AS {column}"
    zero = 0.5 * 10**-decimals
    return (
        f"CASE WHEN NOT isfinite({column}) THEN NULL "
        f"WHEN abs({column}) < {zero:.{decimals + 1}f} THEN printf('%.{decimals}f', 0.0) "
        f"ELSE printf('%.{decimals}f', {column}) END AS {column}"
    )


def text_cells(columns: Iterable[Column]) -> str:
    """Give the SQL list of columns as text in their fixed formats."""
    return ", ".join(_text(each.name, each.decimals) for each in columns)


def write_csv(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    columns: Iterable[Column],
    order: str,
) -> None:
    """Write a table as CSV (UTF-8, comma, quoted where needed), whole or not at all.

    Text is written as it is: a name that begins with ``=`` stays so.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Where the table is.
    path : Path
        The file to make.
    table : str
        Table or view.
    columns : iterable of Column
        In order.
    order : str
        SQL of a total order.
    """
    ordered = f"SELECT {text_cells(columns)} FROM (SELECT * FROM {table} ORDER BY {order})"
    with replace_whole(path) as partial:
        con.execute(f"COPY ({ordered}) TO {quoted(partial)} (FORMAT csv, HEADER, DELIMITER ',')")
