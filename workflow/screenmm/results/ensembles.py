"""``ensembles.csv``: one score of each ligand over several structures of a target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from screenmm.core.units import GAS_CONSTANT_KCAL_MOL_K
from screenmm.results.database import open_database
from screenmm.results.orders import FOLLOWED
from screenmm.results.tables import write_csv
from screenmm.tables.dictionary import DG, DOCK, ENSEMBLES, listed

RT_KCAL_MOL = GAS_CONSTANT_KCAL_MOL_K * 298.15

ENERGIES = {DG.name, DOCK.name}

_VALUES = " ".join(f"WHEN '{each.name}' THEN {each.name}" for each in FOLLOWED.values())
_SIGNS = " ".join(f"WHEN '{each.name}' THEN {each.better}" for each in FOLLOWED.values())

# list_sum goes through a list from its beginning: the same numbers give the same bits
_BOLTZMANN = f"""
least - {RT_KCAL_MOL!r} * ln(
    list_sum(list_transform(numbers, lambda x: exp((least - x) / {RT_KCAL_MOL!r}))) / len(numbers)
)
"""

_CELLS = f"""
CREATE OR REPLACE TEMP TABLE cells AS
SELECT ensemble, followed.score, members.place AS member_place, receptor, inchikey,
    CASE followed.score {_VALUES} END AS value, {DOCK.name} AS docked,
    CASE followed.score {_SIGNS} END AS sign
FROM ranking
JOIN members_of AS members USING (receptor)
JOIN followed USING (ensemble)
"""
"""What each ligand scores in each member."""

_SCORED = f"""
CREATE OR REPLACE TEMP TABLE scored AS
WITH counted AS (
    SELECT ensemble, inchikey, receptor, member_place,
        CASE late WHEN 1 THEN '{DOCK.name}' ELSE score END AS score,
        CASE late WHEN 1 THEN -1 ELSE sign END AS sign,
        CASE late WHEN 0 THEN value WHEN 1 THEN docked END AS value, late
    FROM (
        SELECT *, CASE WHEN bool_or(coalesce(isfinite(value), false)) OVER ligand THEN 0
            WHEN bool_or(coalesce(isfinite(docked), false)) OVER ligand THEN 1 ELSE 2 END AS late
        FROM cells WINDOW ligand AS (PARTITION BY ensemble, inchikey)
    )
)
SELECT ensemble, inchikey, any_value(score) AS score, any_value(sign) AS sign,
    any_value(late) AS late,
    arg_min(receptor, {{'value': -sign * value, 'place': member_place}}) FILTER (isfinite(value))
        AS member,
    coalesce(list(value ORDER BY member_place) FILTER (isfinite(value)), []) AS numbers,
    min(value) FILTER (isfinite(value)) AS least, max(value) FILTER (isfinite(value)) AS most,
    string_agg(
        printf(CASE WHEN score LIKE '%kcal_mol' THEN '%s %.1f' ELSE '%s %.3g' END, receptor, value),
        '; ' ORDER BY member_place
    )
        FILTER (isfinite(value)) AS by_member
FROM counted GROUP BY ensemble, inchikey
"""
"""A ligand without the score in any member counts by docking, and comes behind."""


def make_ensembles(
    con: duckdb.DuckDBPyConnection, ensembles: Mapping[str, Sequence[str]], how: str
) -> None:
    """Make the table ``ensembles``; empty where no target has several structures.

    A ligand's score is that which the ranking follows, in the structures that have it; one
    without it in any structure comes behind, by docking.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking`` and ``orders`` made.
    ensembles : mapping of str to sequence of str
        Receptors of each target.
    how : str
        As ``ranking.ensemble``: the score of the structure that a ligand fits best, or
        −RT ln of the mean of exp(−E/RT) over the structures that have it. With ``boltzmann`` an
        ensemble that follows no energy is joined by docking.
    """
    if not ensembles:
        return
    con.execute("CREATE TEMP TABLE members_of (ensemble VARCHAR, receptor VARCHAR, place INTEGER)")
    con.execute("CREATE TEMP TABLE followed (ensemble VARCHAR, score VARCHAR, place INTEGER)")
    for place, (ensemble, members) in enumerate(ensembles.items()):
        rows = [(ensemble, name, i) for i, name in enumerate(members)]
        con.executemany("INSERT INTO members_of VALUES (?, ?, ?)", rows)
        score = _followed(con, members, how)
        con.execute("INSERT INTO followed VALUES (?, ?, ?)", [ensemble, score, place])
    con.execute(_CELLS)
    con.execute(_SCORED)
    best = "CASE WHEN sign < 0 THEN least ELSE most END"
    value = _BOLTZMANN if how == "boltzmann" else best
    con.execute("DROP VIEW ensembles")
    con.execute(f"CREATE TABLE ensembles AS {_joined(value)}")


def _followed(con: duckdb.DuckDBPyConnection, members: Sequence[str], how: str) -> str:
    """Column that an ensemble is joined by.

    What its members follow, ΔG where some do; docking, which all have, where they differ else.
    """
    rows = con.execute("SELECT receptor, score FROM orders").fetchall()
    by_member = dict(rows)
    followed = [by_member[name] for name in members]
    if DG.name in followed:
        return DG.name
    first: str = followed[0]
    is_usable = len(set(followed)) == 1 and (how == "best" or first in ENERGIES)
    return first if is_usable else DOCK.name


def _joined(value: str) -> str:
    """Query of the table's rows."""
    return f"""
WITH sizes AS (SELECT ensemble, count(*) AS members FROM members_of GROUP BY ensemble),
valued AS (
    SELECT scored.*, {value} AS value, len(numbers) AS members_scored,
        CASE WHEN len(numbers) > 1 THEN most - least END AS spread,
        coalesce(nullif(named.name, ''), inchikey) AS name, ligands.smiles, label,
        affinity_kcal_mol
    FROM scored
    JOIN members AS named USING (inchikey)
    LEFT JOIN ligands USING (inchikey)
)
SELECT {listed(ENSEMBLES)} FROM (
    SELECT valued.*, sizes.members, followed.place,
        CAST(row_number() OVER (
            PARTITION BY ensemble ORDER BY late, -valued.sign * value NULLS LAST, inchikey
        ) AS INTEGER) AS rank
    FROM valued JOIN sizes USING (ensemble) JOIN followed USING (ensemble)
)
ORDER BY place, rank
"""


def write_ensembles(database: Path, path: Path) -> None:
    """Write the table of a finished database as CSV, whole or not at all.

    Parameters
    ----------
    database : Path
        ``screen.duckdb``.
    path : Path
        ``ensembles.csv`` to write.
    """
    with open_database(database) as con:
        write_csv(con, path, "ensembles", ENSEMBLES, "rowid")
