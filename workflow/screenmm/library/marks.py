"""Marks of stereochemistry that tell nothing: those of small cages and symmetric rings.

A bridgehead of a small bicycle cannot point inwards, so its configuration follows from
that of the other bridgehead. Programs that read stereochemistry atom by atom mark both all
the same, and where the cage is symmetric the marks tell nothing: 1,3-disubstituted
bicyclo[1.1.1]pentanes, cubanes and amantadine have one form each. Here such marks are made
complete where they tell something and removed where they do not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product

from rdkit import Chem
from rdkit.Chem import rdqueries

MAX_BRIDGED = 7
"""Most atoms in three bridges that forbid in,out isomers: those of bicyclo[3.3.1]nonane and
bicyclo[4.2.1]nonane do; in,out-bicyclo[4.4.1]undecane is the core of ingenol."""
MAX_FUSED = 4
"""Most atoms beside the shared bond of two rings that are only fused cis:
bicyclo[3.1.0]hexane and bicyclo[2.2.0]hexane; trans-bicyclo[4.1.0]heptane is known."""

INVERTING = "[NX3;+0;r3;$(N1[#6][#6]1)]([#6,#1])"
"""Nitrogen of an aziridine: it inverts at room temperature (some 19 kcal/mol), unless a hetero
atom holds it."""

UNMARKED = Chem.ChiralType.CHI_UNSPECIFIED
CW = Chem.ChiralType.CHI_TETRAHEDRAL_CW
CCW = Chem.ChiralType.CHI_TETRAHEDRAL_CCW
HYDROGEN = -1
"""Stands for the implicit hydrogen, which RDKit counts as the last neighbour."""


@dataclass(frozen=True, slots=True)
class Tie:
    """Two ring atoms, each with its neighbours on the same three bridges in the same order.

    Both look outwards, so seen along these neighbours they are of opposite hands.
    """

    atoms: tuple[int, int]
    neighbours: tuple[tuple[int, ...], tuple[int, ...]]


Bridge = tuple[int, ...]
"""Inner atoms of a path between two ring atoms; none where they are bonded."""
Cage = dict[int, int]
"""Hand of each tied atom relative to the first one's, along :data:`CW` in bond order."""


def settle(mol: Chem.Mol) -> Chem.Mol:
    """Complete the marks of cages, and remove the marks that tell nothing.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sanitised, without explicit hydrogens.

    Returns
    -------
    Mol
        The same object where nothing is to do, else a copy. A mark is gone where the molecule
        with it, or with all of its cage, inverted is the same molecule; that of a bridgehead
        nitrogen is gone beside carbons of its cage that tell the same, that of an aziridine's
        nitrogen always. Marks that no cage can have together stay where the molecule has more
        than one form.
    """
    before = tags(mol)
    if not any(mol.GetRingInfo().NumAtomRings(atom) for atom in before):
        return mol
    changed = Chem.Mol(mol)
    for match in changed.GetSubstructMatches(_inverting()):
        changed.GetAtomWithIdx(match[0]).SetChiralTag(UNMARKED)
    cages = find_cages(changed)
    for cage in cages:
        _complete(changed, cage)
    _remove_empty(changed, [*map(list, cages), *([atom] for atom in _dependent(changed))])
    if tags(changed) == before:
        return mol
    # RDKit keeps which centres of a ring depend on each other
    Chem.AssignStereochemistry(changed, cleanIt=True, force=True)
    return changed


def tags(mol: Chem.Mol) -> dict[int, Chem.ChiralType]:
    """Marks of the marked atoms."""
    return {atom.GetIdx(): atom.GetChiralTag() for atom in mol.GetAtomsMatchingQuery(_any_mark())}


@cache
def _any_mark() -> Chem.QueryAtom:
    return rdqueries.HasChiralTagQueryAtom()


def is_contradictory(mol: Chem.Mol) -> bool:
    """Tell whether a cage bears marks that exclude each other.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With its rings perceived.
    """
    return any(len(_hands(mol, cage)) > 1 for cage in find_cages(mol))


