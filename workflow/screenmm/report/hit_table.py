"""The hit table of the page: its columns, its rows and what the details panel shows."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb

from screenmm.core.columns import Column
from screenmm.core.errors import LedgerError
from screenmm.files.sdf import split_records
from screenmm.results.columns import own_scores, ranking_columns
from screenmm.tables.dictionary import (
    AFFINITY,
    ALIASES,
    CHARGE,
    CHECKS_FAILED,
    CNN_AFFINITY,
    CNN_AFFINITY_MINIMISED,
    CNN_SCORE,
    CNN_SCORE_MINIMISED,
    CNN_VS,
    COULOMB,
    DG,
    DG_SD,
    DOCK,
    ECR,
    EFFICIENCY,
    EFFORT,
    ENGINE,
    GB,
    HEAVY_ATOMS,
    INCHIKEY,
    INTERACTIONS_TEXT,
    KCAL,
    LABEL,
    MAIN_RESIDUES,
    MEAN_RANK,
    MINIMISATION,
    NAME,
    ORIGIN,
    POCKET_PLDDT,
    RANK,
    RANKED_BY,
    RECORD_COUNT,
    SA,
    SIZE_CORRECTED,
    SMILES,
    STATE_SMILES,
    STRAIN,
    TEMPLATE,
    TIER,
    VDW,
    WEIGHT,
    Z,
    listed,
)  # fmt: skip

CHUNK = 50
"""Ligands per packed block: about a screenful of the table."""

MAX_RESIDUES = 20
"""Residues in a ligand's bar chart: those that add most, of either sign."""

MAX_RECORDS = 20
"""Library records listed for one ligand."""

Row = dict[str, Any]

