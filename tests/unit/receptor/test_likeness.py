"""A related structure laid over a receptor."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from scipy.spatial.transform import Rotation

from screenmm.core.errors import PocketError
from screenmm.receptor.ligand_file import read_molecule
from screenmm.receptor.likeness import clashes, superpose
from screenmm.receptor.pocket import heavy_positions
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Array, Structure

TURN = Rotation.from_euler("xyz", [40, -70, 110], degrees=True)
SHIFT = np.array([30.0, -20.0, 5.0])


def turned(structure: Structure) -> Structure:
    moved = copy.deepcopy(structure)
    for residue in moved.residues:
        for atom in residue.atoms:
            atom.xyz = TURN.apply(atom.xyz) + SHIFT
    return moved


def elements(ligand: Chem.Mol) -> list[str]:
    return [atom.GetSymbol() for atom in ligand.GetAtoms() if atom.GetAtomicNum() > 1]


@pytest.fixture(scope="module")
def abl(benchmark_data: Path) -> Path:
    """ABL1 with imatinib, 1iep."""
    return benchmark_data / "complexes/prepared/vina__1iep_imatinib_ABL"


@pytest.fixture(scope="module")
def imatinib(abl: Path) -> Array:
    return heavy_positions(read_molecule(abl / "ligand_ccd.sdf"))


def test_a_turned_copy_is_turned_back(tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> None:
    structure = read_structure(tyk2_protein)
    ligand = heavy_positions(tyk2_ligands[0])
    found = superpose(structure, turned(structure), TURN.apply(ligand) + SHIFT, "copy")
    assert np.allclose(found.moved(TURN.apply(ligand) + SHIFT), ligand, atol=1e-4)
    assert found.identity == 1
    assert found.aligned == sum(each.find("CA") is not None for each in structure.residues)
    assert found.rmsd_angstrom == pytest.approx(0, abs=1e-4)
    assert found.fitted == found.around
    assert clashes(ligand, elements(tyk2_ligands[0]), structure.of_kind("polymer")) == (0, [])


def test_both_chains_around_a_ligand_are_paired(benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/1hpx_KNI"
    structure = read_structure(folder / "raw.pdb.gz")
    ligand = heavy_positions(read_molecule(folder / "ligand.sdf"))
    found = superpose(structure, turned(structure), TURN.apply(ligand) + SHIFT, "copy")
    # the two chains of the protease are alike: either may be paired with either
    assert sorted(found.chains.replace(" ", ":")) == sorted("A:A:B:B")
    assert found.aligned == 2 * 99
    assert found.around_rmsd_angstrom < 1


def test_imatinib_into_another_structure_of_its_kinase(
    benchmark_data: Path, abl: Path, imatinib: Array
) -> None:
    folder = benchmark_data / "complexes/prepared/vina__1fpu_apoconf_for_imatinib_crossdock"
    found = superpose(
        read_structure(folder / "protein_H.pdb"), read_structure(abl / "protein_H.pdb"),
        imatinib, "1iep",
    )  # fmt: skip
    # laid over by others
    theirs = heavy_positions(read_molecule(folder / "ligand_from_1iep.sdf"))
    middle = found.moved(imatinib).mean(axis=0)
    assert np.linalg.norm(middle - theirs.mean(axis=0)) < 1.0
    assert found.identity > 0.95


def test_imatinib_into_the_model_of_trka(benchmark_data: Path, abl: Path, imatinib: Array) -> None:
    model = read_structure(benchmark_data / "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb")
    found = superpose(model, read_structure(abl / "protein_H.pdb"), imatinib, "1iep")
    # by another program 75 CA, 0.54 Å
    assert 70 <= found.fitted <= 90
    assert 0.4 < found.fitted_rmsd_angstrom < 1.0
    assert found.identity == pytest.approx(0.40, abs=0.02)
    assert found.aligned > 250
    ligand = read_molecule(abl / "ligand_ccd.sdf")
    count, into = clashes(found.moved(imatinib), elements(ligand), model.of_kind("polymer"))
    # the model's DFG motif, 668 to 670, is in; imatinib binds to DFG out
    assert {"A:ASP:668", "A:PHE:669"} <= {each.label for each in into}
    assert 5 < count < len(imatinib)


def test_unlike_structures_are_refused_with_numbers(
    benchmark_data: Path, abl: Path, imatinib: Array
) -> None:
    thrombin = read_structure(benchmark_data / "affinity/jacs_set__thrombin/protein.pdb")
    message = r"1iep and the receptor share \d+% of \d+ aligned residues \(at least 25% of 85"
    with pytest.raises(PocketError, match=message):
        superpose(thrombin, read_structure(abl / "protein_H.pdb"), imatinib, "1iep")


def test_a_pocket_that_the_receptor_lacks_is_refused(abl: Path, imatinib: Array) -> None:
    whole = read_structure(abl / "protein_H.pdb")
    lobe = copy.deepcopy(whole)
    lobe.residues = [each for each in lobe.residues if each.number > 405]
    with pytest.raises(PocketError, match=r"\d+ residues within 12 Å of the ligand of 1iep have"):
        superpose(lobe, whole, imatinib, "1iep")
