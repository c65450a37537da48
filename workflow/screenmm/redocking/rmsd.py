"""RMSD of a pose to a reference, in place, over the heavy atoms, symmetry taken into account.

Atoms are matched by element and connections alone: a pose may have other hydrogens, charges
and bond orders than the reference, as its state may be another protomer or tautomer.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

MOST_ORDERS = 100_000
"""Atom orders that are tried; a molecule with more is not compared."""


def skeleton(mol: Chem.Mol) -> Chem.Mol:
    """Heavy atoms and the bonds between them, all single, with the conformer's positions.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With one conformer, Å; it need not be sane.
    """
    plain = Chem.RWMol()
    places: dict[int, int] = {}
    for atom in mol.GetAtoms():
        if atom.GetAtomicNum() > 1:
            bare = Chem.Atom(atom.GetAtomicNum())
            bare.SetNoImplicit(True)
            places[atom.GetIdx()] = plain.AddAtom(bare)
    for bond in mol.GetBonds():
        first, second = (places.get(bond.GetBeginAtomIdx()), places.get(bond.GetEndAtomIdx()))
        if first is not None and second is not None:
            plain.AddBond(first, second, Chem.BondType.SINGLE)
    positions = mol.GetConformer().GetPositions()
    conformer = Chem.Conformer(len(places))
    conformer.Set3D(True)
    for old, new in places.items():
        conformer.SetAtomPosition(new, positions[old].tolist())
    plain.AddConformer(conformer)
    plain.UpdatePropertyCache(strict=False)
    return plain.GetMol()


def atom_orders(probe: Chem.Mol, reference: Chem.Mol) -> NDArray[np.int64]:
    """Every way in which the atoms of one skeleton are those of the other.

    Parameters
    ----------
    probe, reference : rdkit.Chem.Mol
        From :func:`skeleton`.

    Returns
    -------
    array
        One row per way: the reference's atom for each atom of the probe.

    Raises
    ------
    ValueError
        The skeletons differ, or there are more than :data:`MOST_ORDERS` ways.
    """
    sizes = probe.GetNumAtoms(), reference.GetNumAtoms()
    bonds = probe.GetNumBonds(), reference.GetNumBonds()
    found = (
        reference.GetSubstructMatches(probe, uniquify=False, maxMatches=MOST_ORDERS + 1)
        if sizes[0] == sizes[1] and bonds[0] == bonds[1]
        else ()
    )
    if not found:
        raise ValueError(
            f"the molecules' heavy atoms are not connected alike ({sizes[0]} and {sizes[1]} atoms)"
        )
    if len(found) > MOST_ORDERS:
        raise ValueError(f"the molecule is alike in more than {MOST_ORDERS} orders of its atoms")
    return np.array(found, dtype=np.int64)


def heavy_rmsd_angstrom(pose: Chem.Mol, reference: Chem.Mol) -> float:
    """RMSD of a pose to a reference, Å: the smallest over all orders of equivalent atoms.

    Neither is moved.

    Parameters
    ----------
    pose, reference : rdkit.Chem.Mol
        With one conformer each.

    Raises
    ------
    ValueError
        As of :func:`atom_orders`.
    """
    plain, fixed = skeleton(pose), skeleton(reference)
    orders = atom_orders(plain, fixed)
    away = fixed.GetConformer().GetPositions()[orders] - plain.GetConformer().GetPositions()
    return float(np.sqrt((away**2).sum(axis=2).mean(axis=1).min()))
