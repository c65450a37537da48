"""Columns as others want them: Arrow schemas, DuckDB types, signs, words."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable

import pyarrow as pa

from screenmm.core.columns import Column

ARROW = {
    "VARCHAR": pa.string(),
    "BOOLEAN": pa.bool_(),
    "TINYINT": pa.int8(),
    "INTEGER": pa.int32(),
    "BIGINT": pa.int64(),
    "FLOAT": pa.float32(),
    "DOUBLE": pa.float64(),
}
"""DuckDB's types, those of the tables, as Arrow's."""


class _NoPandas:
    """Finder of modules that finds no pandas for the thread that made it."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == "pandas" and threading.get_ident() == self._thread:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def _keep_pandas_out() -> None:
    """Let PyArrow ask for pandas once, in vain.

    Before it makes its first array of a list it loads pandas, to know a Series when it sees one:
    most of a second in each job. ``to_pandas()`` and ``from_pandas()`` ask again and have it; until
    then a Series that is given to ``pyarrow.array`` is taken for any sequence, its NaN for numbers.
    Where pandas was loaded before this module, nothing changes.
    """
    if "pandas" not in sys.modules:
        finder = _NoPandas()
        sys.meta_path.insert(0, finder)
        try:
            pa.array([None])
        finally:
            sys.meta_path.remove(finder)


_keep_pandas_out()


def arrow_type(duckdb_type: str) -> pa.DataType:
    """Arrow's type of a column; ``DOUBLE[]`` is a list of 64-bit numbers."""
    if duckdb_type.endswith("[]"):
        return pa.list_(arrow_type(duckdb_type.removesuffix("[]")))
    return ARROW[duckdb_type]


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Arrow schema of a table, as its Parquet files have it."""
    return pa.schema([(each.name, arrow_type(each.type)) for each in columns])
