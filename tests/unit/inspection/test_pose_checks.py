from __future__ import annotations

from pathlib import Path

import numpy as np
import posebusters
import pytest
from rdkit import Chem

from screenmm.inspection import pose_checks
from screenmm.inspection.pose_checks import check_pose, new_checker
from screenmm.inspection.receptor_molecule import ReceptorMolecule
from tests.unit.inspection.conftest import posed, shifted

Checks = dict[str, bool | None]


@pytest.fixture(scope="module")
def crystal(
    checker: posebusters.PoseBusters, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> Checks:
    return check_pose(checker, receptor, receptor.positions_angstrom, ejm_42)


def failed(checks: Checks) -> set[str]:
    return {name for name, passed in checks.items() if not passed}


def test_a_good_pose_passes_every_check(crystal: Checks) -> None:
    assert failed(crystal) == set()
    assert all(passed is True for passed in crystal.values())


def test_every_check_has_its_name_and_is_documented(crystal: Checks) -> None:
    assert len(crystal) == 22
    text = pose_checks.__doc__ or ""
    for name in crystal:
        for start in ("minimum_distance_to_", "volume_overlap_with_"):
            if name.startswith(start):
                assert f"``{start}``" in text
        short = name.removeprefix("minimum_distance_to_").removeprefix("volume_overlap_with_")
        assert f"``{short}``" in text


def test_inside_the_protein_the_clashes_are_named(
    checker: posebusters.PoseBusters, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    inwards = receptor.positions_angstrom.mean(axis=0) - ejm_42.GetConformer().GetPositions().mean(
        axis=0
    )
    inside = shifted(ejm_42, 8 * inwards / np.linalg.norm(inwards))
    found = check_pose(checker, receptor, receptor.positions_angstrom, inside)
    assert failed(found) == {"minimum_distance_to_protein", "volume_overlap_with_protein"}


def test_clashes_with_cofactors_metals_and_waters_are_told_apart(
    checker: posebusters.PoseBusters, cofactor: ReceptorMolecule
) -> None:
    kinds = {"NAD:400": "organic_cofactors", "ZN:401": "inorganic_cofactors", "HOH:402": "waters"}
    ligand = posed("CCO")
    for label, kind in kinds.items():
        atoms = cofactor.atoms[cofactor.labels.index(label)]
        place = cofactor.positions_angstrom[atoms[0]] - ligand.GetConformer().GetPositions()[1]
        found = check_pose(
            checker, cofactor, cofactor.positions_angstrom, shifted(ligand, place + 0.3)
        )
        clashing = {name for name in failed(found) if name.startswith(("minimum", "volume"))}
        assert f"minimum_distance_to_{kind}" in clashing
        assert clashing <= {f"minimum_distance_to_{kind}", f"volume_overlap_with_{kind}"}


def test_outside_the_distance_is_named(
    checker: posebusters.PoseBusters, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    outside = shifted(ejm_42, np.array([200.0, 0, 0]))
    found = check_pose(checker, receptor, receptor.positions_angstrom, outside)
    assert failed(found) == {"protein-ligand_maximum_distance"}


def test_a_torn_bond_is_named(
    checker: posebusters.PoseBusters, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    torn = Chem.Mol(ejm_42)
    oxygen = torn.GetSubstructMatch(Chem.MolFromSmarts("C=O"))[1]
    carbon = torn.GetAtomWithIdx(oxygen).GetNeighbors()[0].GetIdx()
    xyz = torn.GetConformer().GetPositions()
    xyz[oxygen] += 0.6 * (xyz[oxygen] - xyz[carbon])
    torn.GetConformer().SetPositions(xyz)
    found = check_pose(checker, receptor, receptor.positions_angstrom, torn)
    assert "bond_lengths" in failed(found)


def test_posebusters_says_the_same_of_the_files(
    checker: posebusters.PoseBusters,
    receptor: ReceptorMolecule,
    ejm_42: Chem.Mol,
    tyk2_protein: Path,
    tmp_path: Path,
) -> None:
    # the whole receptor as its PDB file, not the residues around the pose
    for vector in ([0.0, 0, 0], [1.5, 0, 0]):
        pose = shifted(ejm_42, np.array(vector))
        Chem.MolToMolFile(pose, str(tmp_path / "pose.sdf"))
        row = checker.bust(tmp_path / "pose.sdf", None, tyk2_protein).iloc[0]
        found = check_pose(checker, receptor, receptor.positions_angstrom, pose)
        assert {name: bool(value) for name, value in row.items()} == found


def test_an_undecided_check_is_neither_passed_nor_failed(
    checker: posebusters.PoseBusters, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    # a noble gas: the force field has no parameters, there is no energy to compare
    alien = Chem.RWMol(ejm_42)
    hydrogen = next(atom for atom in alien.GetAtoms() if atom.GetSymbol() == "H")
    alien.ReplaceAtom(hydrogen.GetIdx(), Chem.Atom(2), preserveProps=True)
    found = check_pose(checker, receptor, receptor.positions_angstrom, alien.GetMol())
    assert found["internal_energy"] is None


def test_the_ensemble_is_as_large_as_asked() -> None:
    modules = {m["name"]: m for m in new_checker(7).config["modules"]}
    assert modules["Energy ratio"]["parameters"]["ensemble_number_conformations"] == 7
    assert modules["Energy ratio"]["parameters"]["num_threads"] == 1
