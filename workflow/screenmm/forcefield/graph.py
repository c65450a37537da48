"""Atoms and bonds of RDKit molecules."""

from __future__ import annotations

from rdkit import Chem


def atoms_of(mol: Chem.Mol) -> list[Chem.Atom]:
    """Give the atoms of a molecule; RDKit's own iterator costs several times as much."""
    return [mol.GetAtomWithIdx(i) for i in range(mol.GetNumAtoms())]


def bonds_of(mol: Chem.Mol) -> list[Chem.Bond]:
    """Give the bonds of a molecule."""
    return [mol.GetBondWithIdx(i) for i in range(mol.GetNumBonds())]
