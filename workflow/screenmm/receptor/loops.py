"""Whether a built loop is fit to keep."""

from __future__ import annotations

import numpy as np
from openmm import app
from scipy.spatial import cKDTree

from screenmm.receptor.structure import Array

PEPTIDE_RANGE = (1.2, 1.5)  # Å, C–N bonds of a sound chain
HEAVY_CONTACT = 2.2  # Å, closer heavy atoms of other residues are a gross clash


def loop_fault(topology: app.Topology, positions: Array, loop: list[int]) -> str | None:
    """Say what is wrong with a loop, or return None.

    Parameters
    ----------
    topology : openmm.app.Topology
    positions : ndarray
        Å.
    loop : list of int
        Indices of its residues, consecutive, inside a chain.
    """
    residues = list(topology.residues())
    for index in range(loop[0] - 1, loop[-1] + 1):
        length = _distance(residues[index], "C", residues[index + 1], "N", positions)
        if not PEPTIDE_RANGE[0] <= length <= PEPTIDE_RANGE[1]:
            return f"a peptide bond of {length:.2f} Å"
    for index in loop:
        if residues[index].name != "GLY" and not _is_l(residues[index], positions):
            return f"a D-configured {residues[index].name}"
    return _clash(topology, positions, loop)


def _position(residue: app.topology.Residue, name: str, positions: Array) -> Array:
    index = next(atom.index for atom in residue.atoms() if atom.name == name)
    return np.asarray(positions[index])


def _distance(
    one: app.topology.Residue,
    first: str,
    other: app.topology.Residue,
    second: str,
    positions: Array,
) -> float:
    gap = _position(one, first, positions) - _position(other, second, positions)
    return float(np.linalg.norm(gap))


def _is_l(residue: app.topology.Residue, positions: Array) -> bool:
    center = _position(residue, "CA", positions)
    n, c, cb = (_position(residue, name, positions) - center for name in ("N", "C", "CB"))
    return float(np.dot(np.cross(n, c), cb)) > 0


def _clash(topology: app.Topology, positions: Array, loop: list[int]) -> str | None:
    heavy = [atom for atom in topology.atoms() if atom.element.symbol != "H"]
    tree = cKDTree(positions[[atom.index for atom in heavy]])
    bonded = {frozenset((a.index, b.index)) for a, b in topology.bonds()}
    for atom in heavy:
        if atom.residue.index not in loop:
            continue
        for k in tree.query_ball_point(positions[atom.index], HEAVY_CONTACT):
            other = heavy[k]
            # neighbours in the chain meet at the peptide bond
            if abs(other.residue.index - atom.residue.index) <= 1:
                continue
            if frozenset((atom.index, other.index)) not in bonded:
                length = float(np.linalg.norm(positions[atom.index] - positions[other.index]))
                return (
                    f"{atom.residue.name} {atom.name} {length:.1f} Å from "
                    f"{other.residue.name}:{other.residue.id} {other.name}"
                )
    return None
