"""Hydrogens are added and added atoms relaxed; what the file observed stays where it is."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import openmm
from openmm import app, unit
from rdkit import Chem
from rdkit.Chem import rdPartialCharges
from scipy.spatial import cKDTree

from screenmm.receptor.forcefield import build_system
from screenmm.receptor.structure import Array
from screenmm.receptor.topology import in_nanometers, one_thread

SEED = 20240229
CUTOFF_NM = 1.0
MAX_ITERATIONS = 300
TOLERANCE = 10.0  # kJ/mol/nm
# CHARMM's hydroxyl hydrogen (nm, kJ/mol): ff14SB's has no size and would fall onto acceptors
_POLAR_H = (0.040, 0.192)
# Lennard-Jones of cofactor atoms while hydrogens relax: GAFF-like sigma (nm), epsilon (kJ/mol)
_LJ = {
    "H": (0.25, 0.07), "C": (0.34, 0.40), "N": (0.325, 0.71), "O": (0.30, 0.80),
    "F": (0.31, 0.26), "P": (0.374, 0.84), "S": (0.356, 1.05), "Cl": (0.347, 1.11),
}  # fmt: skip


@contextmanager
def _seeded() -> Iterator[None]:
    """OpenMM places new hydrogens with the global generator: seed it, and put it back."""
    before = random.getstate()
    random.seed(SEED)
    try:
        yield
    finally:
        random.setstate(before)


def add_hydrogens(
    topology: app.Topology, positions: Array, variants: list[object]
) -> tuple[app.Topology, Array]:
    """Add missing hydrogens; existing atoms keep their places.

    Parameters
    ----------
    topology, positions
        Positions in Å.
    variants : list
        One entry for each residue, as ``Modeller.addHydrogens`` takes it.

    Returns
    -------
    topology : openmm.app.Topology
    positions : ndarray
        Å.
    """
    modeller = app.Modeller(topology, in_nanometers(positions))
    with one_thread() as platform, _seeded():
        modeller.addHydrogens(variants=variants, platform=platform)
    found = modeller.positions.value_in_unit(unit.angstrom)
    return modeller.topology, np.array([[*xyz] for xyz in found], dtype=float)


def relax(
    topology: app.Topology, positions: Array, movable: list[int], cofactors: list[Chem.Mol]
) -> Array:
    """Minimise some atoms in the force field while all others are fixed.

    Parameters
    ----------
    topology : openmm.app.Topology
        Polymer, waters and ions.
    positions : ndarray
        Å.
    movable : list of int
        Indices of the atoms that may move.
    cofactors : list of Mol
        Fixed surroundings, with generic Lennard-Jones and Gasteiger charges.

    Returns
    -------
    ndarray
        New positions, Å; those of fixed atoms are bitwise the same.
    """
    if not movable:
        return positions
    system = build_system(
        topology, nonbondedMethod=app.CutoffNonPeriodic, nonbondedCutoff=CUTOFF_NM * unit.nanometer
    )
    nonbonded = next(f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
    nonbonded.setReactionFieldDielectric(1.0)
    moves = set(movable)
    for index in range(system.getNumParticles()):
        charge, _, epsilon = nonbonded.getParticleParameters(index)
        if index not in moves:
            system.setParticleMass(index, 0.0)
        elif epsilon == 0 * unit.kilojoule_per_mole:
            nonbonded.setParticleParameters(index, charge, *_POLAR_H)
    surroundings = [_add_cofactor(system, nonbonded, molecule) for molecule in cofactors]
    with one_thread() as platform:
        context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
        context.setPositions(in_nanometers(np.concatenate([positions, *surroundings])))
        openmm.LocalEnergyMinimizer.minimize(context, TOLERANCE, MAX_ITERATIONS)
        state = context.getState(positions=True)
    found = state.getPositions(asNumpy=True).value_in_unit(unit.angstrom)[: len(positions)]
    relaxed = positions.copy()
    relaxed[movable] = np.asarray(found)[movable]
    return relaxed


def _add_cofactor(
    system: openmm.System, nonbonded: openmm.NonbondedForce, molecule: Chem.Mol
) -> Array:
    charged = Chem.Mol(molecule)
    rdPartialCharges.ComputeGasteigerCharges(charged)
    first = system.getNumParticles()
    for atom in charged.GetAtoms():
        sigma, epsilon = _LJ.get(atom.GetSymbol(), (0.36, 0.8))
        charge = atom.GetDoubleProp("_GasteigerCharge")
        system.addParticle(0.0)
        nonbonded.addParticle(charge if np.isfinite(charge) else 0.0, sigma, epsilon)
    # nothing in it moves: without interactions inside, overlaps cannot overflow
    for i in range(first, system.getNumParticles()):
        for j in range(first, i):
            nonbonded.addException(i, j, 0.0, 0.1, 0.0)
    return np.asarray(molecule.GetConformer().GetPositions(), dtype=float)


def worst_contact(topology: app.Topology, positions: Array) -> tuple[float, int, int]:
    """Closest pair of atoms that are not within three bonds.

    Returns
    -------
    distance : float
        Å; infinite when no pair is closer than 2.5 Å.
    first, second : int
        Atom indices.
    """
    near: list[set[int]] = [set() for _ in range(topology.getNumAtoms())]
    for one, other in topology.bonds():
        near[one.index].add(other.index)
        near[other.index].add(one.index)
    pairs = cKDTree(positions).query_pairs(2.5, output_type="ndarray")
    lengths = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    for k in np.argsort(lengths, kind="stable"):
        i, j = (int(each) for each in pairs[k])
        second_shell = set().union(*(near[n] for n in near[i]))
        third_shell = set().union(*(near[n] for n in second_shell))
        if j not in near[i] | second_shell | third_shell:
            return float(lengths[k]), i, j
    return float("inf"), -1, -1
