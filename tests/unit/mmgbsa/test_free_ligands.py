"""Free ligands side by side against OpenMM's Reference platform, one by one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import openmm
import pytest
from rdkit import Chem

from screenmm.devices.platforms import REFERENCE
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import FORCE_GROUPS, Parameters, SystemOptions, build_system
from screenmm.mmgbsa.free_ligands import SOLVENT_BLOCK, FreeLigands, _VacuumForces
from screenmm.mmgbsa.lbfgs import End, Options
from screenmm.mmgbsa.packing import Field

FIELD = Field(0.0, 2.0, 78.5)
VACUUM = {FORCE_GROUPS["bonded"], FORCE_GROUPS["nonbonded"]}
SOLVENT = {FORCE_GROUPS["gbsa"]}
PACK = 8  # more than are worked on at a time


@pytest.fixture(scope="module")
def ligands(tyk2_ligands: list[Chem.Mol]) -> list[Parameters]:
    assert PACK > SOLVENT_BLOCK
    return [ligand_parameters(mol) for mol in tyk2_ligands[:PACK]]


@pytest.fixture(scope="module")
def bound(tyk2_ligands: list[Chem.Mol]) -> list[np.ndarray]:
    """Far from the origin, as in a receptor."""
    return [mol.GetConformer().GetPositions() / 10 for mol in tyk2_ligands[:PACK]]


def reference(ligand: Parameters) -> openmm.Context:
    options = SystemOptions(
        solute_dielectric=FIELD.solute_dielectric, solvent_dielectric=FIELD.solvent_dielectric
    )
    return REFERENCE.context(build_system(ligand, options))


def forces_of(ligand: Parameters, positions_nm: np.ndarray, groups: set[int]) -> np.ndarray:
    context = reference(ligand)
    context.setPositions(positions_nm)
    return context.getState(getForces=True, groups=groups).getForces(asNumpy=True)._value


def energy_of(ligand: Parameters, positions_nm: np.ndarray) -> float:
    context = reference(ligand)
    context.setPositions(positions_nm)
    return context.getState(getEnergy=True).getPotentialEnergy()._value


@pytest.mark.parametrize("squeeze", [1.0, 0.6])
def test_forces_and_energies_are_openmms(ligands, bound, squeeze: float) -> None:
    # squeezed, atoms engulf each other: the descreening integral's rarer branches
    positions = [x * squeeze for x in bound]
    together = FreeLigands(ligands, FIELD)
    everything = np.concatenate(positions)
    parts = np.cumsum(together.sizes)[:-1]
    fast = np.split(together.fast(everything), parts)
    slow = np.split(together.slow(everything), parts)
    energies = together.energies(everything)
    for k, (ligand, x) in enumerate(zip(ligands, positions, strict=True)):
        for found, groups in ((fast[k], VACUUM), (slow[k], SOLVENT)):
            expected = forces_of(ligand, x, groups)
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-4)
        assert energies[k] == pytest.approx(energy_of(ligand, x), rel=1e-7, abs=1e-4)


@pytest.mark.parametrize(
    ("smiles", "what"),
    [
        ("CC#N", "atoms in line: the plane of their angle is not defined"),
        ("C", "a molecule without torsions"),
        ("[Cl-].[Na+]", "ions: no bond at all"),
        ("C1CC2CC1C2", "bridged rings"),
    ],
)
def test_unusual_molecules_are_openmms_too(smiles: str, what: str) -> None:
    from rdkit.Chem import AllChem

    mol = Chem.AddHs(Chem.MolFromSmiles(smiles.split(".", maxsplit=1)[0]))
    assert AllChem.EmbedMolecule(mol, randomSeed=1) == 0
    ligand, x = ligand_parameters(mol), mol.GetConformer().GetPositions() / 10
    found = FreeLigands([ligand], FIELD)
    assert found.fast(x) == pytest.approx(forces_of(ligand, x, VACUUM), rel=1e-5, abs=1e-3), what
    assert found.slow(x) == pytest.approx(forces_of(ligand, x, SOLVENT), rel=1e-6, abs=1e-4), what
    assert found.energies(x)[0] == pytest.approx(energy_of(ligand, x), rel=1e-7, abs=1e-4), what


def test_forces_that_are_known_are_not_computed_again_and_stay_right(ligands, bound) -> None:
    together = FreeLigands(ligands, FIELD)
    everything = np.concatenate(bound)
    together.fast(everything)
    starts = np.cumsum([0, *together.sizes])
    rng = np.random.default_rng(5)
    for moved in ([1], [1, 6], [], [0, 2, 3, 4, 5, 7]):
        for k in moved:
            everything[starts[k] : starts[k + 1]] += rng.normal(0, 0.002, (together.sizes[k], 3))
        fresh = FreeLigands(ligands, FIELD).fast(everything)
        assert together.fast(everything) == pytest.approx(fresh, rel=1e-9, abs=1e-7)


def test_minima_are_openmms(ligands, bound) -> None:
    """Both converged tightly: with a loose end the path decides the last tenths."""
    together = FreeLigands(ligands[:3], FIELD)
    start = np.concatenate(bound[:3])
    found = together.minimise(start, Options(0.05, 5000))
    assert found.ends == [End.CONVERGED] * 3
    minima = together.energies(found.positions_nm)
    for k in range(3):
        context = reference(ligands[k])
        context.setPositions(bound[k])
        openmm.LocalEnergyMinimizer.minimize(context, 0.02)
        theirs = context.getState(getEnergy=True).getPotentialEnergy()._value
        assert minima[k] == pytest.approx(theirs, abs=0.01 * 4.184)


def test_a_ligand_that_explodes_leaves_the_others_alone(ligands, bound) -> None:
    positions = [x.copy() for x in bound[:3]]
    positions[1][0] = positions[1][-1]  # two atoms in one place
    together = FreeLigands(ligands[:3], FIELD)
    found = together.minimise(np.concatenate(positions), Options(2.0, 1000))
    assert found.ends[1] in (End.NOT_FINITE, End.CLASH)
    for k in (0, 2):
        alone = FreeLigands([ligands[k]], FIELD)
        least = alone.minimise(bound[k], Options(2.0, 1000))
        part = np.split(found.positions_nm, np.cumsum(together.sizes)[:-1])[k]
        assert found.ends[k] is least.ends[0] is End.CONVERGED
        assert alone.energies(part) == pytest.approx(alone.energies(least.positions_nm), abs=0.5)


def test_a_solute_dielectric_divides_the_coulomb_energy(ligands, bound) -> None:
    charged, x = ligands[0], bound[0]
    bare = replace(
        charged,
        epsilons=charged.epsilons * 0,
        exception_values=charged.exception_values * [1, 1, 0],
    )
    one, four = (FreeLigands([bare], Field(0.0, d, d)).energies(x)[0] for d in (1.0, 4.0))
    neutral = replace(bare, charges=bare.charges * 0,
                      exception_values=bare.exception_values * 0)  # fmt: skip
    rest = FreeLigands([neutral], Field(0.0, 1.0, 1.0)).energies(x)[0]
    assert one - rest == pytest.approx(4.0 * (four - rest), rel=1e-9)


def test_bonded_atoms_in_one_place_spoil_no_other_ligand(ligands, bound) -> None:
    positions = [x.copy() for x in bound[:2]]
    first, second = ligands[0].bonds[0]
    positions[0][first] = positions[0][second]
    together = FreeLigands(ligands[:2], FIELD)
    found = together.minimise(np.concatenate(positions), Options(2.0, 1000))
    assert found.ends == [End.NOT_FINITE, End.CONVERGED]


def test_stiffness_is_the_hessian_of_bonds_at_rest(ligands, bound) -> None:
    """Of one bond at its length: k along it, nothing across."""
    k, length = 2.0e5, 0.15
    empty = {
        name: getattr(ligands[0], name)[:0]
        for name in ("angles", "angle_values", "torsions", "torsion_values", "exceptions",
                     "exception_values")
    }  # fmt: skip
    atoms = {
        name: getattr(ligands[0], name)[:2]
        for name in ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales")
    }
    pair = Parameters(
        **atoms, **empty, bonds=np.array([[0, 1]]), bond_values=np.array([[length, k]])
    )
    x = np.array([[[0.0, 0.0, 0.0], [0.0, length, 0.0]]])
    hessian = _VacuumForces([pair], FIELD).stiffness(x)[0]
    expected = np.zeros((6, 6))
    expected[2:4, 2:4] = [[k, -k], [-k, k]]  # the y of both
    assert hessian == pytest.approx(expected)
