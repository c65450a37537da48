"""Binding terms: conservation, independence, and failures that stay failures."""

from __future__ import annotations

from dataclasses import asdict, replace

import numpy as np
import openmm
import pytest
from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError, Reason
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import (
    Parameters,
    SystemOptions,
    build_system,
    cut,
    gbsa_force,
    join,
)
from screenmm.mmgbsa.carve import carve
from screenmm.mmgbsa.score import (
    Complex,
    Contributions,
    Pose,
    PoseScore,
    Terms,
    binding_terms,
    field_of,
    interaction_energies,
    jittered,
    ligand_strains,
    score_poses,
    solvation_changes,
)
from screenmm.receptor.model import ReceptorModel
from tests.unit.models import energy

OPTIONS = Scoring(max_iterations=20)


@pytest.fixture(scope="module")
def pose(ejm_42: Chem.Mol) -> np.ndarray:
    return ejm_42.GetConformer().GetPositions()


def score(
    model: ReceptorModel,
    ligand: Parameters,
    pose_angstrom: np.ndarray,
    options: Scoring = OPTIONS,
    platform: PlatformChoice | None = None,
) -> PoseScore:
    platform = platform or choose_platform("CPU")
    (result,) = score_poses(model, [Pose(ligand, pose_angstrom)], options, platform)
    if isinstance(result, LigandError):
        raise result
    return result


def take_apart(
    pocket: Parameters, ligand: Parameters, positions_nm: np.ndarray, residues: np.ndarray
) -> tuple[Terms, Contributions]:
    (found,) = binding_terms([Complex(pocket, ligand, positions_nm, residues)], OPTIONS)
    assert not isinstance(found, LigandError), found
    return found


@pytest.fixture(scope="module")
def scored(tyk2_model, ejm_42_parameters, pose):
    return score(tyk2_model, ejm_42_parameters, pose)


