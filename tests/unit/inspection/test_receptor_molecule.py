from __future__ import annotations

import shutil
from collections import Counter, defaultdict
from pathlib import Path

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import ReceptorError
from screenmm.inspection.receptor_molecule import ReceptorMolecule, load_receptor
from screenmm.residues.filters import split_label
from screenmm.run.receptor_folder import ReceptorFolder
from tests.unit.inspection.conftest import HINGE, NAD, posed, write_receptor

CHARGES = {"ASP": -1, "GLU": -1, "LYS": 1, "ARG": 1}
AROMATIC = {"PHE": 6, "TYR": 6, "HIS": 5, "TRP": 9}
DOUBLE = {"ASP": 1, "GLU": 1, "ASN": 1, "GLN": 1, "ARG": 1}
"""Double bonds of the side chain, outside aromatic rings; the backbone has one."""


def test_bond_orders_and_charges_are_those_of_the_amino_acids(receptor: ReceptorMolecule) -> None:
    seen = set()
    for label, members in zip(receptor.labels, receptor.atoms, strict=True):
        name = split_label(label)[1]
        atoms = [receptor.mol.GetAtomWithIdx(int(index)) for index in members]
        charge = sum(atom.GetFormalCharge() for atom in atoms)
        hydrogens = sum(atom.GetSymbol() == "H" for atom in atoms)
        expected = CHARGES.get(name, 1 if name == "HIS" and hydrogens == 8 else 0)
        assert charge == expected, label
        assert sum(atom.GetIsAromatic() for atom in atoms) == AROMATIC.get(name, 0), label
        double = {
            bond.GetIdx()
            for atom in atoms
            for bond in atom.GetBonds()
            if bond.GetBondType() == Chem.BondType.DOUBLE
        }
        assert len(double) == DOUBLE.get(name, 0) + (name != "NME"), label
        seen.add(name)
    assert len(seen) == 22  # twenty amino acids, two caps
    assert sum(atom.GetNumRadicalElectrons() for atom in receptor.mol.GetAtoms()) == 0


@pytest.mark.parametrize(
    "smiles",
    [
        NAD,
        "CC(C)=CCCC(C)=CCCC(C)=CCOP(=O)([O-])OP(=O)([O-])[O-]",  # farnesyl pyrophosphate
        "C[S+](CC[C@H]([NH3+])C(=O)[O-])C[C@H]1O[C@H]([C@H](O)[C@@H]1O)n1cnc2c(N)ncnc12",  # SAM
        "Cc1cc2c(cc1C)N(C[C@H](O)[C@H](O)[C@H](O)COP(=O)([O-])[O-])c1nc(=O)[nH]c(=O)c-1n2",  # FMN
        "[Zn+2]",
        "O",
        "C#CCN=C=S",
    ],
)
def test_bond_orders_of_cofactors_are_found_again(smiles: str, tmp_path: Path) -> None:
    mol = posed(smiles)
    found = load_receptor(write_receptor(tmp_path / "r", {"A:COF:1": mol})).mol
    assert Chem.GetFormalCharge(found) == Chem.GetFormalCharge(mol)
    flat = [Chem.RemoveHs(Chem.Mol(each)) for each in (mol, found)]
    for each in flat:
        Chem.RemoveStereochemistry(each)
    assert Chem.MolToSmiles(flat[1]) == Chem.MolToSmiles(flat[0])


def test_cofactors_metals_and_waters_are_hetero(cofactor: ReceptorMolecule) -> None:
    assert all(a.GetPDBResidueInfo().GetIsHeteroAtom() for a in cofactor.mol.GetAtoms())


def test_a_charge_that_is_not_the_force_fields_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = write_receptor(tmp_path / "r", {"A:COF:1": posed("CC(=O)[O-]")})
    parameters = ReceptorFolder(folder).parameters
    with np.load(parameters) as arrays:
        neutral = {**arrays, "charges": np.zeros(len(arrays["charges"]))}
    np.savez(parameters, **neutral)
    load_receptor(folder)
    assert "A:COF:1 (-1 for +0.00)" in caplog.text


def test_the_residues_are_cut_in_the_receptors_order(receptor: ReceptorMolecule) -> None:
    assert len(receptor.residues) == len(receptor.labels) == len(receptor.atoms)
    for residue, members in zip(receptor.residues, receptor.atoms, strict=True):
        whole = [receptor.mol.GetAtomWithIdx(int(index)).GetSymbol() for index in members]
        assert [atom.GetSymbol() for atom in residue.GetAtoms()] == whole
        assert [atom.GetUnsignedProp("mapindex") for atom in residue.GetAtoms()] == list(members)


def test_caps_count_as_protein(receptor: ReceptorMolecule) -> None:
    kinds = defaultdict(set)
    for label, members in zip(receptor.labels, receptor.atoms, strict=True):
        info = receptor.mol.GetAtomWithIdx(int(members[0])).GetPDBResidueInfo()
        kinds[info.GetIsHeteroAtom()].add(split_label(label)[1])
    assert set(kinds) == {False}
    assert {"ACE", "NME"} <= kinds[False]


def test_near_residues_are_those_of_a_plain_search(
    receptor: ReceptorMolecule, ejm_42: Chem.Mol, tyk2_protein: Path
) -> None:
    structure = gemmi.read_structure(str(tyk2_protein))
    search = gemmi.NeighborSearch(structure[0], structure.cell, 6.0).populate()
    xyz = ejm_42.GetConformer().GetPositions()
    expected = {
        str(mark.to_cra(structure[0]).residue.seqid)
        for place in xyz
        for mark in search.find_atoms(gemmi.Position(*place), "\0", radius=6.0)
    }
    found = receptor.near(receptor.positions_angstrom, xyz, 6.0)
    assert {split_label(receptor.labels[index])[2] for index in found} == expected
    assert found == sorted(found)


def test_far_away_the_nearest_residue_remains(receptor: ReceptorMolecule) -> None:
    far = receptor.positions_angstrom[receptor.atoms[5]] * 50
    assert len(receptor.near(receptor.positions_angstrom, far, 6.0)) == 1


def test_moved_atoms_are_moved_and_no_others(receptor: ReceptorMolecule) -> None:
    moved = receptor.moved([3, 7], [1, 2, 3, 4, 5, 6])
    assert moved[3].tolist() == [1, 2, 3]
    assert moved[7].tolist() == [4, 5, 6]
    assert Counter((moved != receptor.positions_angstrom).any(axis=1).tolist())[True] == 2


def test_a_cut_has_the_residues_atoms_where_they_are(receptor: ReceptorMolecule) -> None:
    index = receptor.labels.index(HINGE)
    cut = receptor.cut([index, index + 1], receptor.positions_angstrom)
    kept = np.concatenate([receptor.atoms[index], receptor.atoms[index + 1]])
    assert np.array_equal(cut.GetConformer().GetPositions(), receptor.positions_angstrom[kept])
    assert cut.GetAtomWithIdx(0).GetPDBResidueInfo().GetResidueName() == "VAL"


def test_files_of_two_receptors_are_refused(receptor_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(receptor_folder, tmp_path / "r")
    parameters = ReceptorFolder(tmp_path / "r").parameters
    with np.load(parameters) as arrays:
        shorter = {**arrays, "charges": arrays["charges"][:-1]}
    np.savez(parameters, **shorter)
    with pytest.raises(ReceptorError, match=r"has 4670 atoms.*4669: prepare the receptor again"):
        load_receptor(tmp_path / "r")
