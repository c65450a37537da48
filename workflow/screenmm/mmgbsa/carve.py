"""Cut the receptor around a pose: which residues are in the model, which may move."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from screenmm.receptor.model import ReceptorModel


@dataclass(frozen=True)
class Carving:
    """Atoms of the receptor that a pose's model takes in.

    Parameters
    ----------
    atoms : ndarray of int
        Receptor atoms in the model, ascending.
    flexible : ndarray of bool, shape ``atoms.shape``
        Those that may move.
    """

    atoms: np.ndarray
    flexible: np.ndarray


def carve(
    receptor: ReceptorModel,
    pose_angstrom: np.ndarray,
    pocket_radius_angstrom: float,
    flexible_radius_angstrom: float,
    also_flexible: Collection[int] = (),
    also_inside: Collection[int] = (),
) -> Carving:
    """Take whole residues near a pose.

    A residue bonded to a flexible one is always taken in, so that no bonded term of a
    moving atom is lost.

    Parameters
    ----------
    receptor : ReceptorModel
    pose_angstrom : ndarray, shape (M, 3)
        Coordinates of the ligand, Å.
    pocket_radius_angstrom, flexible_radius_angstrom : float
        A residue belongs when any of its atoms lies within this distance of the pose.
    also_flexible, also_inside : collection of int
        Residues that may move, and that are in the model, wherever the pose is.
    """
    furthest = max(pocket_radius_angstrom, flexible_radius_angstrom)
    around = _around(receptor.positions_angstrom, pose_angstrom, furthest)
    distances = cdist(receptor.positions_angstrom[around], pose_angstrom).min(axis=1)
    n_residues = int(receptor.residues.max()) + 1
    nearest = np.full(n_residues, np.inf)
    np.minimum.at(nearest, receptor.residues[around], distances)
    flexible = nearest <= flexible_radius_angstrom
    flexible[list(also_flexible)] = True
    inside = nearest <= pocket_radius_angstrom
    inside[list(also_inside)] = True
    inside |= flexible
    first, second = receptor.residues[receptor.parameters.bonds.T]
    inside[first[flexible[second]]] = inside[second[flexible[first]]] = True
    atoms = np.flatnonzero(inside[receptor.residues])
    return Carving(atoms, flexible[receptor.residues[atoms]])


def _around(positions: np.ndarray, centre: np.ndarray, reach: float) -> np.ndarray:
    """Indices of the atoms in the box around some others, ``reach`` larger on each side."""
    low, high = centre.min(axis=0) - reach, centre.max(axis=0) + reach
    x, y, z = ((low <= positions) & (positions <= high)).T
    return np.flatnonzero(x & y & z)
