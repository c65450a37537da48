"""Molecules as counts of their atoms' surroundings: what the surrogate learns from.

A molecule is counted as the circular substructures of up to two bonds about its atoms (Morgan, or
ECFP; Rogers and Hahn 2010, 10.1021/ci100050t). Counts, not bits: a score that is a sum over atoms
is then a sum over columns, and the molecule's size is among them. One column more is the size's
square, for scores that level off as molecules outgrow the pocket.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, rdBase
from rdkit.Chem import rdFingerprintGenerator
from scipy import sparse

from screenmm.core.errors import LigandError, Reason
from screenmm.files.whole import replace_whole
from screenmm.library.rdkit_log import caught_messages
from screenmm.run.shards import write_table

RADIUS = 2
"""Bonds about an atom."""

COLUMNS = 4096
"""Columns that substructures are hashed to."""

MOST = 255
"""Largest count that is kept."""

USUAL_SIZE = 24
SIZE_STEP = 4
"""Heavy atoms of a usual molecule, and by how many sizes commonly differ: they scale the square."""

SCHEMA = pa.schema(
    [
        pa.field("inchikey", pa.string(), nullable=False),
        pa.field("heavy_atoms", pa.uint16(), nullable=False),
        pa.field("columns", pa.list_(pa.uint16()), nullable=False),
        pa.field("counts", pa.list_(pa.uint8()), nullable=False),
    ]
)


@dataclass(frozen=True)
class Features:
    """Some molecules, described.

    Attributes
    ----------
    keys : numpy.ndarray of str, shape (n,)
        Their InChIKeys.
    heavy_atoms : numpy.ndarray of int, shape (n,)
    counts : scipy.sparse.csr_array, shape (n, COLUMNS)
        How often each substructure occurs, as whole numbers in double precision.
    """

    keys: np.ndarray
    heavy_atoms: np.ndarray
    counts: sparse.csr_array

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def design(self) -> sparse.csr_array:
        """What a model is fitted to: the counts and the square of the size, shape (n, COLUMNS + 1).

        All are multiples of a sixteenth, so sums of whole multiples of them are exact.
        """
        square = ((self.heavy_atoms - USUAL_SIZE) / SIZE_STEP) ** 2
        return sparse.csr_array(sparse.hstack([self.counts, square[:, None]], format="csr"))

    def at(self, rows: np.ndarray) -> Features:
        """Those at some places, or where a mask is true."""
        return Features(self.keys[rows], self.heavy_atoms[rows], self.counts[rows])


def describe(smiles: str) -> tuple[int, dict[int, int]]:
    """Count one molecule's heavy atoms and substructures.

    Parameters
    ----------
    smiles : str

    Returns
    -------
    heavy_atoms : int
    counts : dict of int to int
        Column to count, columns ascending.

    Raises
    ------
    LigandError
        RDKit cannot read the SMILES.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles else None
    if mol is None:
        raise _unreadable(smiles)
    found = _GENERATOR.GetCountFingerprint(mol).GetNonzeroElements()
    return mol.GetNumHeavyAtoms(), {each: min(found[each], MOST) for each in sorted(found)}


def _unreadable(smiles: str) -> LigandError:
    with caught_messages() as messages:
        Chem.MolFromSmiles(smiles)
    said = messages[0] if messages else "it is empty"
    return LigandError(
        Reason.INVALID_STRUCTURE,
        f"SMILES {smiles!r} cannot be read ({said}): the molecule cannot be described",
    )


_GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=COLUMNS)


def write_features(path: Path, ligands: Iterable[tuple[str, str]]) -> dict[str, LigandError]:
    """Describe the ligands of a shard and write the file of their features.

    Its rows are ordered by key: the same ligands give the same bytes.

    Parameters
    ----------
    path : Path
        Parquet file to write.
    ligands : iterable of (str, str)
        InChIKey and SMILES of each.

    Returns
    -------
    dict of str to LigandError
        InChIKey to why a ligand is not in the file.
    """
    table, failures = _described(ligands)
    with replace_whole(path) as partial:
        write_table(partial, table)
    return failures


def read_features(path: Path) -> Features:
    """Read a file of features."""
    return _features(pq.read_table(path, schema=SCHEMA))


def features_of(ligands: Iterable[tuple[str, str]]) -> Features:
    """Describe ligands, ordered by key.

    Parameters
    ----------
    ligands : iterable of (str, str)
        InChIKey and SMILES of each.

    Raises
    ------
    LigandError
        RDKit cannot read a SMILES.
    """
    table, failures = _described(ligands)
    for error in failures.values():
        raise error
    return _features(table)


def _described(ligands: Iterable[tuple[str, str]]) -> tuple[pa.Table, dict[str, LigandError]]:
    """Ligands as a table, ordered by key, and why others are not in it."""
    rows: dict[str, tuple[int, dict[int, int]]] = {}
    failures: dict[str, LigandError] = {}
    for key, smiles in ligands:
        try:
            rows[key] = describe(smiles)
        except LigandError as error:
            failures[key] = error
    keys = sorted(rows)
    columns = {
        "inchikey": keys,
        "heavy_atoms": [rows[key][0] for key in keys],
        "columns": [list(rows[key][1]) for key in keys],
        "counts": [list(rows[key][1].values()) for key in keys],
    }
    return pa.table(columns, schema=SCHEMA), failures


def _features(described: pa.Table) -> Features:
    table = described.combine_chunks()
    columns, counts = (table[name].combine_chunks() for name in ("columns", "counts"))
    matrix = sparse.csr_array(
        (
            counts.flatten().to_numpy().astype(np.float64),
            columns.flatten().to_numpy().astype(np.int32),
            columns.offsets.to_numpy(),
        ),
        shape=(len(table), COLUMNS),
    )
    return Features(
        table["inchikey"].to_numpy(), table["heavy_atoms"].to_numpy().astype(np.int64), matrix
    )


@dataclass(frozen=True)
class FeatureFiles:
    """A library's features in files, one for each shard, read one at a time.

    Parameters
    ----------
    paths : sequence of Path
    """

    paths: Sequence[Path]

    def __iter__(self) -> Iterator[Features]:
        return map(read_features, self.paths)


def stacked(parts: Sequence[Features]) -> Features:
    """Give several sets of molecules as one."""
    if not parts:
        nothing = sparse.csr_array((0, COLUMNS), dtype=np.float64)
        return Features(np.array([], dtype=object), np.array([], dtype=np.int64), nothing)
    return Features(
        np.concatenate([each.keys for each in parts]),
        np.concatenate([each.heavy_atoms for each in parts]),
        sparse.csr_array(sparse.vstack([each.counts for each in parts], format="csr")),
    )
