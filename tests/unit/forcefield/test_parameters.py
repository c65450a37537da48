"""Parameters against OpenMM's own ForceField, implicit/obc2.xml and Interchange."""

from __future__ import annotations

import numpy as np
import openmm
import pytest
from openmm import unit
from openmm.app import ForceField, NoCutoff
from rdkit import Chem

from screenmm.forcefield.parameters import (
    FORCE_GROUPS,
    Parameters,
    SystemOptions,
    build_system,
    cut,
    extract,
    join,
    reordered,
)
from screenmm.forcefield.smirnoff import FORCE_FIELD, openmm_topology
from tests.unit.models import energy


def group_energy(system: openmm.System, positions_nm: np.ndarray, group: int) -> float:
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(positions_nm)
    state = context.getState(getEnergy=True, groups={group})
    return state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


def test_rebuilt_protein_has_the_energy_of_the_force_field(tyk2_system, tyk2_model):
    positions = tyk2_model.positions_angstrom / 10
    rebuilt = build_system(tyk2_model.parameters, SystemOptions())
    for force in list(rebuilt.getForces()):
        if isinstance(force, openmm.GBSAOBCForce):
            force.setForceGroup(20)
    ours = group_energy(rebuilt, positions, FORCE_GROUPS["bonded"]) + group_energy(
        rebuilt, positions, FORCE_GROUPS["nonbonded"]
    )
    assert ours == pytest.approx(energy(tyk2_system, positions), abs=0.01)


def test_rebuilt_protein_agrees_term_by_term(tyk2_system, tyk2_model):
    positions = tyk2_model.positions_angstrom / 10
    rebuilt = build_system(tyk2_model.parameters, SystemOptions())
    for kind in (
        openmm.HarmonicBondForce,
        openmm.HarmonicAngleForce,
        openmm.PeriodicTorsionForce,
        openmm.NonbondedForce,
    ):
        energies = []
        for system in (tyk2_system, rebuilt):
            alone = openmm.System()
            for index in range(system.getNumParticles()):
                alone.addParticle(system.getParticleMass(index))
            for force in system.getForces():
                if isinstance(force, kind):
                    alone.addForce(openmm.XmlSerializer.clone(force))
            energies.append(energy(alone, positions))
        assert energies[0] == pytest.approx(energies[1], abs=0.01), kind.__name__


def test_native_obc2_is_implicit_obc2_xml(tyk2_pdb, tyk2_model):
    reference = ForceField("amber14/protein.ff14SB.xml", "implicit/obc2.xml").createSystem(
        tyk2_pdb.topology, nonbondedMethod=NoCutoff, constraints=None
    )
    custom = openmm.System()
    for index in range(reference.getNumParticles()):
        custom.addParticle(reference.getParticleMass(index))
    for force in reference.getForces():
        if isinstance(force, openmm.CustomGBForce):
            custom.addForce(openmm.XmlSerializer.clone(force))
    positions = tyk2_model.positions_angstrom / 10
    expected = energy(custom, positions, "CPU")
    ours = group_energy(
        build_system(tyk2_model.parameters, SystemOptions()), positions, FORCE_GROUPS["gbsa"]
    )
    # the two differ in the seventh digit: the XML rounds its Coulomb constant
    assert ours == pytest.approx(expected, rel=5e-6)
    assert expected < -10_000


def test_ligand_agrees_with_interchange(ejm_42: Chem.Mol, ejm_42_parameters: Parameters):
    from openff.toolkit import ForceField as OpenFF
    from openff.toolkit import Molecule
    from openff.units import unit as off_unit

    molecule = Molecule.from_rdkit(ejm_42, allow_undefined_stereo=True)
    molecule.partial_charges = off_unit.Quantity(
        ejm_42_parameters.charges, off_unit.elementary_charge
    )
    interchange = OpenFF(FORCE_FIELD).create_interchange(
        molecule.to_topology(), charge_from_molecules=[molecule]
    )
    system = interchange.to_openmm_system()
    positions = ejm_42.GetConformer().GetPositions() / 10
    rebuilt = build_system(ejm_42_parameters, SystemOptions())
    ours = sum(
        group_energy(rebuilt, positions, FORCE_GROUPS[name]) for name in ("bonded", "nonbonded")
    )
    assert ours == pytest.approx(energy(system, positions), abs=1e-4)


