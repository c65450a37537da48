from __future__ import annotations

import openmm
import pytest
from openmm import app, unit

from screenmm.core.errors import ReceptorError
from screenmm.receptor.forcefield import PROTEIN_WITH_PHOSPHO, polymer_system
from screenmm.receptor.names import IONS
from screenmm.receptor.prepare import PreparedReceptor
from screenmm.receptor.topology import in_nanometers
from tests.unit.receptor.conftest import Prepare, changes


def energy(system: openmm.System, prepared: PreparedReceptor) -> float:
    """Potential energy, kcal/mol."""
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName("Reference")
    )
    context.setPositions(in_nanometers(prepared.positions_angstrom))
    state = context.getState(energy=True)
    return state.getPotentialEnergy().value_in_unit(unit.kilocalorie_per_mole)


def test_both_conversions_of_ff14sb_agree(tyk2: PreparedReceptor) -> None:
    ours = polymer_system(tyk2.topology)
    other = app.ForceField(PROTEIN_WITH_PHOSPHO[0]).createSystem(
        tyk2.topology, nonbondedMethod=app.NoCutoff, rigidWater=False
    )
    assert energy(ours, tyk2) == pytest.approx(energy(other, tyk2), abs=0.5)


def test_system_has_no_constraints(tyk2: PreparedReceptor) -> None:
    system = polymer_system(tyk2.topology)
    assert system.getNumConstraints() == 0
    assert not any(isinstance(force, openmm.CMMotionRemover) for force in system.getForces())


@pytest.mark.parametrize(
    ("name", "symbol", "charge"),
    [("ZN", "Zn", 2), ("MG", "Mg", 2), ("CA", "Ca", 2), ("MN", "Mn", 2), ("FE", "Fe", 3),
     ("FE2", "Fe", 2), ("NA", "Na", 1), ("K", "K", 1), ("CL", "Cl", -1), ("NI", "Ni", 2),
     ("CO", "Co", 2), ("CU", "Cu", 2), ("SOD", "Na", 1)],
)  # fmt: skip
def test_ions_match_by_the_pdb_name(name: str, symbol: str, charge: int) -> None:
    topology = app.Topology()
    residue = topology.addResidue(name, topology.addChain("A"), "1")
    topology.addAtom(name, app.Element.getBySymbol(symbol), residue)
    system = polymer_system(topology)
    force = next(f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    found, _, epsilon = force.getParticleParameters(0)
    assert found.value_in_unit(unit.elementary_charge) == charge
    assert epsilon.value_in_unit(unit.kilojoule_per_mole) > 0


def test_every_ion_has_its_template() -> None:
    from screenmm.receptor.forcefield import force_field

    assert set(IONS.values()) <= set(force_field(set())._templates)


def test_unmatched_residue_is_named_with_remedies(tyk2: PreparedReceptor) -> None:
    modeller = app.Modeller(tyk2.topology, in_nanometers(tyk2.positions_angstrom))
    residue = next(r for r in modeller.topology.residues() if r.id == "42")
    modeller.delete([atom for atom in residue.atoms() if atom.name == "CB"])
    with pytest.raises(
        ReceptorError, match=f"{residue.name}:42 has no force-field parameters.*rem"
    ):
        polymer_system(modeller.topology)


def test_phosphothreonine_of_active_cdk2(prepare: Prepare) -> None:
    from importlib.resources import files
    from pathlib import Path

    folder = Path(str(files("openmmforcefields"))) / "data/perses_jacs_systems/cdk2"
    ligand = next(folder.glob("*_ligands*.sdf"))
    cdk2 = prepare(folder / "CDK2_protein.pdb", {"ligand": ligand})
    phospho = [r for r in cdk2.topology.residues() if r.name == "TPO"]
    assert [r.id for r in phospho] == ["161"]  # T160, one further in this file
    system = polymer_system(cdk2.topology)
    force = next(f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    charge = sum(
        force.getParticleParameters(atom.index)[0].value_in_unit(unit.elementary_charge)
        for atom in phospho[0].atoms()
    )
    assert charge == pytest.approx(-2, abs=1e-4)
    assert not changes(cdk2, "converted")