def test_interaction_is_the_difference_of_whole_energies(tyk2_model, ejm_42_parameters, pose):
    """E(complex) - E(receptor) - E(ligand) of OpenMM, bonded terms cancelling."""
    carving = carve(tyk2_model, pose, 8.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    receptor_nm = tyk2_model.positions_angstrom[carving.atoms] / 10
    ligand_nm = pose / 10
    vdw, coulomb = interaction_energies(pocket, ejm_42_parameters, receptor_nm, ligand_nm)

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
    assert vdw.sum() + coulomb.sum() == pytest.approx(expected, abs=0.01)


def test_a_dielectric_divides_coulomb_and_nothing_else_of_the_interaction(
    tyk2_model, ejm_42_parameters, pose
):
    """Coulomb's law in a medium: E = q₁q₂ / 4πε₀εr."""
    carving = carve(tyk2_model, pose, 4.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    positions = np.concatenate([tyk2_model.positions_angstrom[carving.atoms], pose]) / 10
    whole = Complex(pocket, ejm_42_parameters, positions, tyk2_model.residues[carving.atoms])
    found = []
    for dielectric in (1.0, 2.0):
        (each,) = binding_terms([whole], Scoring(solute_dielectric=dielectric))
        assert not isinstance(each, LigandError), each
        found.append(each)
    (vacuum, of_vacuum), (medium, of_medium) = found
    assert medium.coulomb_kcal_mol == pytest.approx(vacuum.coulomb_kcal_mol / 2, abs=1e-9)
    assert of_medium.kcal_mol[:, 1] == pytest.approx(of_vacuum.kcal_mol[:, 1] / 2, abs=1e-9)
    assert medium.vdw_kcal_mol == vacuum.vdw_kcal_mol


def test_the_field_is_in_openmms_units() -> None:
    # 1 kcal/mol/Å² is 4.184 kJ/mol per 0.01 nm²
    field = field_of(Scoring(restraint_kcal_mol_angstrom2=1.0))
    assert field.restraint_k == pytest.approx(418.4)
    assert (field.solute_dielectric, field.solvent_dielectric) == (1.0, 78.5)


def test_coordinates_are_made_with_the_dielectric_of_the_minimisation_alone(
    tyk2_model, ejm_42_parameters, pose
) -> None:
    """Poses that are scored otherwise are the same poses."""
    made = [
        score(tyk2_model, ejm_42_parameters, pose, Scoring(**keys))
        for keys in ({}, {"solute_dielectric": 4.0}, {"minimisation_dielectric": 4.0})
    ]
    default, scored_otherwise, made_otherwise = made
    assert np.array_equal(default.ligand_angstrom, scored_otherwise.ligand_angstrom)
    assert default.terms.coulomb_kcal_mol == pytest.approx(
        2 * scored_otherwise.terms.coulomb_kcal_mol, rel=1e-12
    )
    assert np.abs(default.ligand_angstrom - made_otherwise.ligand_angstrom).max() > 0.01


def test_the_strain_counts_by_its_weight(tyk2_model, ejm_42_parameters, pose) -> None:
    strains = [
        score(tyk2_model, ejm_42_parameters, pose, Scoring(**keys)).terms
        for keys in ({"strain_weight": 1.0}, {"strain_weight": 0.25}, {"strain_weight": 0.0})
    ]
    whole, quarter, none = (terms.strain_kcal_mol for terms in strains)
    assert whole > 0.5
    assert quarter == pytest.approx(whole / 4, rel=1e-9)
    assert none == 0
    assert strains[0].total_kcal_mol - strains[2].total_kcal_mol == pytest.approx(whole)


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
    again = score(tyk2_model, ejm_42_parameters, pose)
    assert again.terms == scored.terms
    assert np.array_equal(again.ligand_angstrom, scored.ligand_angstrom)


def test_score_does_not_depend_on_where_the_receptor_stands(tyk2_model, ejm_42_parameters, pose):
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    moved = replace(tyk2_model, positions_angstrom=tyk2_model.positions_angstrom @ turn.T + 20)
    options = Scoring(max_iterations=1)
    reference = choose_platform("Reference")
    here = score(tyk2_model, ejm_42_parameters, pose, options, reference)
    there = score(moved, ejm_42_parameters, pose @ turn.T + 20, options, reference)
    assert there.terms.total_kcal_mol == pytest.approx(here.terms.total_kcal_mol, abs=0.02)


def test_whole_receptor_against_carved(tyk2_model, ejm_42_parameters, pose):
    """Beyond 10 Å only screened electrostatics is left: and dispersion's tail."""
    everything = np.arange(len(tyk2_model.parameters))
    carved = carve(tyk2_model, pose, 10.0, 5.0).atoms
    terms = []
    for atoms in (everything, carved):
        positions = np.concatenate([tyk2_model.positions_angstrom[atoms], pose]) / 10
        pocket = cut(tyk2_model.parameters, atoms)
        residues = tyk2_model.residues[atoms]
        found, _ = take_apart(pocket, ejm_42_parameters, positions, residues)
        terms.append(found)
    whole, part = terms
    assert part.vdw_kcal_mol == pytest.approx(whole.vdw_kcal_mol, abs=0.8)
    assert part.sa_kcal_mol == pytest.approx(whole.sa_kcal_mol, abs=0.3)
    polar = [t.coulomb_kcal_mol + t.gb_kcal_mol for t in terms]
    assert polar[1] == pytest.approx(polar[0], abs=3.0)
    assert part.strain_kcal_mol == pytest.approx(whole.strain_kcal_mol, abs=1e-6)


def test_solvation_is_the_difference_of_whole_energies(tyk2_model, ejm_42_parameters, pose):
    """OpenMM's own GBSAOBCForce of complex, receptor and ligand."""
    carving = carve(tyk2_model, pose, 7.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    n = len(pocket)
    positions = np.concatenate([tyk2_model.positions_angstrom[carving.atoms], pose]) / 10

    def solvation(parameters: Parameters, positions_nm: np.ndarray) -> float:
        system = openmm.System()
        for _ in range(len(parameters)):
            system.addParticle(1.0)
        system.addForce(gbsa_force(parameters, 2.0, 78.5))
        return energy(system, positions_nm)

    expected = (
        solvation(join([pocket, ejm_42_parameters]), positions)
        - solvation(pocket, positions[:n])
        - solvation(ejm_42_parameters, positions[n:])
    )
    options = Scoring(solute_dielectric=2.0)
    polar, apolar, _ = solvation_changes(pocket, ejm_42_parameters, positions, options)
    assert polar.sum() + apolar.sum() == pytest.approx(expected, abs=0.01)


def test_contributions_sum_to_the_terms(tyk2_model, tyk2_ligands):
    poses = [
        Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()) for mol in tyk2_ligands[:10]
    ]
    for result in score_poses(tyk2_model, poses, OPTIONS, choose_platform("CPU")):
        assert isinstance(result, PoseScore)
        terms, parts = result.terms, result.contributions
        vdw, coulomb, gb, sa = parts.kcal_mol.sum(axis=0)
        assert vdw == pytest.approx(terms.vdw_kcal_mol, abs=1e-9)
        assert coulomb == pytest.approx(terms.coulomb_kcal_mol, abs=1e-9)
        assert gb + parts.ligand_kcal_mol[0] == pytest.approx(terms.gb_kcal_mol, abs=1e-9)
        assert sa + parts.ligand_kcal_mol[1] == pytest.approx(terms.sa_kcal_mol, abs=1e-9)


def test_contributions_name_the_residues_that_line_the_site(tyk2_model, scored):
    """Hinge, gatekeeper and the leucines above and below, as in the crystal structures.

    The file counts from 1 where TYK2 has 889: Leu903, Val911, Met978, Glu979, Tyr980,
    Val981, Leu1030.
    """
    parts = scored.contributions
    order = np.argsort(parts.kcal_mol.sum(axis=1))
    best = {str(tyk2_model.residue_labels[parts.residues[i]]) for i in order[:8]}
    lining = {"LEU:15", "VAL:23", "MET:90", "GLU:91", "TYR:92", "VAL:93", "LEU:142"}
    assert len(best & lining) >= 4


def test_polar_contribution_of_a_residue_is_what_its_charges_do(
    tyk2_model, ejm_42_parameters, pose
):
    """Against OpenMM: delete the charges of one residue at a time.

    A pair of charges then goes with either of its ends. What a residue loses is its pairs
    with the ligand, with the other residues and with itself; its contribution counts the
    pairs with other residues by half. So over the sum of all deletions these count twice
    instead of once, and what they come to is known from deleting the ligand's charges.
    """
    carving = carve(tyk2_model, pose, 4.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    positions = np.concatenate([tyk2_model.positions_angstrom[carving.atoms], pose]) / 10
    residues = tyk2_model.residues[carving.atoms]
    _, parts = take_apart(pocket, ejm_42_parameters, positions, residues)

    def polar(charges: np.ndarray) -> float:
        changed = replace(pocket, charges=charges)
        change, _, _ = solvation_changes(changed, ejm_42_parameters, positions, OPTIONS)
        return change.sum() / 4.184

    def without(which: np.ndarray) -> np.ndarray:
        return np.where(which, 0.0, pocket.charges)

    everything = polar(pocket.charges)
    own = parts.ligand_kcal_mol[0]
    assert polar(np.zeros_like(pocket.charges)) == pytest.approx(own, abs=1e-9)
    for place, residue in enumerate(parts.residues):
        mine = residues == residue
        lost = everything - polar(without(mine))
        alone = polar(without(~mine)) - own  # its pairs with the ligand and with itself
        others = lost - alone
        assert parts.kcal_mol[place, 2] == pytest.approx(alone + others / 2, abs=1e-6)


def test_coulomb_contribution_of_a_residue_goes_with_its_charges(
    tyk2_model, ejm_42_parameters, pose
):
    carving = carve(tyk2_model, pose, 4.0, 0.0)
    pocket = cut(tyk2_model.parameters, carving.atoms)
    positions = np.concatenate([tyk2_model.positions_angstrom[carving.atoms], pose]) / 10
    residues = tyk2_model.residues[carving.atoms]
    terms, parts = take_apart(pocket, ejm_42_parameters, positions, residues)
    for place, residue in enumerate(parts.residues):
        charges = np.where(residues == residue, 0.0, pocket.charges)
        less, _ = take_apart(
            replace(pocket, charges=charges), ejm_42_parameters, positions, residues
        )
        lost = terms.coulomb_kcal_mol - less.coulomb_kcal_mol
        assert parts.kcal_mol[place, 1] == pytest.approx(lost, abs=1e-9)


def test_jitter_is_small_seeded_and_fixed_chemistry(ejm_42_parameters, pose):
    options = Scoring(jitter_replicas=50, jitter_angstrom=0.1)
    replicas = jittered(Pose(ejm_42_parameters, pose), options, seed=7)
    again = jittered(Pose(ejm_42_parameters, pose), options, seed=7)
    shifts = np.array([replica.angstrom - pose for replica in replicas])
    assert shifts.std() == pytest.approx(0.1, rel=0.05)
    assert all(np.array_equal(a.angstrom, b.angstrom) for a, b in zip(replicas, again, strict=True))
    assert all(replica.parameters is ejm_42_parameters for replica in replicas)


def test_strain_of_a_minimum_is_small_and_of_a_twist_is_not(ejm_42, ejm_42_parameters, pose):
    from rdkit.Chem import rdMolTransforms

    twisted = Chem.Mol(ejm_42)
    bond = twisted.GetSubstructMatch(Chem.MolFromSmarts("cC(=O)Nc"))
    conformer = twisted.GetConformer()
    carbonyl, amide, aryl = bond[1], bond[3], bond[4]
    angle = rdMolTransforms.GetDihedralDeg(conformer, bond[0], carbonyl, amide, aryl)
    rdMolTransforms.SetDihedralDeg(conformer, bond[0], carbonyl, amide, aryl, angle + 60)
    conformers = [pose / 10, conformer.GetPositions() / 10]
    bound, strained = ligand_strains([ejm_42_parameters] * 2, conformers, OPTIONS)
    assert strained > bound + 3 * 4.184


def test_a_clash_is_relieved(tyk2_model, ejm_42_parameters, pose):
    shifted = pose + np.array([0.6, 0.0, 0.0])
    result = score(tyk2_model, ejm_42_parameters, shifted)
    assert np.isfinite(result.terms.total_kcal_mol)


def test_a_hopeless_pose_is_a_reason_not_a_number(tyk2_model, ejm_42_parameters, pose):
    center = tyk2_model.positions_angstrom.mean(axis=0)
    inside = pose - pose.mean(axis=0) + center
    inside[0] = tyk2_model.positions_angstrom[
        np.argmin(np.linalg.norm(tyk2_model.positions_angstrom - inside[0], axis=1))
    ]
    with pytest.raises(LigandError) as caught:
        score(tyk2_model, ejm_42_parameters, inside)
    assert caught.value.reason in (Reason.CLASH_NOT_RELIEVED, Reason.MINIMISATION_DIVERGED)
