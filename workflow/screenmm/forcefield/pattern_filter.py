"""Which SMARTS patterns may match a molecule, told by its elements, neighbours, rings and bonds."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np
from rdkit import Chem

from screenmm.forcefield.graph import atoms_of, bonds_of

Key = tuple[int, ...]

_ANY = -1

_TWICE_ORDER = {"-": 2, ":": 3, "=": 4, "#": 6}


class PatternFilter:
    """Finds the patterns that may match a molecule: most want an atom or a bond that it lacks.

    Elements, numbers of neighbours, ring sizes and bond orders are compared; whatever else a
    pattern asks for is left to its matching.

    Parameters
    ----------
    queries : sequence of rdkit.Chem.Mol
        Compiled patterns.
    """

    def __init__(self, queries: Sequence[Chem.Mol]) -> None:
        atoms: dict[Key, int] = {}
        bonds: dict[Key, int] = {}
        of_atoms: list[tuple[int, int]] = []
        of_bonds: list[tuple[int, int]] = []
        for pattern, query in enumerate(queries):
            own = [atoms.setdefault(_asked_of_atom(atom), len(atoms)) for atom in atoms_of(query)]
            of_atoms += [(pattern, atom) for atom in own]
            for bond in bonds_of(query):
                key = own[bond.GetBeginAtomIdx()], own[bond.GetEndAtomIdx()], _asked_of_bond(bond)
                of_bonds.append((pattern, bonds.setdefault(key, len(bonds))))
        self._size = len(queries)
        self._atoms = _table(atoms, 3)[:, np.newaxis]
        self._begin, self._end, order = _table(bonds, 3).T
        self._order = order[:, np.newaxis]
        self._of_atoms, self._of_bonds = _table(of_atoms, 2).T, _table(of_bonds, 2).T

    def possible(self, atoms: Sequence[Key], bonds: Sequence[Key]) -> np.ndarray:
        """Tell of each pattern, as booleans, whether it may match a molecule.

        Parameters
        ----------
        atoms, bonds : sequence of tuple of int
            As :func:`described` gives them.
        """
        numbers = {atom: number for number, atom in enumerate(dict.fromkeys(atoms))}
        own = [numbers[atom] for atom in atoms]
        pairs = {(own[i], own[j], order) for i, j, order in bonds}
        pairs |= {(j, i, order) for i, j, order in pairs}
        begin, end, order = _table(pairs, 3).T
        occurs = ((self._atoms == _table(numbers, 3)) | (self._atoms == _ANY)).all(axis=2)
        joined = occurs[self._begin][:, begin] & occurs[self._end][:, end]
        joined &= (self._order == order) | (self._order == _ANY)
        possible = np.ones(self._size, dtype=bool)
        for (patterns, wanted), there in ((self._of_atoms, occurs), (self._of_bonds, joined)):
            possible[patterns[~there.any(axis=1)[wanted]]] = False
        return possible


def _table(rows: Iterable[Key], columns: int) -> np.ndarray:
    return np.array(list(rows), dtype=int).reshape(-1, columns)


def described(mol: Chem.Mol) -> tuple[list[Key], list[Key]]:
    """Describe the atoms and bonds of a molecule.

    Returns
    -------
    atoms : list of tuple of int
        Element, number of neighbours and size of the smallest ring of each.
    bonds : list of tuple of int
        Both atoms of each and twice its order, which is 3 if it is aromatic.
    """
    rings = mol.GetRingInfo()
    atoms: list[Key] = [
        (atom.GetAtomicNum(), atom.GetTotalDegree(), rings.MinAtomRingSize(i))
        for i, atom in enumerate(atoms_of(mol))
    ]
    bonds: list[Key] = [
        (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), int(2 * bond.GetBondTypeAsDouble()))
        for bond in bonds_of(mol)
    ]
    return atoms, bonds


def _asked_of_atom(atom: Chem.Atom) -> Key:
    """Element, number of neighbours and ring size of whatever a query atom matches."""
    asked = _asked(re.sub(r"^\[(.*?)(:\d+)?\]$", r"\1", atom.GetSmarts()))
    return tuple(
        next((int(each[1:]) for each in asked if re.fullmatch(rf"{letter}\d+", each)), _ANY)
        for letter in "#Xr"
    )


def _asked_of_bond(bond: Chem.Bond) -> int:
    asked = _asked(bond.GetSmarts())  # type: ignore[call-arg]  # RDKit's stub forgets self
    return next((order for sign, order in _TWICE_ORDER.items() if sign in asked), _ANY)


def _asked(smarts: str) -> set[str]:
    """Primitives of an atom's or a bond's SMARTS that every match has."""
    flat = re.sub(r"\$\([^()]*\)", "$", smarts)
    if "(" in flat:
        return set()
    parts = [[set(each.split("&")) for each in part.split(",")] for part in flat.split(";")]
    return set().union(*(set.intersection(*part) for part in parts))
