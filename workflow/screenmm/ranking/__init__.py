"""The last stage: one fate per record, one ranking, and what is made from them.

Every function works on one DuckDB connection whose tables and views have fixed names:
:func:`screenmm.ranking.parts.open_parts` lays views over the Parquet parts, and
:func:`screenmm.ranking.database.open_database` opens a finished ``screen.duckdb``.
"""
