"""PDBQT typing of the receptor and the way back from docked coordinates."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem, rdMolAlign

from screenmm.docking.pdbqt import _cofactor_types, ligand_pdbqt, poses_from_pdbqt, receptor_pdbqt


@pytest.fixture(scope="module")
def lines(tyk2_protein) -> list[str]:
    pdb = PDBFile(str(tyk2_protein))
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    center = tuple(positions.mean(axis=0))
    text = receptor_pdbqt(pdb.topology, positions, [], center, (300.0, 300.0, 300.0))
    return text.splitlines()


def test_types_follow_the_residues(lines: list[str]):
    types = {(line[17:20], line[12:16].strip()): line[77:].strip() for line in lines}
    histidine = {line[12:16].strip(): line[77:].strip() for line in lines if line[22:26] == "  70"}
    assert types["PHE", "CZ"] == "A"
    assert types["LEU", "CG"] == "C"
    assert types["SER", "OG"] == "OA"
    assert types["SER", "HG"] == "HD"
    assert types["LYS", "NZ"] == "N"
    assert types["MET", "SD"] == "SA"
    assert (histidine["ND1"], histidine["NE2"]) == ("N", "NA")  # His70 carries its proton on ND1
    assert types["PRO", "N"] == "N"


def test_every_heavy_atom_and_polar_hydrogen_is_there(lines: list[str], tyk2_protein):
    topology = PDBFile(str(tyk2_protein)).topology
    heavy = sum(atom.element.symbol != "H" for atom in topology.atoms())
    polar = sum(
        {a.element.symbol, b.element.symbol} in ({"H", "N"}, {"H", "O"}, {"H", "S"})
        for a, b in topology.bonds()
    )
    types = Counter(line[77:].strip() for line in lines)
    assert types["HD"] == polar
    assert sum(types.values()) - types["HD"] == heavy


def test_far_residues_are_left_out(tyk2_protein, lines):
    pdb = PDBFile(str(tyk2_protein))
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    near = receptor_pdbqt(pdb.topology, positions, [], tuple(positions[100]), (10.0, 10.0, 10.0))
    assert 100 < near.count("\n") < len(lines)


@pytest.mark.parametrize(
    "smiles",
    ["CC(=O)Nc1ccc(O)cc1", "C[NH+]1CC[C@@H](O)C1", "N#Cc1ccccc1S(N)(=O)=O", "c1ccccc1"],
)
def test_coordinates_come_back_on_every_atom(smiles: str):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    (back,) = poses_from_pdbqt(mol, [ligand_pdbqt(mol)])
    heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    after = back.GetConformer().GetPositions()
    bare = [Chem.RemoveHs(m) for m in (back, mol)]
    assert rdMolAlign.CalcRMS(*bare) < 2e-3  # equivalent atoms may have changed places
    assert len(heavy) == bare[0].GetNumAtoms()
    for bond in back.GetBonds():
        length = np.linalg.norm(after[bond.GetBeginAtomIdx()] - after[bond.GetEndAtomIdx()])
        assert 0.9 < length < 2.0
    assert Chem.MolToSmiles(Chem.RemoveHs(back)) == Chem.MolToSmiles(Chem.RemoveHs(mol))


def test_stereocentres_keep_their_handedness():
    """Two like groups of opposite handedness must not change places on the way back."""
    mol = Chem.AddHs(Chem.MolFromSmiles("C[C@H](F)OCO[C@@H](C)F"))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    (back,) = poses_from_pdbqt(mol, [ligand_pdbqt(mol)])
    before = Chem.MolToSmiles(Chem.RemoveHs(mol))
    Chem.AssignStereochemistryFrom3D(back)
    assert Chem.MolToSmiles(Chem.RemoveHs(back)) == before
    labels = [dict(Chem.FindMolChiralCenters(m)) for m in (mol, back)]
    assert labels[0] == labels[1]


def test_nitrogens_of_a_cofactor_accept_where_a_lone_pair_is_free() -> None:
    """4-aminopyridine: the ring's nitrogen accepts, the amino group gives its pair to the ring."""
    mol = Chem.AddHs(Chem.MolFromSmiles("Nc1ccncc1"))
    assert _cofactor_types(mol) == ["N", "A", "A", "A", "NA", "A", "A", "HD", "HD", *[None] * 4]
