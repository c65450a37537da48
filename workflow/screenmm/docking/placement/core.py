"""The common core of a ligand and a template, and every way in which it lies on the template.

Atoms are matched by element, and carbon and nitrogen by their geometry (tetrahedral, planar or
linear) as well, whatever the orders of their bonds and their hydrogens: a ligand that is another
protomer or tautomer than the template has the same core, and no chair lies on a benzene ring.
Rings match rings, and only whole ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

from rdkit import Chem
from rdkit.Chem import rdFMCS

MOST_STEPS = 20_000
"""Steps of the search for the common core. It ends by this count and never by the clock, so that
it finds the same on a busy machine; the largest core found until then counts."""

MOST_MATCHES = 1000
"""Places of the core on one of the molecules that are listed."""

SHAPED = {6, 7}
"""Elements that also match by their geometry: carbon, nitrogen."""

SHAPES = {
    Chem.HybridizationType.SP: 1,
    Chem.HybridizationType.SP2: 2,
    Chem.HybridizationType.SP3: 3,
}

IN_MOLECULE = "in_molecule"


@dataclass(frozen=True)
class Core:
    """A common core, laid on the template.

    Parameters
    ----------
    atoms : int
        Heavy atoms of the core.
    maps : tuple of dict
        Atom of the ligand to the template's: one for each way in which the core lies on it.
        Ways that only exchange equivalent atoms of the ligand are one.
    """

    atoms: int
    maps: tuple[dict[int, int], ...]


class _Limit(rdFMCS.MCSProgress):
    """Ends the search after a number of steps."""

    def __init__(self) -> None:
        super().__init__()
        self._steps = 0

    def __call__(self, progress: rdFMCS.MCSProgressData, parameters: rdFMCS.MCSParameters) -> bool:
        self._steps += 1
        return self._steps < MOST_STEPS


def graph_of(mol: Chem.Mol) -> Chem.Mol:
    """Heavy atoms and the bonds between them; what atoms match by is their isotope.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Sane; with or without hydrogens.
    """
    graph = Chem.RWMol()
    places: dict[int, int] = {}
    for atom in mol.GetAtoms():
        number = atom.GetAtomicNum()
        if number > 1:
            bare = Chem.Atom(number)
            bare.SetNoImplicit(True)
            shape = SHAPES.get(atom.GetHybridization(), 0) if number in SHAPED else 0
            bare.SetIsotope(4 * number + shape)
            bare.SetIntProp(IN_MOLECULE, atom.GetIdx())
            places[atom.GetIdx()] = graph.AddAtom(bare)
    for bond in mol.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if all(end in places for end in ends):
            graph.AddBond(places[ends[0]], places[ends[1]], Chem.BondType.SINGLE)
    graph.UpdatePropertyCache(strict=False)
    Chem.GetSymmSSSR(graph)
    return graph.GetMol()


def common_core(mol: Chem.Mol, template: Chem.Mol) -> Core:
    """Find the largest connected common core, and every way in which it lies on the template.

    Parameters
    ----------
    mol, template : rdkit.Chem.Mol
        Sane; with or without hydrogens.
    """
    own, other = graph_of(mol), graph_of(template)
    pattern = _pattern(own, other)
    if pattern is None:
        return Core(0, ())
    on_own = own.GetSubstructMatches(pattern, uniquify=False, maxMatches=MOST_MATCHES)
    on_other = other.GetSubstructMatches(pattern, uniquify=False, maxMatches=MOST_MATCHES)
    return Core(pattern.GetNumAtoms(), _distinct(mol, own, other, on_own, on_other))


def _pattern(own: Chem.Mol, other: Chem.Mol) -> Chem.Mol | None:
    """The common core as a query: the larger of two, as each search misses some.

    That for whole rings may find nothing for a million steps, where one that also takes parts of
    rings needs a dozen; but from this the parts are cut off, and another core may be larger.
    """
    whole = rdFMCS.FindMCS([own, other], _parameters(whole_rings=True))
    found = [whole.queryMol] if whole.numAtoms and not whole.canceled else []
    loose = rdFMCS.FindMCS([own, other], _parameters(whole_rings=False))
    if loose.numAtoms:
        mine = own.GetSubstructMatch(loose.queryMol)
        theirs = other.GetSubstructMatch(loose.queryMol)
        found += _without_parts_of_rings(own, other, dict(zip(mine, theirs, strict=True)))
    return max(found, key=lambda pattern: pattern.GetNumAtoms(), default=None)


def _without_parts_of_rings(
    own: Chem.Mol, other: Chem.Mol, pairs: dict[int, int]
) -> list[Chem.Mol]:
    """The core's connected parts after ring atoms are gone that lie in no whole ring."""
    theirs = {frozenset(ring) for ring in other.GetRingInfo().AtomRings()}
    whole = [
        ring
        for ring in own.GetRingInfo().AtomRings()
        if frozenset(pairs.get(atom, -1) for atom in ring) in theirs
    ]
    in_ring = own.GetRingInfo().NumAtomRings
    kept = {atom for atom in pairs if not in_ring(atom) or any(atom in ring for ring in whole)}
    cut = Chem.RWMol(own)
    for atom in sorted(set(range(own.GetNumAtoms())) - kept, reverse=True):
        cut.RemoveAtom(atom)
    return list(Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False))


def _parameters(*, whole_rings: bool) -> rdFMCS.MCSParameters:
    parameters = rdFMCS.MCSParameters()
    parameters.AtomTyper = rdFMCS.AtomCompare.CompareIsotopes
    parameters.BondTyper = rdFMCS.BondCompare.CompareAny
    parameters.AtomCompareParameters.RingMatchesRingOnly = True
    parameters.BondCompareParameters.RingMatchesRingOnly = True
    parameters.BondCompareParameters.CompleteRingsOnly = whole_rings
    parameters.ProgressCallback = _Limit()
    return parameters


def _distinct(
    mol: Chem.Mol,
    own: Chem.Mol,
    other: Chem.Mol,
    on_own: tuple[tuple[int, ...], ...],
    on_other: tuple[tuple[int, ...], ...],
) -> tuple[dict[int, int], ...]:
    """Maps that put another kind of atom somewhere; the pattern's own symmetry drops out."""
    kinds = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    found: dict[tuple[tuple[int, int], ...], dict[int, int]] = {}
    # every symmetry of the pattern is in both lists, so one place of each set of atoms will do
    for mine, theirs in product(on_own, _one_each(on_other)):
        pairs = [
            (own.GetAtomWithIdx(i).GetIntProp(IN_MOLECULE),
             other.GetAtomWithIdx(j).GetIntProp(IN_MOLECULE))
            for i, j in zip(mine, theirs, strict=True)
        ]  # fmt: skip
        found.setdefault(tuple(sorted((j, kinds[i]) for i, j in pairs)), dict(pairs))
    return tuple(found.values())


def _one_each(matches: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
    return list({frozenset(each): each for each in reversed(matches)}.values())
