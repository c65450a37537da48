"""A side chain turned about its bonds: lengths, angles and hydrogens as the file has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from screenmm.receptor.contacts import Atoms, energy, protein_atoms
from screenmm.receptor.geometry import torsion
from screenmm.receptor.sidechains import Chi, chis
from screenmm.receptor.structure import Array, Atom, Residue

WOBBLE = (0.0, -15.0, 15.0)
"""Around the staggered torsions of the first two bonds, degrees."""
TORSION = 1.0  # kcal/mol between staggered and eclipsed, or across and along a flat end

_FLAT = frozenset(("PHE", "TYR", "TRP", "HIS"))
_SYMMETRIC = frozenset(("PHE", "TYR", "ASP", "GLU"))
"""Their last torsion by 180° is the same side chain."""
_BACKBONE = frozenset(("N", "CA", "C", "O", "OXT", "CB"))


def side_atoms(residue: Residue) -> list[Atom]:
    """Heavy atoms that turn."""
    return [atom for atom in residue.heavy() if atom.name not in _BACKBONE]


def still_atoms(residue: Residue) -> list[Atom]:
    """Heavy atoms that stay: the backbone, and CB."""
    return [atom for atom in residue.heavy() if atom.name in _BACKBONE]


def _turning_atoms(residue: Residue, chi: Chi) -> np.ndarray:
    """Indices of the atoms that turn about a bond, hydrogens with what they are bonded to."""
    places = np.array([atom.xyz for atom in residue.atoms])
    heavy = [index for index, atom in enumerate(residue.atoms) if atom.element != "H"]
    turning = {*chi.moved, chi.atoms[2]}
    found = []
    for index, atom in enumerate(residue.atoms):
        if atom.element == "H":
            apart = np.linalg.norm(places[heavy] - places[index], axis=1)
            if residue.atoms[heavy[int(apart.argmin())]].name in turning:
                found.append(index)
        elif atom.name in chi.moved:
            found.append(index)
    return np.array(found)


def _rotated(sets: Array, axis: tuple[int, int], moving: np.ndarray, degrees: float) -> Array:
    """Turn some atoms of each set of places about a bond."""
    turned = sets.copy()
    origin = sets[:, axis[1]][:, None]
    along = sets[:, axis[1]] - sets[:, axis[0]]
    along = along / np.linalg.norm(along, axis=1, keepdims=True)
    turns = Rotation.from_rotvec(np.radians(degrees) * along).as_matrix()
    turned[:, moving] = origin + (sets[:, moving] - origin) @ turns.transpose(0, 2, 1)
    return turned


def torsions(residue: Residue) -> tuple[float, ...]:
    """Torsions of a side chain, from the backbone outwards, degrees."""
    places = {atom.name: atom.xyz for atom in residue.heavy()}
    return tuple(torsion(*(places[name] for name in chi.atoms)) for chi in chis(residue.name))


def _angles(residue: Residue, number: int, chi: Chi) -> list[float]:
    """Torsions to try about a bond."""
    if len(chi.angles) > 3:
        is_last = number == len(chis(residue.name)) - 1
        half = residue.name in _SYMMETRIC and is_last
        return [angle for angle in chi.angles if not half or -90 <= angle < 90]
    wobble = WOBBLE if number < 2 else WOBBLE[:1]
    return [angle + more for angle in chi.angles for more in wobble]


def _strain(name: str, chi: Chi, angle: float) -> float:
    """Energy of a torsion, kcal/mol."""
    if len(chi.angles) == 3:
        return float(TORSION * (1 + np.cos(3 * np.radians(angle))) / 2)
    return float(TORSION * (1 + np.cos(2 * np.radians(angle))) / 2) if name in _FLAT else 0.0


@dataclass(frozen=True)
class Rotamers:
    """Ways in which a side chain may stand; the first is as it stands.

    Attributes
    ----------
    places : ndarray, shape (ways, atoms, 3)
        All atoms of the residue, Å.
    strain : ndarray
        kcal/mol.
    """

    residue: Residue
    places: Array
    strain: Array

    @classmethod
    def of(cls, residue: Residue) -> Rotamers:
        """As it stands, then every combination of torsions."""
        sets = np.array([[atom.xyz for atom in residue.atoms]])
        strain = np.zeros(1)
        index = {atom.name: place for place, atom in enumerate(residue.atoms)}
        now = torsions(residue)
        for number, chi in enumerate(chis(residue.name)):
            moving = _turning_atoms(residue, chi)
            axis = index[chi.atoms[1]], index[chi.atoms[2]]
            tried = [now[number], *_angles(residue, number, chi)]
            parts = [_rotated(sets, axis, moving, angle - now[number]) for angle in tried[1:]]
            sets = np.concatenate([sets, *parts])
            strain = np.concatenate([strain + _strain(residue.name, chi, angle) for angle in tried])
        return cls(residue, sets, strain)

    def kept(self, these: np.ndarray) -> Rotamers:
        """Some of them."""
        return Rotamers(self.residue, self.places[these], self.strain[these])

    @property
    def side(self) -> Atoms:
        """Side-chain atoms of all ways, one after the other."""
        here = [
            index
            for index, atom in enumerate(self.residue.atoms)
            if atom.element != "H" and atom.name not in _BACKBONE
        ]
        places = self.places[:, here].reshape(-1, 3)
        return protein_atoms(side_atoms(self.residue)).placed(places)

    def with_still(self, still: Atoms) -> Array:
        """Energy of each way with atoms that do not move, kcal/mol."""
        count = len(self.places)
        return energy(self.side, still).sum(axis=1).reshape(count, -1).sum(axis=1)

    def own(self) -> Array:
        """Energy of each way with the residue's own backbone, beyond three bonds, kcal/mol."""
        side, still = side_atoms(self.residue), still_atoms(self.residue)
        far = np.array(
            [[_bonds_apart(self.residue.name, a.name, b.name) > 3 for b in still] for a in side]
        )
        found = energy(self.side, protein_atoms(still)) * np.tile(far, (len(self.places), 1))
        return np.asarray(found.sum(axis=1).reshape(len(self.places), -1).sum(axis=1))


def _bonds_apart(name: str, one: str, other: str) -> int:
    """Bonds between a side-chain atom and one of the backbone, or CB; in rings at least."""
    from_cb = max(1, sum(one in chi.moved for chi in chis(name)))
    return from_cb + {"CB": 0, "CA": 1, "N": 2, "C": 2, "O": 3, "OXT": 3}[other]
