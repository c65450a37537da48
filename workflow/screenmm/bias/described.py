"""The records of a library as they were read: properties, chemotypes, scaffolds.

Structures come from the shards of records, so failed and filtered records are described like
all others, salts and counterions included. A scaffold is that of the largest component, with
its charges neutralised: the salt of a molecule has the molecule's scaffold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors as D
from rdkit.Chem.MolStandardize import rdMolStandardize
from rdkit.Chem.Scaffolds import MurckoScaffold

from screenmm.bias.chemotypes import CHEMOTYPES, chemotypes
from screenmm.core.errors import LigandError, Reason
from screenmm.library.standardise import read_molecule
from screenmm.results.parts import PROPOSED_RECORDS, quoted

SAMPLE = 20_000
"""Records up to which all are described; of a larger library, so many, chosen by their key."""

MOST_ATOMS = 2000
"""Largest structure that is read."""

BATCH = 2000

SLOW = (Reason.TIME_LIMIT, Reason.WORKER_DIED)
"""Structures that standardisation gave up for these reasons are not read again."""


@dataclass(frozen=True, slots=True)
class Property:
    """A property of a molecule.

    Attributes
    ----------
    words, unit : str
    edges : tuple of float
        Inner edges of its bins; the first and the last bin are open. A value on an edge
        belongs to the bin above.
    of : callable
    """

    words: str
    unit: str
    edges: tuple[float, ...]
    of: Callable[[Chem.Mol], float]


def _steps(first: float, last: float, step: float) -> tuple[float, ...]:
    count = round((last - first) / step) + 1
    return tuple(round(first + i * step, 6) for i in range(count))


PROPERTIES: dict[str, Property] = {
    "molecular_weight": Property("molecular weight", "g/mol", _steps(50, 800, 50), D._CalcMolWt),
    "heavy_atoms": Property("heavy atoms", "", _steps(5, 60, 5), Chem.Mol.GetNumHeavyAtoms),
    "logp": Property("logP", "", _steps(-4, 8, 1), lambda mol: D.CalcCrippenDescriptors(mol)[0]),
    "tpsa": Property("polar surface", "Å²", _steps(20, 220, 20), D.CalcTPSA),
    "formal_charge": Property("net charge", "", _steps(-1.5, 1.5, 1), Chem.GetFormalCharge),
    "rotatable_bonds": Property(
        "rotatable bonds", "", _steps(0.5, 14.5, 1), D.CalcNumRotatableBonds
    ),
    "hbond_donors": Property("H-bond donors", "", _steps(0.5, 7.5, 1), D.CalcNumLipinskiHBD),
    "hbond_acceptors": Property("H-bond acceptors", "", _steps(0.5, 14.5, 1), D.CalcNumLipinskiHBA),
    "fraction_sp3": Property("sp³ share of carbons", "", _steps(0.1, 0.9, 0.1), D.CalcFractionCSP3),
    "rings": Property("rings", "", _steps(0.5, 7.5, 1), D.CalcNumRings),
}
"""Donors and acceptors are Lipinski's counts, as in the filters of the config."""


@dataclass(frozen=True)
class Described:
    """What was read of some records.

    Attributes
    ----------
    records : list of str
        Sorted.
    total : int
        Records of the library.
    values : numpy.ndarray, shape (n, properties)
        NaN in the rows of records without a readable structure.
    members : numpy.ndarray of bool, shape (n, chemotypes)
    scaffolds : list of str or None
        SMILES; empty for a molecule without rings, None for no structure.
    """

    records: list[str]
    total: int
    values: np.ndarray
    members: np.ndarray
    scaffolds: list[str | None]

    @property
    def read(self) -> np.ndarray:
        """Whether each record's structure could be read."""
        return np.isfinite(self.values).all(axis=1)

    def column(self, name: str) -> np.ndarray:
        """Values of a property."""
        values: np.ndarray = self.values[:, list(PROPERTIES).index(name)]
        return values


def scaffold(mol: Chem.Mol) -> str:
    """Bemis–Murcko scaffold of a molecule's largest component, as SMILES; empty without rings."""
    with rdBase.BlockLogs():
        main = mol
        if len(Chem.GetMolFrags(mol)) > 1:
            parts = Chem.GetMolFrags(mol, asMols=True)
            main = max(parts, key=lambda part: (part.GetNumHeavyAtoms(), Chem.MolToSmiles(part)))
        if main.GetRingInfo().NumRings() == 0:
            return ""
        if any(main.GetAtomWithIdx(i).GetFormalCharge() for i in range(main.GetNumAtoms())):
            main = _uncharger().uncharge(main)
        core = MurckoScaffold.GetScaffoldForMol(main)
        return Chem.MolToSmiles(core, isomericSmiles=False)


def scaffold_of(smiles: str) -> str | None:
    """Scaffold of a ligand; None for one that cannot be read."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    return None if mol is None else scaffold(mol)


@cache
def _uncharger() -> rdMolStandardize.Uncharger:
    return rdMolStandardize.Uncharger()


def _describe(structure: str, kind: str) -> tuple[list[float], tuple[bool, ...], str] | None:
    """Describe a structure; None for one that cannot be read."""
    try:
        mol = read_molecule(structure, kind, MOST_ATOMS)
        with rdBase.BlockLogs():
            values = [float(each.of(mol)) for each in PROPERTIES.values()]
        return (values, chemotypes(mol), scaffold(mol)) if np.isfinite(values).all() else None
    except (LigandError, ValueError, RuntimeError):
        # RDKit's C++ exceptions are among the last two
        return None


def describe_records(con: duckdb.DuckDBPyConnection, shards: Sequence[Path]) -> Described:
    """Describe the records of a library, or a sample of them.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``sources`` and ``events``.
    shards : sequence of Path
        Shards of records.
    """
    chosen = f"SELECT record FROM sources ANTI JOIN ({PROPOSED_RECORDS}) USING (record)"
    total = con.execute(f"SELECT count(*) FROM ({chosen})").fetchall()[0][0]
    if total > SAMPLE:
        chosen += f" ORDER BY md5(record), record LIMIT {SAMPLE}"
    slow = ", ".join(quoted(reason) for reason in SLOW)
    files = ", ".join(quoted(path) for path in shards)
    cursor = con.cursor()
    if files:
        cursor.execute(
            f"SELECT record, kind, structure FROM read_parquet([{files}]) "
            f"SEMI JOIN ({chosen}) USING (record) "
            "ANTI JOIN (SELECT record FROM events WHERE stage = 'standardise' "
            f"AND reason IN ({slow})) USING (record)"
        )
    records = [
        row[0] for row in con.execute(f"SELECT record FROM ({chosen}) ORDER BY record").fetchall()
    ]
    row_of = {record: i for i, record in enumerate(records)}
    values = np.full((len(records), len(PROPERTIES)), np.nan)
    members = np.zeros((len(records), len(CHEMOTYPES)), dtype=bool)
    scaffolds: list[str | None] = [None] * len(records)
    while files and (rows := cursor.fetchmany(BATCH)):
        for record, kind, structure in rows:
            found = _describe(structure, kind)
            if found is not None:
                i = row_of[record]
                values[i], members[i], scaffolds[i] = found
    return Described(records, total, values, members, scaffolds)