def test_ligand_charges_sum_to_the_formal_charge(ejm_42_parameters: Parameters):
    assert ejm_42_parameters.charges.sum() == pytest.approx(0.0, abs=1e-9)


def test_cut_and_join_give_back_the_whole(tyk2_model):
    whole = tyk2_model.parameters
    n = 500  # between residues or not: only terms across the cut may go
    first, second = cut(whole, np.arange(n)), cut(whole, np.arange(n, len(whole)))
    again = join([first, second])
    assert np.array_equal(again.charges, whole.charges)
    across = ((whole.bonds < n).any(axis=1)) & ((whole.bonds >= n).any(axis=1))
    assert len(again.bonds) == len(whole.bonds) - across.sum()
    assert np.array_equal(
        again.bonds,
        whole.bonds[~across][np.argsort((whole.bonds[~across] >= n).any(axis=1), kind="stable")],
    )


def test_bonded_terms_of_frozen_atoms_can_be_left_out_of_a_cut(tyk2_model):
    p, n = tyk2_model.parameters, len(tyk2_model.parameters)
    keep, movable = np.arange(0, n // 2), np.zeros(n, dtype=bool)
    movable[40:60] = True
    whole, without = cut(p, keep), cut(p, keep, movable)
    assert len(without.bonds) < len(whole.bonds) // 10
    options = SystemOptions(movable=movable[: n // 2])
    assert openmm.XmlSerializer.serialize(build_system(without, options)) == (
        openmm.XmlSerializer.serialize(build_system(whole, options))
    )


def test_atoms_in_another_order_have_the_same_energies(tyk2_model):
    p, positions = tyk2_model.parameters, tyk2_model.positions_angstrom / 10
    order = np.random.default_rng(3).permutation(len(p))
    shuffled = build_system(reordered(p, order), SystemOptions())
    for group in FORCE_GROUPS.values():
        assert group_energy(shuffled, positions[order], group) == pytest.approx(
            group_energy(build_system(p, SystemOptions()), positions, group), rel=1e-6, abs=1e-6
        )


def test_save_and_load(tmp_path, ejm_42_parameters: Parameters):
    ejm_42_parameters.save(tmp_path / "p.npz")
    loaded = Parameters.load(tmp_path / "p.npz")
    assert np.array_equal(loaded.torsion_values, ejm_42_parameters.torsion_values)
    assert np.array_equal(loaded.exceptions, ejm_42_parameters.exceptions)


def test_solute_dielectric_divides_coulomb(ejm_42, ejm_42_parameters):
    positions = ejm_42.GetConformer().GetPositions() / 10
    no_lj = Parameters(
        **{
            **ejm_42_parameters.__dict__,
            "epsilons": np.zeros(len(ejm_42_parameters)),
            "exception_values": ejm_42_parameters.exception_values * [1, 1, 0],
        }
    )
    group = FORCE_GROUPS["nonbonded"]
    one = group_energy(build_system(no_lj, SystemOptions()), positions, group)
    four = group_energy(build_system(no_lj, SystemOptions(solute_dielectric=4.0)), positions, group)
    assert four == pytest.approx(one / 4, rel=1e-9)


def test_constraints_are_refused(tyk2_pdb):
    from openmm.app import HBonds

    system = ForceField("amber14/protein.ff14SB.xml").createSystem(
        tyk2_pdb.topology, constraints=HBonds
    )
    with pytest.raises(ValueError, match="constraints=None"):
        extract(system, tyk2_pdb.topology)


def test_unsupported_force_is_refused(ejm_42):
    system = openmm.System()
    for _ in range(ejm_42.GetNumAtoms()):
        system.addParticle(1.0)
    system.addForce(openmm.CMAPTorsionForce())
    with pytest.raises(ValueError, match="CMAPTorsionForce cannot be carried over"):
        extract(system, openmm_topology(ejm_42))