_RECEPTOR = re.compile(r"^> +<receptor>\n(.+)$", re.MULTILINE)
_RANK = re.compile(r"^> +<rank>\n(\d+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Shown:
    """How the table shows a column of the ranking.

    Attributes
    ----------
    column : Column
        What it is; its meaning is told where the pointer rests.
    label : str
        Heading, short.
    kind : str
        ``number``, ``text`` or ``choice``; decides how it sorts and filters.
    decimals : int
        Of numbers, as shown; exports carry those of ``ranking.csv``.
    first : bool
        Whether the table begins with it.
    details : bool
        Whether its value stands at the head of a ligand's details, too.
    unit : str or None
        Below the heading; None: the column's own.
    """

    column: Column
    label: str
    kind: str = "number"
    decimals: int = 2
    first: bool = False
    details: bool = False
    unit: str | None = None

    def told(self) -> Row:
        """As the page's scripts read it."""
        return {
            "key": self.column.name,
            "label": self.label,
            "unit": self.column.unit if self.unit is None else self.unit,
            "hint": self.column.meaning,
            "kind": self.kind,
            "decimals": self.decimals,
            "shown": self.first,
            "details": [self.column.words, self.column.unit] if self.details else None,
        }


_BEFORE = (
    Shown(RANK, "Rank", decimals=0, first=True),
    Shown(NAME, "Name", "text", first=True),
    Shown(DG, "ΔG", first=True, details=True),
    Shown(VDW, "vdW", decimals=1),
    Shown(COULOMB, "Coulomb", decimals=1),
    Shown(GB, "GB", decimals=1),
    Shown(SA, "Surface", decimals=1),
    Shown(STRAIN, "Strain", decimals=1),
    Shown(DG_SD, "ΔG spread", details=True),
    Shown(MAIN_RESIDUES, "Main residues", "text", first=True, unit=KCAL),
    Shown(INTERACTIONS_TEXT, "Interactions", "text", first=True),
    Shown(CHECKS_FAILED, "Checks failed", "text", first=True),
    Shown(DOCK, "Docking", first=True, details=True),
    Shown(CNN_SCORE, "CNN score", details=True, unit="0 to 1"),
    Shown(CNN_AFFINITY, "CNN affinity", first=True, details=True),
)
_AFTER = (
    Shown(CNN_SCORE_MINIMISED, "CNN score, minimised", details=True, unit="0 to 1"),
    Shown(CNN_AFFINITY_MINIMISED, "CNN affinity, minimised", details=True),
    Shown(CNN_VS, "CNN score × affinity", unit="pK"),
    Shown(EFFICIENCY, "LE", first=True, details=True),
    Shown(SIZE_CORRECTED, "ΔG, size-corrected"),
    Shown(ECR, "Consensus", decimals=3, details=True, unit="ECR"),
    Shown(MEAN_RANK, "Mean rank", decimals=1),
    Shown(Z, "Consensus", unit="z"),
    Shown(HEAVY_ATOMS, "Atoms", decimals=0, first=True, details=True, unit="heavy"),
    Shown(WEIGHT, "MW", decimals=1, details=True),
    Shown(CHARGE, "Charge", decimals=0, details=True),
    Shown(LABEL, "Label", "choice", decimals=0),
    Shown(AFFINITY, "Measured", first=True, details=True),
    Shown(ORIGIN, "Origin", "choice", details=True),
    Shown(TEMPLATE, "Template", "text", details=True),
    Shown(RANKED_BY, "Ranked by", "choice", details=True),
    Shown(MINIMISATION, "Minimisation", "choice"),
    Shown(ENGINE, "Engine", "choice"),
    Shown(TIER, "Tier", "choice", decimals=0, details=True),
    Shown(EFFORT, "Effort", "choice"),
    Shown(RECORD_COUNT, "Records", decimals=0),
    Shown(INCHIKEY, "InChIKey", "text"),
    Shown(SMILES, "SMILES", "text"),
    Shown(STATE_SMILES, "SMILES, docked", "text"),
    Shown(ALIASES, "Also named", "text"),
    Shown(POCKET_PLDDT, "Pocket pLDDT", decimals=0, details=True),
)


def shown(own: Iterable[Column]) -> tuple[Shown, ...]:
    """Columns of the table in order; ``own`` are the scores that only the run's engine gives."""
    return (*_BEFORE, *(Shown(each, each.words, first=True, details=True) for each in own), *_AFTER)


@dataclass
class HitTable:
    """One receptor's table.

    Attributes
    ----------
    receptor : str
        Its name.
    ranked : int
        Ligands ranked for it, of which ``rows`` are in the page.
    shown : list of Shown
        Columns that have a value.
    csv : tuple of Column
        Columns of ``ranking.csv``, which exports carry.
    values : dict
        Column of ``ranking`` to its values, in rank order.
    details : list
        Per row, what the details panel shows beside the columns.
    poses : list of str or None
        Per row, the mol block of the minimised pose, as in ``hits.sdf`` after its title.
    """

    receptor: str
    ranked: int
    shown: list[Shown]
    csv: tuple[Column, ...]
    values: dict[str, list[Any]]
    details: list[Row] = field(default_factory=list)
    poses: list[str | None] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows in the page."""
        return len(self.values["rank"])

    def head(self) -> Row:
        """Everything but the columns' values, details and poses."""
        return {
            "receptor": self.receptor,
            "ranked": self.ranked,
            "columns": [each.told() for each in self.shown],
            "csv": [(each.name, each.decimals) for each in self.csv],
            "posed": [pose is not None for pose in self.poses],
        }


def has_table(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the database has a table or view; those of an older version may lack some."""
    found = con.execute("SELECT 1 FROM duckdb_columns() WHERE table_name = ? LIMIT 1", [name])
    return found.fetchone() is not None


def _number(value: Any, decimals: int | None) -> Any:
    """A value as ``ranking.csv`` has it; null for what is no number."""
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        return None
    return round(value, 6 if decimals is None else decimals) + 0.0


def _values(
    con: duckdb.DuckDBPyConnection, columns: Sequence[Column], receptor: str, limit: int
) -> dict[str, list[Any]]:
    """Values of columns, in rank order."""
    cursor = con.execute(
        f"SELECT {listed(columns)} FROM ranking WHERE receptor = ? AND rank <= ? ORDER BY rank",
        [receptor, limit],
    )
    rows = cursor.fetchall()
    return {
        each.name: [_number(row[i], each.decimals) for row in rows]
        for i, each in enumerate(columns)
    }


# The ranked pose of each row of the table.
_TOP = (
    "(SELECT rank, receptor, inchikey, state, pose FROM ranking WHERE receptor = $receptor "
    "AND rank <= $limit)"
)
_RECORDS = f"""
SELECT rank, file, position, name, label, affinity_kcal_mol FROM (
    SELECT *, row_number() OVER (PARTITION BY rank ORDER BY ordinal) AS place
    FROM {_TOP} JOIN membership USING (inchikey) JOIN sources USING (record)
) WHERE place <= {MAX_RECORDS} ORDER BY rank, place
"""
_RESIDUES = f"""
SELECT rank, residue, total_kcal_mol, vdw_kcal_mol, coulomb_kcal_mol + gb_kcal_mol, sa_kcal_mol
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY rank ORDER BY abs(total_kcal_mol) DESC, residue
    ) AS place
    FROM {_TOP} JOIN residue_energies USING (receptor, inchikey, state, pose)
    WHERE isfinite(total_kcal_mol) AND abs(total_kcal_mol) >= 0.05
) WHERE place <= {MAX_RESIDUES} ORDER BY rank, place
"""
_SCORES = f"""
SELECT rank, rmsd_angstrom, iterations, platform
FROM {_TOP} JOIN scores USING (receptor, inchikey, state, pose) ORDER BY rank
"""
_CHECKS = f"""
SELECT rank, check_name, passed FROM {_TOP} JOIN checks USING (receptor, inchikey, state, pose)
ORDER BY rank, check_name
"""
_INTERACTIONS = f"""
SELECT rank, residue, kind, distance_angstrom, ligand_atoms, CASE WHEN doubtful THEN plddt END
FROM {_TOP} JOIN interactions USING (receptor, inchikey, state, pose)
ORDER BY rank, kind, residue, distance_angstrom
"""

QUERIES = {
    "records": ("sources", _RECORDS),
    "residues": ("residue_energies", _RESIDUES),
    "scores": ("scores", _SCORES),
    "checks": ("checks", _CHECKS),
    "interactions": ("interactions", _INTERACTIONS),
}
"""Part of the details to the table it needs and its query; the rank comes first."""


def _by_rank(
    con: duckdb.DuckDBPyConnection, table: str, query: str, receptor: str, limit: int
) -> dict[int, list[list[Any]]]:
    """Rows of a query by rank, numbers rounded for the page."""
    found: dict[int, list[list[Any]]] = defaultdict(list)
    if has_table(con, table):
        cursor = con.execute(query, {"receptor": receptor, "limit": limit})
        while batch := cursor.fetchmany(10_000):
            for rank, *values in batch:
                found[rank].append([_number(value, 3) for value in values])
    return found


def _details(
    con: duckdb.DuckDBPyConnection, receptor: str, ranks: Sequence[int]
) -> list[dict[str, Any]]:
    limit = max(ranks, default=0)
    parts = {
        part: _by_rank(con, table, query, receptor, limit)
        for part, (table, query) in QUERIES.items()
    }
    return [{part: found.get(rank, []) for part, found in parts.items()} for rank in ranks]


def read_poses(hits: Path, limit: int) -> dict[tuple[str, int], str]:
    """Read the mol blocks of ``hits.sdf``, without titles, by receptor and rank.

    Parameters
    ----------
    hits : Path
        Written by :func:`screenmm.exports.hits.write_hits`.
    limit : int
        Last rank to read.
    """
    found: dict[tuple[str, int], str] = {}
    for text in split_records(hits):
        block, end, tags = text.partition("M  END\n")
        receptor, rank = _RECEPTOR.search(tags), _RANK.search(tags)
        if not end or receptor is None or rank is None:
            raise LedgerError(f"{hits}: a record has no end of structure, receptor or rank")
        if int(rank.group(1)) <= limit:
            _, _, body = block.partition("\n")
            found[receptor.group(1), int(rank.group(1))] = body + end
    return found


def _told_apart(columns: Sequence[Shown], values: Mapping[str, Sequence[Any]]) -> list[Shown]:
    """Put behind the name what tells a table's poses apart: origin and tier."""
    apart = [
        each
        for each in columns
        if each.column in (ORIGIN, TIER) and len(set(values[each.column.name])) > 1
    ]
    rest = [each for each in columns if each not in apart]
    place = sum(each.column in (RANK, NAME) for each in rest)
    return [*rest[:place], *(replace(each, first=True) for each in apart), *rest[place:]]


def hit_table(
    con: duckdb.DuckDBPyConnection,
    receptor: str,
    ranked: int,
    limit: int,
    poses: dict[tuple[str, int], str],
) -> HitTable:
    """Gather one receptor's table.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With the tables of ``screen.duckdb``.
    receptor : str
        Its name.
    ranked : int
        Ligands ranked for it.
    limit : int
        Rows at most.
    poses : dict
        From :func:`read_poses`.
    """
    columns = ranking_columns(con)
    values = _values(con, columns, receptor, limit)
    ranks = values["rank"]
    return HitTable(
        receptor=receptor,
        ranked=ranked,
        shown=_told_apart(
            [
                each
                for each in shown(own_scores(con))
                if any(value is not None for value in values.get(each.column.name, ()))
            ],
            values,
        ),
        csv=columns,
        values=values,
        details=_details(con, receptor, ranks),
        poses=[poses.get((receptor, rank)) for rank in ranks],
    )