def mark_open_cages(mol: Chem.Mol) -> tuple[Chem.Mol, list[Cage]]:
    """Give each cage without marks those of one hand.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With its rings perceived.

    Returns
    -------
    tuple
        The molecule, a copy where something is marked, and the cages so marked.
    """
    cages = [cage for cage in find_cages(mol) if not _marked(mol, cage)]
    if cages:
        mol = Chem.Mol(mol)
    for cage in cages:
        for atom, hand in cage.items():
            mol.GetAtomWithIdx(atom).SetChiralTag(CW if hand > 0 else CCW)
    return mol, cages


def both_hands(mol: Chem.Mol, cages: list[Cage]) -> Iterator[Chem.Mol]:
    """Yield the molecule with each of some cages in both its hands."""
    for are_inverted in product((False, True), repeat=len(cages)):
        form = Chem.Mol(mol)
        for cage, is_inverted in zip(cages, are_inverted, strict=True):
            for atom in cage if is_inverted else ():
                form.GetAtomWithIdx(atom).InvertChirality()
        Chem.AssignStereochemistry(form, cleanIt=True, force=True)
        yield form


def unmark_cages(mol: Chem.Mol) -> Chem.Mol:
    """Copy of a molecule without the marks of its cages and of the rings that they are made of."""
    mol = Chem.Mol(mol)
    tied = {atom for cage in find_cages(mol) for atom in cage}
    for ring in mol.GetRingInfo().AtomRings():
        for atom in ring if tied & set(ring) else ():
            mol.GetAtomWithIdx(atom).SetChiralTag(UNMARKED)
    return mol


def find_cages(mol: Chem.Mol) -> list[Cage]:
    """Sets of ring atoms of which one configuration determines the others.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With its rings perceived.

    Returns
    -------
    list of dict
        Of each cage its atoms, at least two, and their relative hands.
    """
    cages: list[Cage] = []
    for first, second in combinations(_corners(mol), 2):
        if any(first in cage and second in cage for cage in cages):
            continue
        if (tie := _find_tie(mol, first, second)) is not None:
            cages = _joined(mol, cages, tie)
    return cages


@cache
def _inverting() -> Chem.Mol:
    return Chem.MolFromSmarts(INVERTING)


def _corners(mol: Chem.Mol) -> list[int]:
    """Tetrahedral atoms at which two rings or more meet."""
    rings = mol.GetRingInfo()
    corners = []
    for index in range(mol.GetNumAtoms()):
        if rings.NumAtomRings(index) < 2:
            continue
        atom = mol.GetAtomWithIdx(index)
        bonds = atom.GetBonds()
        if all(bond.GetBondType() == Chem.BondType.SINGLE for bond in bonds) and (
            sum(bond.IsInRing() for bond in bonds) > 2
        ):
            corners.append(index)
    return corners


def _find_tie(mol: Chem.Mol, first: int, second: int) -> Tie | None:
    """Three short bridges without a common atom that join two ring atoms, if there are."""
    bridges = sorted(_bridges(mol, first, second), key=len)
    for three in _short_threes(bridges):
        inner = [atom for bridge in three for atom in bridge]
        if len(set(inner)) == len(inner):
            starts = tuple(bridge[0] if bridge else second for bridge in three)
            ends = tuple(bridge[-1] if bridge else first for bridge in three)
            return Tie((first, second), (starts, ends))
    return None


def _short_threes(bridges: list[Bridge]) -> Iterator[tuple[Bridge, Bridge, Bridge]]:
    """Three each of bridges sorted by length that are short enough together."""
    for i, one in enumerate(bridges):
        most = MAX_BRIDGED if one else MAX_FUSED
        for j, other in enumerate(bridges[i + 1 :], start=i + 1):
            if len(one) + 2 * len(other) > most:
                break
            for third in bridges[j + 1 :]:
                if len(one) + len(other) + len(third) > most:
                    break
                yield one, other, third


def _bridges(mol: Chem.Mol, first: int, last: int) -> Iterator[Bridge]:
    """Inner atoms of the short paths over ring bonds between two atoms."""
    open_paths: list[tuple[int, ...]] = [(first,)]
    while open_paths:
        path = open_paths.pop()
        for bond in mol.GetAtomWithIdx(path[-1]).GetBonds():
            following = bond.GetOtherAtomIdx(path[-1])
            if not bond.IsInRing() or following in path:
                continue
            if following == last:
                yield path[1:]
            elif len(path) <= MAX_BRIDGED - 2:
                open_paths.append((*path, following))


