"""The top hits of a receptor."""

from __future__ import annotations

from typing import NamedTuple

import duckdb


class Hit(NamedTuple):
    """A ranked ligand."""

    rank: int
    name: str | None
    inchikey: str
    smiles: str


def top_hits(con: duckdb.DuckDBPyConnection, receptor: str, wanted: int) -> list[Hit]:
    """Ligands ranked first that have a structure.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    wanted : int
        Last rank.
    """
    rows = con.execute(
        "SELECT rank, name, inchikey, smiles FROM ranking WHERE receptor = ? AND rank <= ? "
        "AND smiles IS NOT NULL ORDER BY rank",
        [receptor, wanted],
    ).fetchall()
    return [Hit(*row) for row in rows]
