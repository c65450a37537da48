"""The hydrogen network with the ligand present: rotors turned, Asn, Gln and His flipped.

Hydrogens of hydroxyls, thiols and ammonium groups near the ligand, those of the ligand itself,
and the side-chain ends whose O, N and C a crystal does not tell apart are given the states of
lowest energy: Coulomb at a dielectric of 4, Lennard-Jones, torsions. All else is fixed. The
search goes down by single groups and by pairs of neighbours until nothing is gained, so it is
deterministic and needs no seed. Tautomers and protonation stay as they are.

References
----------
J. M. Word et al., J. Mol. Biol. 285, 1735 (1999), on flips and hydrogen networks.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from openmm.app import Topology
from protocols import Prepared
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from screenmm.core.units import ANGSTROM_PER_NM, COULOMB_KJ_NM
from screenmm.forcefield.parameters import Parameters, cut, join
from screenmm.mmgbsa.carve import carve
from screenmm.mmgbsa.score import Pose

REACH_ANGSTROM, SEEN_ANGSTROM = 6.0, 12.0
"""A residue this close to the ligand is optimised; one this close is felt."""

DIELECTRIC = 4.0
STEP_DEGREES = 15.0
POLAR_H = (0.040, 0.192)
"""CHARMM's hydroxyl hydrogen, nm and kJ/mol: ff14SB's has no size and would fall onto acceptors."""

FLIPS = {
    "ASN": (("CB", "CG"), ("OD1", "ND2", "HD21", "HD22")),
    "GLN": (("CG", "CD"), ("OE1", "NE2", "HE21", "HE22")),
    "HIS": (("CB", "CG"), ("ND1", "CD2", "CE1", "NE2", "HD1", "HD2", "HE1", "HE2")),
}
"""Axis, and the atoms that turn by half a circle about it."""

LEAST_GAIN = 1e-6
"""kJ/mol; ties keep the state that is there."""


@dataclass(frozen=True)
class Group:
    """Atoms that move together.

    Parameters
    ----------
    atoms : ndarray of int, shape (A,)
    states : ndarray, shape (S, A, 3)
        Their places in each state, nm; the first is the one given.
    """

    atoms: np.ndarray
    states: np.ndarray


def settle(prepared: Prepared, topology: Topology, pose: Pose) -> tuple[Prepared, Pose]:
    """Put a receptor's and a ligand's hydrogens into the network of lowest energy.

    Parameters
    ----------
    prepared : Prepared
    topology : openmm.app.Topology
        Of the same atoms.
    pose : Pose
    """
    receptor = prepared.model
    carving = carve(receptor, pose.angstrom, SEEN_ANGSTROM, REACH_ANGSTROM)
    p = join([cut(receptor.parameters, carving.atoms), pose.parameters])
    n = len(carving.atoms)
    x = np.concatenate([receptor.positions_angstrom[carving.atoms], pose.angstrom])
    x = x / ANGSTROM_PER_NM
    near = np.concatenate([carving.flexible, np.ones(len(pose.parameters), dtype=bool)])
    place = {int(atom): index for index, atom in enumerate(carving.atoms)}
    groups = [*flips(topology, place, near, x), *rotors(p, near, x)]
    for group, state in zip(groups, best_states(p, x, groups), strict=True):
        x[group.atoms] = group.states[state]
    positions = receptor.positions_angstrom.copy()
    positions[carving.atoms] = x[:n] * ANGSTROM_PER_NM
    return (
        replace(prepared, model=replace(receptor, positions_angstrom=positions)),
        Pose(pose.parameters, x[n:] * ANGSTROM_PER_NM),
    )


def turned(x: np.ndarray, atoms: np.ndarray, axis: tuple[int, int], degrees: np.ndarray) -> Group:
    """A group that turns about the bond from the first to the second atom of the axis."""
    origin = x[axis[1]]
    direction = origin - x[axis[0]]
    direction /= np.linalg.norm(direction)
    rotations = Rotation.from_rotvec(np.deg2rad(degrees)[:, None] * direction)
    arms = x[atoms] - origin
    return Group(atoms, np.stack([each.apply(arms) + origin for each in rotations]))


def flips(
    topology: Topology, place: dict[int, int], near: np.ndarray, x: np.ndarray
) -> list[Group]:
    """Amides of Asn and Gln and rings of His."""
    found = []
    for residue in topology.residues():
        if residue.name not in FLIPS:
            continue
        axis, names = FLIPS[residue.name]
        index = {atom.name: place[atom.index] for atom in residue.atoms() if atom.index in place}
        atoms = np.array([index[name] for name in names if name in index], dtype=int)
        if len(atoms) and near[atoms].all():
            ends = (index[axis[0]], index[axis[1]])
            found.append(turned(x, atoms, ends, np.array([0.0, 180.0])))
    return found


def rotors(p: Parameters, near: np.ndarray, x: np.ndarray) -> list[Group]:
    """Hydrogens of hydroxyls, thiols and ammonium groups, by the graph."""
    neighbours: dict[int, list[int]] = {}
    for one, other in p.bonds.tolist():
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    light = p.masses < 1.5
    found = []
    for centre, bonded in neighbours.items():
        hydrogens = [atom for atom in bonded if light[atom]]
        heavy = [atom for atom in bonded if not light[atom]]
        mass = p.masses[centre]
        single = len(hydrogens) == 1 and (15.5 < mass < 16.5 or 31.5 < mass < 32.5)
        ammonium = len(hydrogens) == 3 and 13.5 < mass < 14.5
        if len(heavy) == 1 and (single or ammonium) and near[centre]:
            degrees = np.arange(0.0, 360.0 if single else 120.0, STEP_DEGREES)
            found.append(turned(x, np.array(hydrogens), (heavy[0], centre), degrees))
    return found


def best_states(p: Parameters, x: np.ndarray, groups: list[Group]) -> list[int]:
    """State of each group, by descent over single groups and pairs."""
    sigmas = np.where(p.epsilons == 0, POLAR_H[0], p.sigmas)
    epsilons = np.where(p.epsilons == 0, POLAR_H[1], p.epsilons)
    sized = replace(p, sigmas=sigmas, epsilons=epsilons)
    moving = np.zeros(len(p), dtype=bool)
    for group in groups:
        moving[group.atoms] = True
    own = [own_energies(sized, x, group, moving) for group in groups]
    pairs = {
        (i, j): pair_energies(sized, groups[i], groups[j])
        for i, j in itertools.combinations(range(len(groups)), 2)
    }
    states = [0] * len(groups)

    def field_of(i: int, without: int = -1) -> np.ndarray:
        """Energy of each state of a group among the others."""
        total = own[i].copy()
        for j, state in enumerate(states):
            if j not in (i, without):
                total += pairs[i, j][:, state] if i < j else pairs[j, i][state]
        return np.asarray(total)

    improved = True
    while improved:
        improved = False
        for i in range(len(groups)):
            energies = field_of(i)
            best = int(np.argmin(energies))
            if energies[best] < energies[states[i]] - LEAST_GAIN:
                states[i], improved = best, True
        for (i, j), pair in pairs.items():
            both = field_of(i, j)[:, None] + field_of(j, i)[None, :] + pair
            a, b = (int(k) for k in np.unravel_index(np.argmin(both), both.shape))
            if both[a, b] < both[states[i], states[j]] - LEAST_GAIN:
                states[i], states[j], improved = a, b, True
    return states


def between(
    p: Parameters, first: np.ndarray, second: np.ndarray, distance: np.ndarray
) -> np.ndarray:
    """Pair energies, kJ/mol, of atoms of two sets; distances in nm, shape (..., A, B)."""
    sigma = (p.sigmas[first][:, None] + p.sigmas[second]) / 2
    epsilon = np.sqrt(p.epsilons[first][:, None] * p.epsilons[second])
    sixth = (sigma / distance) ** 6
    charge = COULOMB_KJ_NM / DIELECTRIC * p.charges[first][:, None] * p.charges[second]
    return np.asarray(charge / distance + 4 * epsilon * (sixth**2 - sixth))


def own_energies(p: Parameters, x: np.ndarray, group: Group, moving: np.ndarray) -> np.ndarray:
    """Energy of each state with all that is fixed, and of the torsions that it turns."""
    fixed = np.flatnonzero(~moving)
    bonded = np.zeros((len(group.atoms), len(p)), dtype=bool)
    for row, atom in enumerate(group.atoms):
        touching = p.exceptions[(p.exceptions == atom).any(axis=1)]
        bonded[row, touching.ravel()] = True
    total = np.empty(len(group.states))
    ours = np.isin(p.exceptions, group.atoms).sum(axis=1) == 1
    exceptions, values = p.exceptions[ours], p.exception_values[ours]
    turns = np.isin(p.torsions, group.atoms).any(axis=1)
    for index, state in enumerate(group.states):
        moved = x.copy()
        moved[group.atoms] = state
        energies = between(p, group.atoms, fixed, cdist(state, x[fixed]))
        r = np.linalg.norm(moved[exceptions[:, 0]] - moved[exceptions[:, 1]], axis=1)
        sixth = (values[:, 1] / r) ** 6
        near = COULOMB_KJ_NM / DIELECTRIC * values[:, 0] / r
        near = near + 4 * values[:, 2] * (sixth**2 - sixth)
        total[index] = (
            energies[~bonded[:, fixed]].sum()
            + near.sum()
            + torsion_energy(moved, p.torsions[turns], p.torsion_values[turns])
        )
    return total


def pair_energies(p: Parameters, one: Group, other: Group) -> np.ndarray:
    """Energy between the states of two groups, shape (S, T)."""
    shape = (*one.states.shape[:2], *other.states.shape[:2])
    distance = cdist(one.states.reshape(-1, 3), other.states.reshape(-1, 3)).reshape(shape)
    energies = between(p, one.atoms, other.atoms, distance.transpose(0, 2, 1, 3))
    return np.asarray(energies.sum(axis=(2, 3)))


def torsion_energy(x: np.ndarray, torsions: np.ndarray, values: np.ndarray) -> float:
    """Energy of periodic torsions, kJ/mol."""
    a, b, c, d = (x[torsions[:, k]] for k in range(4))
    first, axis, last = b - a, c - b, d - c
    normal, other = np.cross(first, axis), np.cross(axis, last)
    length = np.linalg.norm(axis, axis=1)
    angle = np.arctan2((length[:, None] * first * other).sum(axis=1), (normal * other).sum(axis=1))
    return float((values[:, 2] * (1 + np.cos(values[:, 0] * angle - values[:, 1]))).sum())
