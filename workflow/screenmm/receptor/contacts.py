"""How near side chains, ligand and surroundings come: clashes, and Vina's energy of pairs of atoms.

Heavy atoms alone; what gives and takes hydrogen bonds is told by names in a protein, by hydrogens
and charges in a ligand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import gemmi
import numpy as np
from rdkit import Chem
from scipy.spatial.distance import cdist

from screenmm.receptor.ligand_file import NO_BOND_ORDERS
from screenmm.receptor.names import METALS
from screenmm.receptor.structure import Array, Atom

CLASH_FACTOR = 0.8
"""Of the sum of van der Waals radii. A pose is said to clash at 0.75 (``likeness``), but a rigid
receptor repels it before."""

# Vina's terms (Trott and Olson 2010, doi:10.1002/jcc.21334), kcal/mol; repulsion ends at MOST_PAIR
GAUSS1, GAUSS2, REPULSION, GREASY, HYDROGEN = -0.035579, -0.005156, 0.840245, -0.035069, -0.587439
MOST_PAIR = 4.0
RADII = {
    "C": 1.9, "N": 1.8, "O": 1.7, "S": 2.0, "P": 2.1, "F": 1.5, "Cl": 1.8, "Br": 2.0, "I": 2.2,
}  # fmt: skip
OTHER_RADIUS, METAL_RADIUS = 1.9, 1.2
REACH = 7.0  # Å, farther pairs have no energy

_DONORS = frozenset((
    "N", "NE", "NH1", "NH2", "ND1", "ND2", "NE1", "NE2", "NZ", "OG", "OG1", "OH",
))  # fmt: skip


@dataclass(frozen=True)
class Atoms:
    """Heavy atoms as the energy sees them.

    Attributes
    ----------
    xyz : ndarray, shape (atoms, 3)
        Å.
    radii, vdw : ndarray
        Vina's, and van der Waals radii, Å.
    donors, acceptors, greasy : ndarray of bool
    """

    xyz: Array
    radii: Array
    vdw: Array
    donors: np.ndarray
    acceptors: np.ndarray
    greasy: np.ndarray

    def placed(self, xyz: Array) -> Atoms:
        """The same atoms elsewhere; of several sets of places one after the other."""
        times = len(xyz) // len(self.xyz)
        rest = (
            np.tile(part, times)
            for part in (self.radii, self.vdw, self.donors, self.acceptors, self.greasy)
        )
        return Atoms(xyz, *rest)


def atoms_of(found: Iterable[tuple[str, Array, bool, bool]]) -> Atoms:
    """Atoms from element, place (Å), and whether they give and take hydrogen bonds."""
    rows = list(found)
    elements = [each[0] for each in rows]
    radii = [METAL_RADIUS if each in METALS else RADII.get(each, OTHER_RADIUS) for each in elements]
    greasy = [each in ("C", "F", "Cl", "Br", "I") for each in elements]
    return Atoms(
        np.array([each[1] for each in rows], dtype=float).reshape(-1, 3),
        np.array(radii),
        np.array([gemmi.Element(each).vdw_r for each in elements]),
        np.array([each[2] for each in rows], dtype=bool),
        np.array([each[3] for each in rows], dtype=bool),
        np.array(greasy, dtype=bool),
    )


def ligand_atoms(ligand: Chem.Mol) -> Atoms:
    """Heavy atoms of a ligand; without bond orders any N and O gives and takes."""
    untold = bool(ligand.HasProp(NO_BOND_ORDERS[0]))
    places = ligand.GetConformer().GetPositions()
    return atoms_of(
        (
            atom.GetSymbol(),
            places[atom.GetIdx()],
            atom.GetAtomicNum() in (7, 8)
            and (untold or atom.GetTotalNumHs(includeNeighbors=True) > 0),
            atom.GetAtomicNum() == 8
            or (atom.GetAtomicNum() == 7 and (untold or atom.GetFormalCharge() <= 0)),
        )
        for atom in ligand.GetAtoms()
        if atom.GetAtomicNum() > 1
    )


def protein_atoms(atoms: Iterable[Atom], is_water: bool = False) -> Atoms:
    """Heavy atoms of residues, ions and waters."""
    return atoms_of(
        (
            each.element,
            each.xyz,
            is_water or each.element in METALS or each.name in _DONORS,
            each.element == "O" or each.name in ("ND1", "NE2"),
        )
        for each in atoms
    )


def joined(parts: Sequence[Atoms]) -> Atoms:
    """Atoms of several parts, one after the other."""
    columns = ("xyz", "radii", "vdw", "donors", "acceptors", "greasy")
    return Atoms(*(np.concatenate([getattr(each, name) for each in parts]) for name in columns))


def energy(one: Atoms, other: Atoms) -> Array:
    """Energy of each pair, kcal/mol, shape (atoms, atoms): Vina's terms, repulsion limited."""
    apart = cdist(one.xyz, other.xyz)
    gap = apart - one.radii[:, None] - other.radii[None, :]
    below = np.minimum(gap, 0.0)
    found = GAUSS1 * np.exp(-((gap / 0.5) ** 2)) + GAUSS2 * np.exp(-(((gap - 3.0) / 2.0) ** 2))
    found += np.minimum(REPULSION * below**2, MOST_PAIR)
    greasy = one.greasy[:, None] & other.greasy[None, :]
    found += GREASY * greasy * np.clip(1.5 - gap, 0.0, 1.0)
    bonded = one.donors[:, None] & other.acceptors[None, :]
    bonded |= one.acceptors[:, None] & other.donors[None, :]
    found += HYDROGEN * bonded * np.clip(-gap / 0.7, 0.0, 1.0)
    return np.asarray(np.where(apart < REACH, found, 0.0))


def overlaps(one: Atoms, other: Atoms) -> Array:
    """How far each atom reaches into others, Å: the deepest below the distance of a clash."""
    limits = CLASH_FACTOR * (one.vdw[:, None] + other.vdw[None, :])
    return np.asarray(np.clip(limits - cdist(one.xyz, other.xyz), 0, None).max(axis=1, initial=0))
