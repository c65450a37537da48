"""Docked molecules of a campaign with what is known of each, and the lineage of those proposed."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from screenmm.core.errors import ConfigError, LigandError
from screenmm.generation.accessibility import sa_score
from screenmm.rounds.known import How
from screenmm.tables.dictionary import (
    AFFINITY,
    CHARGE,
    CHECKS_FAILED,
    HEAVY_ATOMS,
    INCHIKEY,
    INTERVALS,
    LABEL,
    LINEAGE,
    NAME,
    RANK,
    SMILES,
    STRAIN,
    Columns,
    listed,
)

_OF_RANKING: Columns = (
    RANK, *INTERVALS[1:], NAME, SMILES, LABEL, AFFINITY, HEAVY_ATOMS, CHARGE, STRAIN, CHECKS_FAILED,
)  # fmt: skip
"""Of the ranking, in the order of the attributes of a :class:`Molecule`."""


@dataclass(frozen=True, slots=True)
class Molecule:
    """A molecule that was docked, with what a receptor's ranking says of it.

    Attributes
    ----------
    key : str
        InChIKey.
    drawn : How or None
        Why it came into a batch; None: it is of none.
    round : int or None
        Its batch.
    value : float or None
        What the ranking follows, larger being better.
    rank, low, high : int or None
        With the 95 % interval; None where there is none.
    name, smiles, label, affinity_kcal_mol, heavy_atoms, formal_charge, strain_kcal_mol
        As in the ranking.
    checks_failed : str or None
        Checks that its pose failed; None where it was not inspected.
    """

    key: str
    drawn: How | None = None
    round: int | None = None
    value: float | None = None
    rank: int | None = None
    low: int | None = None
    high: int | None = None
    name: str | None = None
    smiles: str | None = None
    label: int | None = None
    affinity_kcal_mol: float | None = None
    heavy_atoms: int | None = None
    formal_charge: int | None = None
    strain_kcal_mol: float | None = None
    checks_failed: str | None = None

    @property
    def checks_pass(self) -> bool | None:
        """Whether its pose passes all checks; None where it was not inspected."""
        return None if self.checks_failed is None else not self.checks_failed


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a proposal came from, by one arm: a row of the table ``lineage``."""

    inchikey: str
    record: str
    arm: str
    proposer: str
    operation: str
    parents: list[str] | None
    reaction: str | None
    blocks: list[str] | None
    proposed_in: int
    proposer_seed: int | None
    sa_score: float | None
    route: str | None
    similarity: float | None
    nearest: str | None


def molecules(
    con: duckdb.DuckDBPyConnection, receptor: str, column: str, better: int
) -> list[Molecule]:
    """Read every molecule of a batch or of the ranking of a receptor, in the order of their keys.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``batches`` and ``ranking``.
    receptor : str
    column : str
        Column that the ranking follows.
    better : int
        1 where larger is better, else -1.
    """
    rows = con.execute(
        f"""
        WITH own AS (SELECT * FROM ranking WHERE receptor = ?)
        SELECT {INCHIKEY.name}, drawn, round,
            CASE WHEN isfinite({column}) THEN ? * CAST({column} AS DOUBLE) END AS followed,
            {listed(_OF_RANKING)}
        FROM batches FULL JOIN own USING (inchikey)
        ORDER BY inchikey
        """,
        [receptor, better],
    ).fetchall()
    return [
        Molecule(key, None if drawn is None else How(drawn), *known) for key, drawn, *known in rows
    ]


def some_of(own: Iterable[Molecule], most: int) -> list[Molecule]:
    """At most so many of molecules, chosen by the hash of their keys, never by order."""
    return sorted(own, key=lambda each: hashlib.sha256(each.key.encode()).digest())[:most]


def lineage(con: duckdb.DuckDBPyConnection) -> list[Origin]:
    """Read where the proposals came from; nothing where the run has no such table."""
    there = con.execute(
        "SELECT count(*) FROM information_schema.tables WHERE table_name = 'lineage'"
    ).fetchall()[0][0]
    if not there:
        return []
    rows = con.execute(
        f"SELECT {listed(LINEAGE)} FROM lineage ORDER BY inchikey, arm DESC"
    ).fetchall()
    return [Origin(*row) for row in rows]


def origins(rows: Iterable[Origin], drawn: Mapping[str, How]) -> dict[str, Origin]:
    """Of each proposal, how the arm that chose it came to it.

    Parameters
    ----------
    rows : iterable of Origin
        From :func:`lineage`.
    drawn : mapping of str to How
        Of the docked molecules. What both arms chose, and what none did, is told as the learned
        arm came to it, if it did.
    """
    found: dict[str, Origin] = {}
    for row in rows:
        wanted = "blind" if drawn.get(row.inchikey) is How.BLIND else "learned"
        if row.inchikey not in found or row.arm == wanted:
            found[row.inchikey] = row
    return found


def names_of(con: duckdb.DuckDBPyConnection, keys: Collection[str]) -> dict[str, str]:
    """Name of each molecule: of its first record, else its InChIKey."""
    rows = con.execute(
        "SELECT inchikey, arg_min(coalesce(nullif(name, ''), inchikey), ordinal) "
        "FROM membership JOIN sources USING (record) "
        "WHERE inchikey IN (SELECT unnest(?::VARCHAR[])) GROUP BY inchikey",
        [sorted(keys)],
    ).fetchall()
    return {key: key for key in keys} | dict(rows)


def smiles_of(con: duckdb.DuckDBPyConnection, keys: Collection[str]) -> dict[str, str]:
    """SMILES of each molecule that was prepared."""
    rows = con.execute(
        "SELECT inchikey, any_value(smiles) FROM ligands "
        "WHERE inchikey IN (SELECT unnest(?::VARCHAR[])) GROUP BY inchikey",
        [sorted(keys)],
    ).fetchall()
    return dict(rows)


def logp_of(smiles: Sequence[str | None]) -> list[float | None]:
    """Crippen's logP; None for what RDKit cannot read."""
    with rdBase.BlockLogs():
        mols = [Chem.MolFromSmiles(each) if each else None for each in smiles]
        return [
            None if mol is None else float(rdMolDescriptors.CalcCrippenDescriptors(mol)[0])
            for mol in mols
        ]


@cache
def sa_score_of(smiles: str | None) -> float | None:
    """SA score; None for what RDKit cannot read, or without RDKit's contributions."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles else None
    try:
        return None if mol is None else sa_score(mol)
    except (ConfigError, LigandError):
        return None
