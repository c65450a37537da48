"""The hit table of the page: its columns, its rows and what the details panel shows."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from screenmm.errors import LedgerError
from screenmm.ranking.ranking import COLUMNS
from screenmm.sdf import split_records

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
class Column:
    """A column of the table.

    Attributes
    ----------
    key : str
        Column of ``ranking``.
    label, unit, hint : str
        Heading, the unit below it, and what it means.
    kind : str
        ``number``, ``text`` or ``choice``; decides how it sorts and filters.
    decimals : int
        Of numbers, as shown; exports carry those of ``ranking.csv``.
    shown : bool
        Whether the table begins with it.
    """

    key: str
    label: str
    unit: str = ""
    hint: str = ""
    kind: str = "number"
    decimals: int = 2
    shown: bool = False


KCAL = "kcal/mol"
SHOWN = (
    Column("rank", "Rank", "", "Below it the ranks of repeated minimisations, 95 % interval",
           decimals=0, shown=True),
    Column("name", "Name", kind="text", shown=True),
    Column("dg_mmgbsa_kcal_mol", "ΔG", KCAL, "MM/GBSA energy; lower is better", shown=True),
    Column("vdw_kcal_mol", "vdW", KCAL, "Van der Waals term of ΔG", decimals=1),
    Column("coulomb_kcal_mol", "Coulomb", KCAL, "Coulomb term of ΔG", decimals=1),
    Column("gb_kcal_mol", "GB", KCAL, "Polar solvation term of ΔG", decimals=1),
    Column("sa_kcal_mol", "Surface", KCAL, "Nonpolar solvation term of ΔG", decimals=1),
    Column("strain_kcal_mol", "Strain", KCAL, "What the ligand's shape costs", decimals=1),
    Column("dg_sd_kcal_mol", "ΔG spread", KCAL, "Standard deviation of repeated minimisations"),
    Column("main_residues", "Main residues", KCAL, "Residues that add most to ΔG", "text",
           shown=True),
    Column("interactions", "Interactions", "", "ProLIF: kind and residue", "text", shown=True),
    Column("pose_checks_failed", "Checks failed", "", "PoseBusters checks the pose fails", "text",
           shown=True),
    Column("dock_score_kcal_mol", "Docking", KCAL, "Lower is better", shown=True),
    Column("cnn_score", "CNN score", "0 to 1", "Chance that the pose is good; higher is better"),
    Column("cnn_affinity_pk", "CNN affinity", "pK", "Higher is better", shown=True),
    Column("ligand_efficiency_kcal_mol", "LE", "kcal/mol/atom", "ΔG per heavy atom", shown=True),
    Column("dg_size_corrected_kcal_mol", "ΔG, size-corrected", KCAL,
           "ΔG per cube root of the heavy atoms"),
    Column("consensus_ecr", "Consensus", "ECR", "Exponential consensus rank; higher is better",
           decimals=3),
    Column("consensus_mean_rank", "Mean rank", "", "Mean of the scores' ranks; lower is better",
           decimals=1),
    Column("consensus_z", "Consensus", "z", "Mean z-score; higher is better"),
    Column("heavy_atoms", "Atoms", "heavy", decimals=0, shown=True),
    Column("molecular_weight", "MW", "g/mol", "Molecular weight of the parent", decimals=1),
    Column("formal_charge", "Charge", "e", "Net charge of the docked state", decimals=0),
    Column("label", "Label", "", "As the library says: 1 active, 0 inactive", "choice",
           decimals=0),
    Column("affinity_kcal_mol", "Measured", KCAL, "Measured affinity, from the library",
           shown=True),
    Column("minimisation", "Minimisation", "", "How it ended", "choice"),
    Column("records", "Records", "", "Library records of this ligand", decimals=0),
    Column("inchikey", "InChIKey", "", "A fourth block tells stereo groups apart", "text"),
    Column("smiles", "SMILES", "", "Of the parent", "text"),
    Column("state_smiles", "SMILES, docked", "", "Of the docked state", "text"),
    Column("aliases", "Also named", "", "Names of the ligand's other records", "text"),
)  # fmt: skip


@dataclass
class HitTable:
    """One receptor's table.

    Attributes
    ----------
    receptor : str
        Its name.
    ranked : int
        Ligands ranked for it, of which ``rows`` are in the page.
    columns : list of Column
        Those that have a value.
    values : dict
        Column of ``ranking`` to its values, in rank order.
    details : list
        Per row, what the details panel shows beside the columns.
    poses : list of str or None
        Per row, the mol block of the minimised pose, as in ``hits.sdf`` after its title.
    """

    receptor: str
    ranked: int
    columns: list[Column]
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
            "columns": [asdict(column) for column in self.columns],
            "csv": list(COLUMNS.items()),
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


def _values(con: duckdb.DuckDBPyConnection, receptor: str, limit: int) -> dict[str, list[Any]]:
    """Columns in rank order, those of ``ranking.csv`` and the pose's state."""
    cursor = con.execute(
        f"SELECT {', '.join(COLUMNS)} FROM ranking WHERE receptor = ? AND rank <= ? ORDER BY rank",
        [receptor, limit],
    )
    rows = cursor.fetchall()
    return {
        name: [_number(row[i], decimals) for row in rows]
        for i, (name, decimals) in enumerate(COLUMNS.items())
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
SELECT rank, residue, kind, distance_angstrom, ligand_atoms
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
        Written by :func:`screenmm.ranking.hits.write_hits`.
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
    values = _values(con, receptor, limit)
    ranks = values["rank"]
    for column in SHOWN:
        values.setdefault(column.key, [None] * len(ranks))
    return HitTable(
        receptor=receptor,
        ranked=ranked,
        columns=[c for c in SHOWN if any(value is not None for value in values[c.key])],
        values=values,
        details=_details(con, receptor, ranks),
        poses=[poses.get((receptor, rank)) for rank in ranks],
    )
