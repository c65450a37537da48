from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from screenmm.errors import LigandError, Reason
from screenmm.library.marks import is_contradictory
from screenmm.ligands.conformers import embed, has_stereo_of
from screenmm.settings import Ligands

SETTINGS = Ligands()
CYCLOSPORIN = (
    "C/C=C/C[C@@H](C)[C@@H](O)[C@H]1C(=O)N[C@@H](CC)C(=O)N(C)CC(=O)N(C)[C@@H](CC(C)C)C(=O)N"
    "[C@@H](C(C)C)C(=O)N(C)[C@@H](CC(C)C)C(=O)N[C@@H](C)C(=O)N[C@H](C)C(=O)N(C)[C@@H](CC(C)C)"
    "C(=O)N(C)[C@@H](CC(C)C)C(=O)N(C)[C@@H](C(C)C)C(=O)N1C"
)
BACE_MACROCYCLE = (
    "CC(C)C[C@H]1NC(=O)[C@H](C)NC(=O)CCCCCCCc2cccc(c2)C[C@@H](NC1=O)[C@@H](O)C[NH2+]Cc1cccc(OC)c1"
)
VANCOMYCIN_AGLYCON = (
    "CN[C@H](CC(C)C)C(=O)N[C@@H]1[C@H](O)c2ccc(c(Cl)c2)Oc2cc3cc(c2O)Oc2ccc(cc2Cl)[C@@H](O)"
    "[C@@H]2NC(=O)[C@H](NC(=O)[C@@H]3NC(=O)[C@H](CC(N)=O)NC1=O)c1ccc(O)c(c1)-c1c(O)cc(O)cc1"
    "[C@@H](C(=O)O)NC2=O"
)
HARD = {
    "cyclosporin": CYCLOSPORIN,
    "BACE macrocycle": BACE_MACROCYCLE,
    "vancomycin aglycon": VANCOMYCIN_AGLYCON,
    "PEG of 30 rotors": "C" + "OCC" * 10 + "OC",
    "E-azobenzene": "c1ccccc1/N=N/c1ccccc1",
    "sulfoxide": "C[S@](=O)c1ccccc1",
    "two cations and an anion": "NC(=[NH2+])NCCC[C@H]([NH3+])C(=O)N[C@@H](CC(=O)[O-])C(N)=O",
}


@pytest.mark.parametrize("smiles", HARD.values(), ids=HARD.keys())
def test_hard_molecules_embed_with_their_stereo(smiles: str) -> None:
    mol = embed(smiles, 11, Ligands(conformer_trials=1))
    assert mol.GetNumConformers() == 1
    assert mol.GetNumAtoms() == Chem.AddHs(Chem.MolFromSmiles(smiles)).GetNumAtoms()
    positions = mol.GetConformer().GetPositions()
    assert np.isfinite(positions).all()
    gaps = np.linalg.norm(positions[:, None] - positions[None], axis=-1)
    assert gaps[np.triu_indices(len(gaps), 1)].min() > 0.85  # no bond is shorter than O-H
    # a second reading of the stereochemistry: through a mol block
    read = Chem.MolFromMolBlock(Chem.MolToMolBlock(mol))
    assert Chem.MolToInchiKey(read) == Chem.MolToInchiKey(Chem.MolFromSmiles(smiles))


def test_a_seed_gives_its_conformer_again() -> None:
    a, b, c = (embed("OCCCNc1ccccc1", seed, SETTINGS) for seed in (5, 5, 6))
    assert Chem.MolToMolBlock(a) == Chem.MolToMolBlock(b)
    assert Chem.MolToMolBlock(a) != Chem.MolToMolBlock(c)


def test_the_mirror_image_is_told_apart() -> None:
    mol = embed("C[C@H](F)[C@H](Cl)Br", 1, SETTINGS)
    assert has_stereo_of(mol, 0)
    conformer = mol.GetConformer()
    for index, (x, y, z) in enumerate(conformer.GetPositions()):
        conformer.SetAtomPosition(index, (x, y, -z))
    assert not has_stereo_of(mol, 0)


def test_cis_is_told_from_trans() -> None:
    mol = embed("C/C=C/C", 1, SETTINGS)
    assert has_stereo_of(mol, 0)
    other = embed("C/C=C\\C", 1, SETTINGS)
    mol.RemoveAllConformers()
    mol.AddConformer(other.GetConformer())
    assert not has_stereo_of(mol, 0)


@pytest.mark.parametrize("smiles", ["C1C[C@@H]2C[C@@H]1CC2", "c1cccc1"])
def test_what_cannot_be_embedded_says_so(smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(LigandError) as caught:
        embed(smiles, 1, SETTINGS)
    assert caught.value.reason == Reason.EMBEDDING_FAILED
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "smiles",
    [
        "O=C(O)C12CC(C(=O)NCc3ccccc3)(C1)C2",
        "C[C@@H]1C2CC1(C)C2",  # marks within bicyclo[1.1.1]pentane, which ETKDG cannot make
        "C[C@H]1[C@@H]2C[C@H]1[C@@H]2C",
        "O=C(O)C12C3C4C1C1C2C3C41C(=O)O",
        "[NH3+]C12CC3CC(CC(C3)C1)C2",
        "CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2",
    ],
)
def test_cages_embed(smiles: str) -> None:
    mol = embed(smiles, 3, Ligands(conformer_trials=1))
    assert has_stereo_of(mol, 0)
    assert Chem.MolToSmiles(Chem.RemoveHs(mol)) == Chem.CanonSmiles(smiles)


@pytest.mark.parametrize("smiles", ["C1NCC2CC12", "c1ccc(N2C3CCCC2CCC3)cc1"])
def test_no_bridgehead_points_inwards(smiles: str) -> None:
    # left to itself ETKDG makes some of these trans, or in,out
    for seed in range(1, 9):
        mol = embed(smiles, seed, Ligands(conformer_trials=1))
        Chem.AssignAtomChiralTagsFromStructure(mol)
        assert not is_contradictory(mol)
