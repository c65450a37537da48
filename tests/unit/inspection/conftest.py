"""Receptors as whole molecules, and what checks poses in them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import posebusters
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.inspection.interactions import new_fingerprint
from screenmm.inspection.pose_checks import new_checker
from screenmm.inspection.quiet import Fingerprint
from screenmm.inspection.receptor_molecule import ReceptorMolecule, load_receptor
from screenmm.run.receptor_folder import ReceptorFolder

NAD = (
    "NC(=O)c1ccc[n+](c1)[C@@H]1O[C@H](COP([O-])(=O)OP([O-])(=O)OC[C@H]2O[C@H]([C@H](O)[C@@H]2O)"
    "n2cnc3c(N)ncnc23)[C@@H](O)[C@H]1O"
)
HINGE = "A:VAL:93"
"""Val981 of TYK2: this structure counts from 889."""


def shifted(mol: Chem.Mol, vector_angstrom: np.ndarray) -> Chem.Mol:
    """A copy of a pose, moved."""
    copy = Chem.Mol(mol)
    xyz = copy.GetConformer().GetPositions() + vector_angstrom
    copy.GetConformer().SetPositions(np.ascontiguousarray(xyz))
    return copy


@pytest.fixture(scope="session")
def receptor(receptor_folder: Path) -> ReceptorMolecule:
    return load_receptor(receptor_folder)


def write_receptor(folder: Path, mols: dict[str, Chem.Mol]) -> Path:
    """Files of a receptor that is made of whole molecules, one for each label.

    Bonds without orders, charges and coordinates: what load_receptor reads.
    """
    atoms = [atom for mol in mols.values() for atom in mol.GetAtoms()]
    starts = np.cumsum([0, *(mol.GetNumAtoms() for mol in mols.values())]).tolist()
    bonds = [
        (start + bond.GetBeginAtomIdx(), start + bond.GetEndAtomIdx())
        for start, mol in zip(starts, mols.values(), strict=False)
        for bond in mol.GetBonds()
    ]
    folder.mkdir(parents=True)
    home = ReceptorFolder(folder)
    np.savez(
        home.parameters,
        bonds=np.array(bonds).reshape(-1, 2),
        charges=np.array([atom.GetFormalCharge() for atom in atoms], dtype=float),
    )
    xyz = np.concatenate([mol.GetConformer().GetPositions() for mol in mols.values()])
    np.savez(
        home.coordinates,
        positions_angstrom=xyz,
        residues=np.repeat(range(len(mols)), np.diff(starts)),
        residue_labels=np.array(list(mols)),
    )
    lines = ["data_x", "loop_", "_atom_site.type_symbol", "_atom_site.label_atom_id"]
    lines += [f"{atom.GetSymbol()} {atom.GetSymbol()}{atom.GetIdx()}" for atom in atoms]
    home.structure.write_text("\n".join(lines) + "\n")
    return folder


def posed(smiles: str, offset_angstrom: float = 0.0) -> Chem.Mol:
    """A molecule with hydrogens and coordinates."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=1) == 0
    mol.GetConformer().SetPositions(mol.GetConformer().GetPositions() + offset_angstrom)
    return mol


@pytest.fixture(scope="session")
def cofactor(tmp_path_factory: pytest.TempPathFactory) -> ReceptorMolecule:
    """NAD, a zinc ion and a water, no two of them near each other; no chain has a name."""
    mols = {"NAD:400": posed(NAD), "ZN:401": posed("[Zn+2]", 60.0), "HOH:402": posed("O", 90.0)}
    return load_receptor(write_receptor(tmp_path_factory.mktemp("receptors") / "nad", mols))


@pytest.fixture(scope="session")
def fingerprint() -> Fingerprint:
    return new_fingerprint()


@pytest.fixture(scope="session")
def checker() -> posebusters.PoseBusters:
    return new_checker(conformers=5)
