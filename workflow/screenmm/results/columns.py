"""Columns of a run's ranking: those of every run, and the scores that only its engine gives."""

from __future__ import annotations

import duckdb

from screenmm.core.columns import Column
from screenmm.tables.dictionary import (
    MADE,
    MODELLED,
    RANK,
    Columns,
    engine_scores_among,
    names,
    ranking,
    ranking_scores,
    signs,
)


def own_scores(con: duckdb.DuckDBPyConnection, table: str = "ranking") -> tuple[Column, ...]:
    """Scores of a table that only the run's docking engine gives."""
    return engine_scores_among(row[0] for row in con.execute(f"DESCRIBE {table}").fetchall())


def made_columns(con: duckdb.DuckDBPyConnection, table: str = "ranking") -> Columns:
    """What a table says of proposed molecules; nothing in a run without any."""
    there = {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
    return MADE if set(names(MADE)) <= there else ()


def modelled_columns(con: duckdb.DuckDBPyConnection, table: str = "ranking") -> Columns:
    """What a table says of predicted models; nothing in a run without any."""
    there = {row[0] for row in con.execute(f"DESCRIBE {table}").fetchall()}
    return MODELLED if set(names(MODELLED)) <= there else ()


def ranking_columns(con: duckdb.DuckDBPyConnection) -> tuple[Column, ...]:
    """Columns of the ``ranking`` of this run, in their order."""
    return ranking(own_scores(con), made_columns(con), modelled_columns(con))


def score_signs(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Scores of the ``ranking`` that controls measure, and the sign that makes larger better."""
    return signs(ranking_scores(own_scores(con)))


def distinct_score_signs(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Return :func:`score_signs` without the rank, which only orders by one of them."""
    return {name: sign for name, sign in score_signs(con).items() if name != RANK.name}
