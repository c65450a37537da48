"""Columns as others want them: Arrow schemas, DuckDB types, signs, words."""

from __future__ import annotations

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


def arrow_type(duckdb_type: str) -> pa.DataType:
    """Arrow's type of a column; ``DOUBLE[]`` is a list of 64-bit numbers."""
    if duckdb_type.endswith("[]"):
        return pa.list_(arrow_type(duckdb_type.removesuffix("[]")))
    return ARROW[duckdb_type]


def schema(columns: Iterable[Column]) -> pa.Schema:
    """Arrow schema of a table, as its Parquet files have it."""
    return pa.schema([(each.name, arrow_type(each.type)) for each in columns])