def _joined(mol: Chem.Mol, cages: list[Cage], tie: Tie) -> list[Cage]:
    """Cages after two atoms are tied to each other."""
    (first, second), orders = tie.atoms, tie.neighbours
    opposite = -_parity(mol, first, orders[0]) * _parity(mol, second, orders[1])
    one = next((cage for cage in cages if first in cage), {first: 1})
    other = next((cage for cage in cages if second in cage), {second: 1})
    turn = one[first] * opposite * other[second]
    joined = one | {atom: hand * turn for atom, hand in other.items()}
    return [cage for cage in cages if cage is not one and cage is not other] + [joined]


def _parity(mol: Chem.Mol, atom: int, order: tuple[int, ...]) -> int:
    """Parity of a permutation: an atom's neighbours as bonded, to some first and then the rest."""
    bonded = [each.GetIdx() for each in mol.GetAtomWithIdx(atom).GetNeighbors()]
    bonded += [HYDROGEN] * (4 - len(bonded))
    wanted = [*order, *(each for each in bonded if each not in order)]
    places = [bonded.index(each) for each in wanted]
    swaps = sum(a > b for a, b in combinations(places, 2))
    return -1 if swaps % 2 else 1


def _marked(mol: Chem.Mol, atoms: Iterable[int]) -> list[int]:
    return [atom for atom in atoms if mol.GetAtomWithIdx(atom).GetChiralTag() in (CW, CCW)]


def _hands(mol: Chem.Mol, cage: Cage) -> set[int]:
    """Hands that the marks of a cage give it: one, none, or both where they contradict."""
    found = {atom: mol.GetAtomWithIdx(atom).GetChiralTag() for atom in _marked(mol, cage)}
    return {cage[atom] * (1 if tag == CW else -1) for atom, tag in found.items()}


def _complete(mol: Chem.Mol, cage: Cage) -> None:
    """Mark all carbons of a cage that bears marks, and no nitrogen beside them."""
    hands = _hands(mol, cage)
    if len(hands) != 1:
        return
    (hand,) = hands
    is_carbon = {atom: mol.GetAtomWithIdx(atom).GetAtomicNum() == 6 for atom in cage}
    for atom in cage:
        if is_carbon[atom]:
            mol.GetAtomWithIdx(atom).SetChiralTag(CW if hand * cage[atom] > 0 else CCW)
        elif any(is_carbon.values()):
            mol.GetAtomWithIdx(atom).SetChiralTag(UNMARKED)


def _dependent(mol: Chem.Mol) -> list[int]:
    """Marked ring atoms with two neighbours that only stereochemistry tells apart."""
    rings = mol.GetRingInfo()
    marked = [atom for atom in _marked(mol, tags(mol)) if rings.NumAtomRings(atom)]
    if not marked:
        return []
    ranks = Chem.CanonicalRankAtoms(mol, breakTies=False, includeChirality=False)
    neighbours = {
        atom: [ranks[each.GetIdx()] for each in mol.GetAtomWithIdx(atom).GetNeighbors()]
        for atom in marked
    }
    return [atom for atom, found in neighbours.items() if len(set(found)) < len(found)]


def _remove_empty(mol: Chem.Mol, sets: list[list[int]]) -> None:
    """Remove the marks of each set of atoms whose inversion gives the same molecule."""
    is_changed = True
    while is_changed:
        is_changed = False
        for atoms in sets:
            marked = _marked(mol, atoms)
            if marked and _is_same_inverted(mol, marked):
                for atom in marked:
                    mol.GetAtomWithIdx(atom).SetChiralTag(UNMARKED)
                is_changed = True


def _is_same_inverted(mol: Chem.Mol, atoms: list[int]) -> bool:
    inverted = Chem.Mol(mol)
    for atom in atoms:
        inverted.GetAtomWithIdx(atom).InvertChirality()
    return bool(inverted.HasSubstructMatch(mol, useChirality=True))
