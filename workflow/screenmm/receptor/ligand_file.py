"""Reading a posed molecule from .sdf, .sdf.gz, .mol, .mol2 or .pdb."""

from __future__ import annotations

import re
from pathlib import Path

from rdkit import Chem, rdBase

from screenmm.errors import PocketError
from screenmm.files import read_text


def read_molecules(path: Path) -> list[Chem.Mol]:
    """Molecules of a file that hold 3D coordinates, hydrogens as they are.

    A mol2 or SDF whose valences RDKit refuses is kept with its coordinates and whatever
    chemistry survives: a pocket needs only positions.

    Parameters
    ----------
    path : Path
        .sdf, .sdf.gz, .mol, .mol2 or .pdb.

    Returns
    -------
    list of Mol
        At least one, each with a conformer.

    Raises
    ------
    PocketError
        Nothing can be read, or there are no 3D coordinates.
    """
    text = read_text(path)
    blocks = _blocks(path, text)
    with rdBase.BlockLogs():
        molecules = [molecule for block in blocks if (molecule := _read(path, block)) is not None]
    if not molecules:
        raise PocketError(f"{path}: no molecule can be read; give an SDF with 3D coordinates")
    for molecule in molecules:
        if molecule.GetNumConformers() == 0 or not molecule.GetConformer().Is3D():
            raise PocketError(f"{path}: no 3D coordinates; give the pose in the receptor's frame")
    return molecules


def _suffix(path: Path) -> str:
    return path.name.lower().removesuffix(".gz").rpartition(".")[2]


def _blocks(path: Path, text: str) -> list[str]:
    if _suffix(path) == "sdf":
        blocks = re.split(r"^\$\$\$\$.*\n?", text.replace("\r\n", "\n"), flags=re.MULTILINE)
        return [block for block in blocks if block.strip()]
    if _suffix(path) == "mol2":
        mark = "@<TRIPOS>MOLECULE"
        return [mark + part for part in text.split(mark)[1:]]
    return [text]


def _read(path: Path, block: str) -> Chem.Mol | None:
    parse = {
        "sdf": _from_mol_block,
        "mol": _from_mol_block,
        "mol2": lambda text, sanitize: Chem.MolFromMol2Block(
            text, sanitize=sanitize, removeHs=False
        ),
        "pdb": lambda text, sanitize: Chem.MolFromPDBBlock(
            text, sanitize=sanitize, removeHs=False, proximityBonding=True
        ),
    }[_suffix(path)]
    molecule = parse(block, True)
    if molecule is None:
        molecule = parse(block, False)
        if molecule is not None:
            molecule.UpdatePropertyCache(strict=False)
            Chem.SanitizeMol(
                molecule,
                Chem.SANITIZE_ALL ^ Chem.SANITIZE_PROPERTIES ^ Chem.SANITIZE_KEKULIZE,
                catchErrors=True,
            )
    if molecule is not None and _suffix(path) in ("sdf", "mol"):
        Chem.AssignStereochemistryFrom3D(molecule)
    return molecule


def _from_mol_block(text: str, sanitize: bool) -> Chem.Mol | None:
    return Chem.MolFromMolBlock(text, sanitize=sanitize, removeHs=False)
