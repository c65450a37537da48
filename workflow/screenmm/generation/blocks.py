"""Building blocks: read, made neutral, and found by the roles that they can play in reactions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, DataStructs, rdBase
from rdkit.Chem import rdFingerprintGenerator
from rdkit.Chem.MolStandardize import rdMolStandardize

from screenmm.config.settings import Library, LibraryFile, Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.files.whole import replace_whole
from screenmm.generation.reactions import (
    ELEMENT,
    INCOMPATIBLE,
    NO_GROUP,
    SEVERAL_GROUPS,
    Reaction,
    cuts_of,
    named_reactions,
    read_molecule,
)
from screenmm.library.readers import BROKEN, SMILES, Seen, read_library_file
from screenmm.library.standardise import standardise
from screenmm.library.stereo import write_smiles
from screenmm.run.shards import write_table

MOST_BLOCK_ATOMS = 40
"""Heavy atoms of the largest block; what is made of it should still be a drug."""
BITS = 2048
RADIUS = 2

REPEATED = "the same as another block"
LARGE = f"more than {MOST_BLOCK_ATOMS} heavy atoms"

_FAULTS = (INCOMPATIBLE, SEVERAL_GROUPS, ELEMENT, NO_GROUP)
"""Of a block that fits no role that comes first which was nearest to fit."""
_CHARGE = re.compile(r"[+\-]\d*(?::\d+)?\]")
_NITRO = "[N+](=O)[O-]"
_ROLE = pa.struct([("reaction", pa.string()), ("place", pa.int32())])
INDEXED = pa.schema([("smiles", pa.string()), ("name", pa.string()), ("roles", pa.list_(_ROLE))])
_PRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=RADIUS, fpSize=BITS)


@dataclass(frozen=True)
class Blocks:
    """Building blocks by their roles; made by :func:`index_blocks`.

    Parameters
    ----------
    reactions : tuple of Reaction
    smiles : tuple of str
        Of the blocks that fit a role, each once, in the order of the text.
    names : tuple of str
        Their names; of equal blocks the first name in the order of the text.
    members : mapping of (str, int) to numpy.ndarray of int
        Reaction and place of the role, 0 or 1, to places in ``smiles``, ascending.
    refused : mapping of str to int
        Why other blocks are not among them, and how many.
    """

    reactions: tuple[Reaction, ...]
    smiles: tuple[str, ...]
    names: tuple[str, ...]
    members: Mapping[tuple[str, int], np.ndarray]
    refused: Mapping[str, int]
    _prints: dict[int, DataStructs.ExplicitBitVect] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.smiles)

    def __contains__(self, smiles: object) -> bool:
        return smiles in self.places

    @cached_property
    def places(self) -> dict[str, int]:
        """Place of each block by its SMILES."""
        return {smiles: place for place, smiles in enumerate(self.smiles)}

    def of(self, reaction: str, place: int) -> np.ndarray:
        """Places of the blocks that fit a role.

        Parameters
        ----------
        reaction : str
            Name.
        place : int
            Of the role, 0 or 1.
        """
        return self.members.get((reaction, place), np.array([], dtype=np.int64))

    def similarity(self, smiles: str, rows: np.ndarray) -> np.ndarray:
        """Tanimoto similarity of a molecule to some blocks, shape ``(len(rows),)``.

        Over circular substructures of up to two bonds (Rogers and Hahn 2010, 10.1021/ci100050t).
        The blocks' fingerprints are made when they are first needed, and kept.
        """
        wanted = _fingerprint(smiles)
        for row in rows.tolist():
            if row not in self._prints:
                self._prints[row] = _fingerprint(self.smiles[row])
        prints = [self._prints[row] for row in rows.tolist()]
        return np.array(DataStructs.BulkTanimotoSimilarity(wanted, prints))


def _fingerprint(smiles: str) -> DataStructs.ExplicitBitVect:
    return _PRINTS.GetFingerprint(read_molecule(smiles))


def read_blocks(path: Path) -> Iterator[tuple[str, str]]:
    """Read SMILES and names of a file of blocks, as of a library: .smi, .csv, .parquet and so on.

    Parameters
    ----------
    path : Path
        A table needs a column ``smiles``.

    Yields
    ------
    (str, str)
        SMILES as given, empty where the line cannot be read, and name.

    Raises
    ------
    LibraryError
        The file cannot be read as a whole.
    """
    file = LibraryFile(path=path)
    settings = Library(files=[file])
    for entry in read_library_file(file, settings, Seen()):
        yield _as_smiles(entry.kind, entry.structure), entry.name


def _as_smiles(kind: str, structure: str) -> str:
    """SMILES of a record; empty: it holds no molecule."""
    if kind == SMILES:
        return structure
    if kind == BROKEN:
        return ""
    with rdBase.BlockLogs():
        mol = Chem.MolFromMolBlock(structure)
    return "" if mol is None else Chem.MolToSmiles(mol)


def index_blocks(
    rows: Iterable[tuple[str, str]], reactions: Sequence[Reaction] | None = None
) -> Blocks:
    """Find the roles of blocks.

    Parameters
    ----------
    rows : iterable of (str, str)
        SMILES and name of each; their order does not matter.
    reactions : sequence of Reaction, optional
        Default: those of the package.

    Returns
    -------
    Blocks
    """
    reactions = named_reactions() if reactions is None else tuple(reactions)
    roles: dict[str, list[tuple[str, int]]] = {}
    names: dict[str, str] = {}
    refused: Counter[str] = Counter()
    for smiles, name in rows:
        try:
            block, mol = _standard(smiles)
        except LigandError as error:
            refused[LARGE if error.reason == Reason.TOO_LARGE else str(error.reason)] += 1
            continue
        except (ValueError, RuntimeError):
            # RDKit's C++ exceptions: InvariantException and the like
            refused[str(Reason.STANDARDISATION_FAILED)] += 1
            continue
        if block in names:
            refused[REPEATED] += 1
            names[block] = min(names[block], name)
            continue
        names[block] = name
        roles[block], fault = _roles(mol, reactions)
        if fault:
            refused[fault] += 1
    smiles_in_order = sorted(block for block, found in roles.items() if found)
    members: dict[tuple[str, int], list[int]] = {}
    for place, block in enumerate(smiles_in_order):
        for role in roles[block]:
            members.setdefault(role, []).append(place)
    return Blocks(
        reactions,
        tuple(smiles_in_order),
        tuple(names[block] for block in smiles_in_order),
        {role: np.array(found, dtype=np.int64) for role, found in members.items()},
        dict(sorted(refused.items())),
    )


def write_indexed(blocks: Blocks, path: Path) -> None:
    """Write blocks with their roles, so that nobody looks for these again.

    Parameters
    ----------
    blocks : Blocks
    path : Path
        Parquet file to write.
    """
    roles: list[list[dict[str, Any]]] = [[] for _ in blocks.smiles]
    for (reaction, place), rows in sorted(blocks.members.items()):
        for row in rows.tolist():
            roles[row].append({"reaction": reaction, "place": place})
    columns = {"smiles": blocks.smiles, "name": blocks.names, "roles": roles}
    with replace_whole(path) as partial:
        write_table(partial, pa.table(columns, schema=INDEXED))


def read_indexed(path: Path, reactions: Sequence[Reaction] | None = None) -> Blocks:
    """Read what :func:`write_indexed` wrote.

    Parameters
    ----------
    path : Path
    reactions : sequence of Reaction, optional
        Those that the roles belong to. Default: those of the package.
    """
    reactions = named_reactions() if reactions is None else tuple(reactions)
    table = pq.read_table(path, schema=INDEXED)
    members: dict[tuple[str, int], list[int]] = {}
    for row, roles in enumerate(table["roles"].to_pylist()):
        for role in roles:
            members.setdefault((role["reaction"], role["place"]), []).append(row)
    return Blocks(
        reactions,
        tuple(table["smiles"].to_pylist()),
        tuple(table["name"].to_pylist()),
        {role: np.array(found, dtype=np.int64) for role, found in members.items()},
        {},
    )


def _roles(mol: Chem.Mol, reactions: Sequence[Reaction]) -> tuple[list[tuple[str, int]], str]:
    """Roles that a block fits, and where there are none, why."""
    found: dict[str, tuple[tuple[int, ...], ...]] = {}
    roles, faults = [], set()
    for reaction in reactions:
        for place, role in enumerate(reaction.roles):
            fault = role.fault(mol, found)
            if fault:
                faults.add(fault)
            else:
                roles.append((reaction.name, place))
    return roles, "" if roles else next((each for each in _FAULTS if each in faults), NO_GROUP)


def standard_block(smiles: str) -> str:
    """Block as the reactions take it: without counterions, neutral where it can be.

    Parameters
    ----------
    smiles : str

    Returns
    -------
    str
        Canonical isomeric SMILES.

    Raises
    ------
    LigandError
        It cannot be read, has no organic component or more than :data:`MOST_BLOCK_ATOMS` heavy
        atoms.
    """
    return _standard(smiles)[0]


def _standard(smiles: str) -> tuple[str, Chem.Mol]:
    if "." in smiles or _CHARGE.search(smiles.replace(_NITRO, "")):
        smiles = _neutral(smiles)
    mol = read_molecule(smiles)
    if mol is None:
        raise LigandError(
            Reason.INVALID_STRUCTURE, f"SMILES {smiles!r} cannot be read: no building block"
        )
    if (size := mol.GetNumHeavyAtoms()) > MOST_BLOCK_ATOMS:
        raise LigandError(
            Reason.TOO_LARGE, f"{size} heavy atoms, at most {MOST_BLOCK_ATOMS} in a building block"
        )
    # what a reaction makes is read again as well: the same molecule is the same text
    text = write_smiles(mol)
    again = read_molecule(text)
    return (text, mol) if again is None else (write_smiles(again), again)


def _neutral(smiles: str) -> str:
    try:
        return standardise(smiles, SMILES, Ligands()).smiles
    except LigandError as error:
        if error.reason != Reason.UNSUPPORTED_ELEMENT:
            raise
    # boron and what else leaves in the reaction
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
        if mol is None:
            return smiles
        fragments = Chem.GetMolFrags(mol, asMols=True)
        largest = min(fragments, key=lambda each: (-each.GetNumHeavyAtoms(), write_smiles(each)))
        return write_smiles(rdMolStandardize.Uncharger(True).uncharge(largest))


def blocks_of(smiles: Iterable[str], reactions: Sequence[Reaction] | None = None) -> list[str]:
    """Blocks that reactions would make given molecules of: examples where none are at hand.

    Parameters
    ----------
    smiles : iterable of str
        For example a library; what cannot be read is passed over.
    reactions : sequence of Reaction, optional
        Default: those of the package.

    Returns
    -------
    list of str
        SMILES in the order of the text.
    """
    reactions = named_reactions() if reactions is None else reactions
    found: set[str] = set()
    for each in smiles:
        mol = read_molecule(each)
        if mol is not None:
            found.update(side for cut in cuts_of(mol, reactions) for side in cut.sides)
    return sorted(found)
