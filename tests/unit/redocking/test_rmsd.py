"""RMSD over heavy atoms: symmetric, in place, blind to protonation."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdMolAlign

from screenmm.redocking import rmsd
from screenmm.redocking.rmsd import heavy_rmsd_angstrom


def embedded(smiles: str) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(mol, randomSeed=7) == 0
    return mol


def moved(mol: Chem.Mol, shift: np.ndarray) -> Chem.Mol:
    """Add a shift, one for all atoms or one for each, Å."""
    other = Chem.Mol(mol)
    positions = mol.GetConformer().GetPositions() + shift
    other.GetConformer().SetPositions(positions)
    return other


def placed(smiles: str, like: Chem.Mol) -> Chem.Mol:
    """Put a molecule on the heavy atoms of another that is drawn in the same order."""
    mol = Chem.MolFromSmiles(smiles)
    heavy = [a.GetIdx() for a in like.GetAtoms() if a.GetAtomicNum() > 1]
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(like.GetConformer().GetPositions()[heavy])
    mol.AddConformer(conformer)
    return mol


@pytest.mark.parametrize(
    ("smiles", "swaps"),
    [
        ("Cc1ccc(CO)cc1", {2: 8, 8: 2, 3: 7, 7: 3}),  # a ring that flips
        ("CC(=O)[O-]", {2: 3, 3: 2}),
        ("NC(=[NH2+])CC", {0: 2, 2: 0}),
        ("C[N+](=O)[O-]", {2: 3, 3: 2}),
        ("OC(F)(F)F", {2: 3, 3: 4, 4: 2}),
    ],
)
def test_equivalent_atoms_may_change_places(smiles: str, swaps: dict[int, int]) -> None:
    reference = embedded(smiles)
    order = [swaps.get(i, i) for i in range(reference.GetNumAtoms())]
    pose = Chem.Mol(reference)
    pose.GetConformer().SetPositions(reference.GetConformer().GetPositions()[order])
    apart = pose.GetConformer().GetPositions() - reference.GetConformer().GetPositions()
    assert np.sqrt((apart**2).sum(axis=1).mean()) > 0.5
    assert heavy_rmsd_angstrom(pose, reference) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize(
    ("reference", "pose"),
    [
        ("CC(=O)O", "CC(=O)[O-]"),
        ("CC(=O)O", "CC([O-])=O"),
        ("C1CCNCC1C", "C1CC[NH2+]CC1C"),
        ("Oc1ccccn1", "O=c1cccc[nH]1"),
        ("Cc1c[nH]cn1", "Cc1cnc[nH]1"),
        ("CC(=N)N", "CC(N)=[NH2+]"),
    ],
)
def test_protonation_and_tautomers_do_not_break_the_mapping(reference: str, pose: str) -> None:
    crystal = embedded(reference)
    other = placed(pose, crystal)
    assert heavy_rmsd_angstrom(other, crystal) == pytest.approx(0, abs=1e-6)
    assert heavy_rmsd_angstrom(crystal, Chem.RemoveHs(crystal)) == pytest.approx(0, abs=1e-6)


def test_it_is_rdkits_on_molecules_of_one_form(tyk2_ligands: list[Chem.Mol]) -> None:
    noise = np.random.default_rng(3)
    for mol in tyk2_ligands[:6]:
        shift = noise.normal(0, 0.7, (mol.GetNumAtoms(), 3)) + noise.normal(0, 2, 3)
        pose = moved(mol, shift)
        theirs = rdMolAlign.CalcRMS(Chem.RemoveHs(pose), Chem.RemoveHs(mol))
        assert heavy_rmsd_angstrom(pose, mol) == pytest.approx(theirs, abs=1e-9)


def test_nothing_is_aligned(tyk2_ligands: list[Chem.Mol]) -> None:
    away = moved(tyk2_ligands[0], np.array([30.0, 40.0, 0.0]))
    # so far away no flip brings an atom nearer
    assert heavy_rmsd_angstrom(away, tyk2_ligands[0]) == pytest.approx(50, abs=0.5)
    assert heavy_rmsd_angstrom(away, away) == 0


def test_other_molecules_and_endless_symmetry_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match=r"not connected alike \(3 and 4 atoms\)"):
        heavy_rmsd_angstrom(embedded("CCO"), embedded("CCCO"))
    with pytest.raises(ValueError, match="not connected alike"):
        heavy_rmsd_angstrom(embedded("CCCO"), embedded("CC(C)O"))
    monkeypatch.setattr(rmsd, "MOST_ORDERS", 5)
    butyl = embedded("CC(C)(C)O")
    with pytest.raises(ValueError, match="more than 5 orders"):
        heavy_rmsd_angstrom(butyl, butyl)
