"""Lengths of covalent bonds after preparation: sane, poor but observed, or an error."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

import gemmi
import numpy as np
from openmm import app

from screenmm.errors import ReceptorError
from screenmm.receptor.forcefield import residue_label
from screenmm.receptor.structure import POOR_PEPTIDE_BOND, Array

# bond lengths over the sum of covalent radii (gemmi's, after Cordero et al. 2008,
# doi:10.1039/b801115j); refined structures stay well within the first
GOOD = 0.8, 1.25
SANE = 0.6, 1.5
BUILT = 0.7, 1.35  # of atoms that were added: they could move
SHOWN = 10  # bonds that an error names
_LINKS = {frozenset(("C", "N")), frozenset(("O3'", "P"))}


def check_bonds(
    topology: app.Topology, positions: Array, observed: AbstractSet[tuple[int, str]]
) -> list[tuple[str, str]]:
    """Look at the length of every bond.

    Parameters
    ----------
    topology : openmm.app.Topology
        With all bonds.
    positions : ndarray
        Å.
    observed : set of (int, str)
        Residue index and name of the atoms that are where the file has them.

    Returns
    -------
    list of (str, str)
        Residues and length of each bond that is poor, to be told.

    Raises
    ------
    ReceptorError
        A bond is longer or shorter than bonds of its elements can be; of atoms that were
        added, than the force field would leave it.
    """
    poor, absurd = [], []
    for one, other in topology.bonds():
        length = float(np.linalg.norm(positions[one.index] - positions[other.index]))
        usual = _usual_length(one, other)
        low, high = (edge * usual for edge in GOOD)
        if low <= length <= high:
            continue
        names = " ".join(dict.fromkeys(residue_label(each.residue) for each in (one, other)))
        both = all((each.residue.index, each.name) in observed for each in (one, other))
        shortest, longest = (edge * usual for edge in (SANE if both else BUILT))
        if both and _is_link(one, other):
            longest = POOR_PEPTIDE_BOND
        text = f"{one.name}–{other.name} {length:.2f} Å (usual {usual:.2f} Å)"
        if shortest <= length <= longest:
            poor.append((names, text))
        else:
            absurd.append(f"{names} {text}")
    if absurd:
        more = f" and {len(absurd) - SHOWN} more" if len(absurd) > SHOWN else ""
        raise ReceptorError(
            f"bonds that no molecule has: {'; '.join(absurd[:SHOWN])}{more}. Mend these atoms in "
            "the file, or delete those of the side chain from it: missing ones are built anew"
        )
    return poor


def _usual_length(one: app.topology.Atom, other: app.topology.Atom) -> float:
    return sum(gemmi.Element(each.element.symbol).covalent_r for each in (one, other))


def _is_link(one: app.topology.Atom, other: app.topology.Atom) -> bool:
    """Whether a bond is one between residues, of which poor ones are read as bonds."""
    return one.residue is not other.residue and {one.name, other.name} in _LINKS
