"""Binding terms: conservation, independence, and failures that stay failures."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import pytest
from rdkit import Chem

from screenmm.errors import LigandError, Reason
from screenmm.scoring.carve import carve
from screenmm.scoring.mmgbsa import (
    binding_terms,
    interaction_energy,
    ligand_strain,
    score_pose,
    solvation_energy,
)
from screenmm.scoring.parameters import Parameters, SystemOptions, build_system, cut, join
from screenmm.scoring.platforms import choose_platform
from screenmm.settings import Scoring

from .conftest import energy

OPTIONS = Scoring(max_iterations=20)


@pytest.fixture(scope="module")
def pose(ejm_42: Chem.Mol) -> np.ndarray:
    return ejm_42.GetConformer().GetPositions()


@pytest.fixture(scope="module")
def scored(tyk2_model, ejm_42_parameters, pose):
    return score_pose(tyk2_model, ejm_42_parameters, pose, OPTIONS, choose_platform("CPU"))


def test_interaction_is_the_difference_of_whole_energies(tyk2_model, ejm_42_parameters, pose):
    """E(complex) - E(receptor) - E(ligand) of OpenMM, bonded terms cancelling."""
    carving = carve(tyk2_model, pose, 8.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    receptor_nm = tyk2_model.positions_angstrom[carving.atoms] / 10
    ligand_nm = pose / 10
    vdw, coulomb = interaction_energy(pocket, ejm_42_parameters, receptor_nm, ligand_nm)

    def vacuum(parameters: Parameters, positions: np.ndarray) -> float:
        system = build_system(parameters, SystemOptions())
        for index in reversed(range(system.getNumForces())):
            if "GBSA" in type(system.getForce(index)).__name__:
                system.removeForce(index)
        return energy(system, positions)

    expected = (
        vacuum(join([pocket, ejm_42_parameters]), np.concatenate([receptor_nm, ligand_nm]))
        - vacuum(pocket, receptor_nm)
        - vacuum(ejm_42_parameters, ligand_nm)
    )
    assert vdw + coulomb == pytest.approx(expected, abs=0.01)


def test_terms_of_a_known_binder_have_the_right_signs(scored):
    terms = scored.terms
    assert terms.vdw_kcal_mol < -30
    assert terms.coulomb_kcal_mol < 0
    assert terms.gb_kcal_mol > 0  # both partners lose their solvent
    assert terms.sa_kcal_mol < 0  # surface is buried
    assert 0 <= terms.strain_kcal_mol < 15
    assert terms.total_kcal_mol == pytest.approx(sum(asdict(terms).values()))


def test_only_flexible_residues_and_the_ligand_move(tyk2_model, scored, pose):
    carving = carve(tyk2_model, pose, 10.0, 5.0)
    assert set(scored.moved_atoms) == set(carving.atoms[carving.flexible])
    shift = np.linalg.norm(
        scored.moved_angstrom - tyk2_model.positions_angstrom[scored.moved_atoms], axis=1
    )
    assert 0 < shift.max() < 2.0
    assert scored.rmsd_angstrom < 1.0


def test_same_input_same_bytes(tyk2_model, ejm_42_parameters, pose, scored):
    again = score_pose(tyk2_model, ejm_42_parameters, pose, OPTIONS, choose_platform("CPU"))
    assert again.terms == scored.terms
    assert np.array_equal(again.ligand_angstrom, scored.ligand_angstrom)


def test_score_does_not_depend_on_where_the_receptor_stands(tyk2_model, ejm_42_parameters, pose):
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    moved = replace(tyk2_model, positions_angstrom=tyk2_model.positions_angstrom @ turn.T + 20)
    options = Scoring(max_iterations=1)
    here = score_pose(tyk2_model, ejm_42_parameters, pose, options, choose_platform("Reference"))
    there = score_pose(
        moved, ejm_42_parameters, pose @ turn.T + 20, options, choose_platform("Reference")
    )
    assert there.terms.total_kcal_mol == pytest.approx(here.terms.total_kcal_mol, abs=0.02)


def test_whole_receptor_against_carved(tyk2_model, ejm_42_parameters, pose):
    """Beyond 10 Å only screened electrostatics is left: and dispersion's tail."""
    everything = np.arange(len(tyk2_model.parameters))
    carved = carve(tyk2_model, pose, 10.0, 5.0).atoms
    terms = []
    for atoms in (everything, carved):
        positions = np.concatenate([tyk2_model.positions_angstrom[atoms], pose]) / 10
        terms.append(
            binding_terms(cut(tyk2_model.parameters, atoms), ejm_42_parameters, positions, OPTIONS)
        )
    whole, part = terms
    assert part.vdw_kcal_mol == pytest.approx(whole.vdw_kcal_mol, abs=0.8)
    assert part.sa_kcal_mol == pytest.approx(whole.sa_kcal_mol, abs=0.3)
    polar = [t.coulomb_kcal_mol + t.gb_kcal_mol for t in terms]
    assert polar[1] == pytest.approx(polar[0], abs=3.0)
    assert part.strain_kcal_mol == pytest.approx(whole.strain_kcal_mol, abs=1e-6)


def test_polar_and_apolar_solvation_of_one_charge_follow_born():
    """One charge of radius R: ΔG = -k q²/2R (1/εin - 1/εout); surface 4πγ(R + 1.4 Å)²."""
    one = np.array([1.0])
    none = {
        "bonds": np.zeros((0, 2), int), "bond_values": np.zeros((0, 2)),
        "angles": np.zeros((0, 3), int), "angle_values": np.zeros((0, 2)),
        "torsions": np.zeros((0, 4), int), "torsion_values": np.zeros((0, 3)),
        "exceptions": np.zeros((0, 2), int), "exception_values": np.zeros((0, 3)),
    }  # fmt: skip
    ion = Parameters(one * 23, one, one * 0.3, one * 0.1, one * 0.2, one * 0.8, **none)
    gb, sa = solvation_energy(ion, np.zeros((1, 3)), OPTIONS)
    born_radius = 0.2 - 0.009  # OBC's offset, nothing descreens
    assert gb == pytest.approx(-0.5 * 138.935456 * (1 - 1 / 78.5) / born_radius, rel=1e-4)
    expected_sa = 4 * np.pi * 2.25936 * 0.34**2 * (0.2 / born_radius) ** 6
    assert sa == pytest.approx(expected_sa, rel=1e-4)


def test_strain_of_a_minimum_is_small_and_of_a_twist_is_not(ejm_42, ejm_42_parameters, pose):
    from rdkit.Chem import rdMolTransforms

    bound = ligand_strain(ejm_42_parameters, pose / 10, OPTIONS)
    twisted = Chem.Mol(ejm_42)
    bond = twisted.GetSubstructMatch(Chem.MolFromSmarts("cC(=O)Nc"))
    conformer = twisted.GetConformer()
    carbonyl, amide, aryl = bond[1], bond[3], bond[4]
    angle = rdMolTransforms.GetDihedralDeg(conformer, bond[0], carbonyl, amide, aryl)
    rdMolTransforms.SetDihedralDeg(conformer, bond[0], carbonyl, amide, aryl, angle + 60)
    strained = ligand_strain(ejm_42_parameters, conformer.GetPositions() / 10, OPTIONS)
    assert strained > bound + 3 * 4.184


def test_a_clash_is_relieved(tyk2_model, ejm_42_parameters, pose):
    shifted = pose + np.array([0.6, 0.0, 0.0])
    result = score_pose(tyk2_model, ejm_42_parameters, shifted, OPTIONS, choose_platform("CPU"))
    assert np.isfinite(result.terms.total_kcal_mol)


def test_a_hopeless_pose_is_a_reason_not_a_number(tyk2_model, ejm_42_parameters, pose):
    center = tyk2_model.positions_angstrom.mean(axis=0)
    inside = pose - pose.mean(axis=0) + center
    inside[0] = tyk2_model.positions_angstrom[
        np.argmin(np.linalg.norm(tyk2_model.positions_angstrom - inside[0], axis=1))
    ]
    with pytest.raises(LigandError) as caught:
        score_pose(tyk2_model, ejm_42_parameters, inside, OPTIONS, choose_platform("CPU"))
    assert caught.value.reason in (Reason.CLASH_NOT_RELIEVED, Reason.MINIMISATION_DIVERGED)
