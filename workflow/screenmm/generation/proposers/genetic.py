"""Proposals by a genetic algorithm on molecular graphs, without a model.

A crossover cuts two parents at one acyclic bond each, or at two bonds of a ring each, and joins a
piece of one to a piece of the other. A mutation changes one atom or one bond. The idea is that of
Jensen 2019, 10.1039/C8SC05372C; genetic algorithms hold their own against learned models
(Tripp and Hernández-Lobato 2023, 10.48550/arXiv.2310.09267), so this is also what those are
compared with.

What chemistry forbids RDKit refuses. What it allows and a chemist would not draw is refused here:
a child may have no more unwanted groups of a kind than its parents have.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from rdkit import Chem, rdBase
from rdkit.Chem import BondType

from screenmm.core.seeds import seed_for
from screenmm.generation.parents import core_pattern, readable
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.registry import ProposerFacts, Sources

FACTS = ProposerFacts(words="crosses parents and changes atoms and bonds, without a model")

CROSSOVERS = 0.5
"""Share of attempts: crossovers go far from a parent, mutations look about it."""

RING_CROSSOVERS = 0.3
"""Share of crossovers that cut rings: most of them fail, as rings seldom fit each other."""

MOST_LARGER = 4
"""Heavy atoms that a child may have more than its larger parent: docking scores fall with every
atom more, so that nothing else would keep the molecules small."""

LEAST_SIZE = 0.7
"""Of the smaller parent's heavy atoms that a child has at least."""

LEAST_PIECE = 3
"""Heavy atoms of the smallest piece that a crossover moves: fewer are a mutation's matter."""

LARGEST = 80
"""Heavy atoms of the largest parent."""

RING_SIZES = (5, 6, 7)
"""Sizes of rings that are made: others are strained, or floppy and hard to close."""

ATTEMPTS = 12
"""Attempts for each proposal that is asked for: some three of four fail or come up again."""

ATTEMPTS_WITH_A_PARENT = 2000
"""Most attempts with a parent: few parents have so many children that differ."""

IN_VAIN = 400
"""Attempts in a row that may give nothing new before the search ends."""

ELEMENTS = ("C", "C", "C", "C", "N", "N", "O", "O", "F", "S", "Cl")
"""What atoms become, about as often as drugs have them."""

BRIDGING = ("C", "C", "N", "O", "S")
"""What is put between two atoms."""

UNWANTED = {
    "peroxide, or sulfur on sulfur": "[O,S;X2]-[O,S;X2]",
    "sulfenamide or sulfenic ester": "[SX2]-[#7,#8]",
    "three heteroatoms in a row": "[N,O,S;!$([N,S](=O)~O)]-[N,S;v2,v3;!$(N(=O)~O)]-[N,O,S]",
    "hydrazine": "[NX3;!R;!$(N(=O)~O)]-[N;!R;X2,X3;!$(N(=O)~O)]",
    "hydroxylamine": "[NX3;!R;!$(N-C=O);!$(N(=O)~O)]-[OX2;!R]",
    "nitrogen chains with a double bond": "[N,O,S]-[N;!R;+0]=[N,O]",
    "halogen on a heteroatom": "[F,Cl,Br,I;X1]-[!#6]",
    "aminal, hemiaminal or acetal with hydrogen": "[CX4;!$(C(F)F)]([N,O,S;!H0])[N,O,S;X2,X3]",
    "halogen and heteroatom on a carbon": "[CX4]([F,Cl,Br,I])[N,O,S;!$(*C(F)(F)F)]",
    "alkyl chloride, bromide or iodide": "[CX4;!$(C(F)F)][Cl,Br,I]",
    "two ketones side by side": "[#6][CX3](=O)[CX3](=O)[#6]",
    "acyl halide": "[C,S](=[O,S,N])[F,Cl,Br,I]",
    "cumulated double bonds": "*=[C,N;X2]=[C,N]",
    "ketene, isocyanate": "[C,N]=C=[O,S]",
    "enol or enamine with hydrogen": "[C;!a]"
    "=[C;!a;!$(C=O);!$(C=N)]-[N,O,S;!H0;X2,X3;!$(*-[C,S]=O)]",
    "enol ether or enamine": "[CX3;!a;!$(C-C=O);!$(C-C#N);!$(C-S=O)]"
    "=[CX3;!a]-[N,O,S;X2,X3;!$(N-[C,S]=O)]",
    "imine": "[CX3;!$(C-[N,O,S])]=[NX2;!$(N-[O,N]);!$(N-[C,S]=O);!R]",
    "imine in a ring": "[CX3;R;!a;!$(C~[N,O,S;!$(N=C)]);!$(C-a)]=[NX2;R;!a;!$(N-[N,O])]",
    "thiocarbonyl": "[#6]=[S,s]",
    "thiol": "[SX2;H1]",
    "aldehyde": "[CX3;H1](=O)[#6]",
    "formyl": "[CX3;H1](=O)",
    "anhydride": "[CX3](=O)[O,S]C(=[O,N])",
    "carbamic or carbonic acid": "[N,O;!H0,$(N)]C(=O)[OX2;H1]",
    "alkyne on a heteroatom": "C#C-[N,O,S,F,Cl,Br,I]",
    "terminal diene": "C=C-C=C",
    "methylidene": "[CX3;H2]=[C]",
    "chained sulfur states": "[SX3;!$(S(=O)([#6])[#6])]",
    "sulfur with many bonds": "[S;v4,v6;!$(S=O);!a]",
    "sulfur double bonds to carbon": "[S;v4,v6]=[#6]",
    "two hydroxyls on a carbon": "[#6;!$(C=O)]([OX2;H1])[OX2;H1]",
    "three heteroatoms on a carbon": "[CX4]([N,O,S])([N,O,S])[N,O,S]",
    "unsaturated small ring": "[r3,r4]=,#,:[r3,r4]",
    "double bond out of a small ring": "[r3]=[!$([r3])]",
    "carbonyl of a small heterocycle": "[C;r3](=*)",
    "triple bond in a ring": "*#@*",
    "double bond at a bridgehead": "[R3;!a]=*",
    "small heterocycle": "[r3;!#6]",
    "quinoid or cross-conjugated ring": "[#6;R;!a]1(=[!R])~[#6;R]=[#6;R]"
    "~[#6;R](=[!R])~[#6;R]=[#6;R]1",
    "diene in a ring": "[C;R;!a]=@[C;R;!a]-@[C;R;!a]=@[C,N;R;!a]",
    "azadiene in a ring": "[C;R;!a]=@[N;R;!a]-@[C;R;!a]=@[C,N;R;!a]",
    "exocyclic double bond of a ring that would be aromatic": "[C;R;!a](=[C,N;!R])-[C,N;R;!a]"
    "=[C,N;R;!a]",
    "charged without a partner": "[+;!$([N+](=O)[O-]);!$([N+]-[O-]);!$([n+]-[O-])]",
    "anion": "[-;!$([O-][N+]);!$([O-][n+])]",
}
"""SMARTS of groups that a child has no more of than its parents: unstable, reactive or strained.

They keep the search off nonsense; what a project refuses stands in its filters.
"""


@dataclass(frozen=True, slots=True)
class _Parent:
    """A parent, with its aromatic bonds as single and double ones."""

    key: str
    smiles: str
    mol: Chem.Mol
    core: frozenset[int]
    unwanted: tuple[int, ...]
    odd_rings: int

    @property
    def size(self) -> int:
        return int(self.mol.GetNumHeavyAtoms())


class Genetic:
    """Proposes by crossover and mutation; see :class:`screenmm.generation.proposal.Proposer`.

    Parameters
    ----------
    core : str or None
        SMARTS of what must stay in every proposal. Parents without it propose nothing.

    Raises
    ------
    ConfigError
        The core is no SMARTS.
    """

    def __init__(self, core: str | None = None):
        self._core = None if core is None else core_pattern(core)

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose molecules; see :class:`screenmm.generation.proposal.Proposer`.

        Parents take turns. A parent's mate is any other one.
        """
        known = {each.smiles for each in (*parents, *judged)}
        with rdBase.BlockLogs():
            ready = [parent for each in parents if (parent := self._ready(each)) is not None]
            known.update(each.smiles for each in ready)
            found: dict[str, Proposal] = {}
            in_vain = 0
            most = min(ATTEMPTS * count, ATTEMPTS_WITH_A_PARENT * len(ready))
            for attempt in range(most):
                turn, place = divmod(attempt, len(ready))
                rng = random.Random(seed_for(seed, "genetic", ready[place].key, str(turn)))
                proposal = self._child(ready, place, rng)
                in_vain += 1
                if proposal and proposal.smiles not in known and proposal.smiles not in found:
                    found[proposal.smiles] = proposal
                    in_vain = 0
                if len(found) >= count or in_vain >= max(IN_VAIN, 4 * len(ready)):
                    break
        return list(found.values())

    def _ready(self, known: Known) -> _Parent | None:
        mol = readable(known.smiles)
        if mol is None or mol.GetNumHeavyAtoms() > LARGEST:
            return None
        core = frozenset(mol.GetSubstructMatch(self._core)) if self._core else frozenset()
        if self._core and not core:
            return None
        unwanted = _unwanted(mol)
        smiles = Chem.MolToSmiles(mol)
        Chem.Kekulize(mol, clearAromaticFlags=True)
        return _Parent(known.key, smiles, mol, core, unwanted, _odd_rings(mol))

    def _child(self, parents: Sequence[_Parent], place: int, rng: random.Random) -> Proposal | None:
        """One attempt; None where it failed."""
        parent = parents[place]
        mate = parents[(place + rng.randrange(1, max(2, len(parents)))) % len(parents)]
        crossing = mate.key != parent.key and rng.random() < CROSSOVERS
        try:
            if crossing:
                cross = _cross_rings if rng.random() < RING_CROSSOVERS else _cross_chains
                made = cross(parent, mate, rng)
            else:
                made = rng.choices(_MUTATIONS, weights=_WEIGHTS)[0](parent, rng)
        except (ValueError, RuntimeError):
            # RDKit's C++ exceptions: an attempt that failed
            return None
        both = [parent, mate] if crossing else [parent]
        smiles = self._sound(made, both) if made is not None else None
        if smiles is None:
            return None
        return Proposal(
            smiles, "crossover" if crossing else "mutation", tuple(each.key for each in both)
        )

    def _sound(self, made: Chem.Mol, parents: Sequence[_Parent]) -> str | None:
        """Canonical SMILES of a child; None where it is no molecule that one would draw."""
        try:
            Chem.SanitizeMol(made)
            # stereo and hydrogens that the change left behind
            mol = readable(Chem.MolToSmiles(made))
        except (ValueError, RuntimeError):
            return None
        if mol is None or (self._core and not mol.HasSubstructMatch(self._core)):
            return None
        return str(Chem.MolToSmiles(mol)) if _as_usual(mol, parents) else None


def _as_usual(mol: Chem.Mol, parents: Sequence[_Parent]) -> bool:
    """Whether a child is of its parents' size, without odd rings and groups that they lack."""
    sizes = [each.size for each in parents]
    if not LEAST_SIZE * min(sizes) <= mol.GetNumHeavyAtoms() <= max(sizes) + MOST_LARGER:
        return False
    if _odd_rings(mol) > max(each.odd_rings for each in parents):
        return False
    most = [max(counts) for counts in zip(*(each.unwanted for each in parents), strict=True)]
    return all(
        len(mol.GetSubstructMatches(pattern, maxMatches=limit + 1)) <= limit
        for pattern, limit in zip(_patterns(), most, strict=True)
    )


@cache
def _patterns() -> tuple[Chem.Mol, ...]:
    return tuple(Chem.MolFromSmarts(smarts) for smarts in UNWANTED.values())


def _unwanted(mol: Chem.Mol) -> tuple[int, ...]:
    return tuple(len(mol.GetSubstructMatches(pattern)) for pattern in _patterns())


def _odd_rings(mol: Chem.Mol) -> int:
    """Rings of sizes that are not made."""
    sizes = [len(ring) for ring in mol.GetRingInfo().AtomRings()]
    return sum(size not in RING_SIZES for size in sizes)


def _editable(mol: Chem.Mol, touched: Sequence[int]) -> Chem.RWMol:
    """A copy in which hydrogens of the touched atoms follow from their bonds, without stereo.

    A centre's stereo is written by the order of its bonds: it means nothing once they change.
    """
    edited = Chem.RWMol(mol)
    for index in touched:
        atom = edited.GetAtomWithIdx(index)
        atom.SetNoImplicit(False)
        atom.SetNumExplicitHs(0)
        atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
        for bond in atom.GetBonds():
            bond.SetStereo(Chem.BondStereo.STEREONONE)
            bond.SetBondDir(Chem.BondDir.NONE)
            for end in (bond.GetBeginAtom(), bond.GetEndAtom()):
                for beside in end.GetBonds():
                    beside.SetStereo(Chem.BondStereo.STEREONONE)
                    beside.SetBondDir(Chem.BondDir.NONE)
    return edited


def _atoms(parent: _Parent, wanted: Callable[[Chem.Atom], bool]) -> list[int]:
    """Atoms that may be changed: neither of the core nor charged nor hydrogen."""
    return [
        atom.GetIdx()
        for atom in parent.mol.GetAtoms()
        if atom.GetIdx() not in parent.core
        and atom.GetAtomicNum() > 1
        and not atom.GetFormalCharge()
        and wanted(atom)
    ]


def _bonds(parent: _Parent, wanted: Callable[[Chem.Bond], bool]) -> list[int]:
    """Bonds between uncharged heavy atoms that may be changed: not within the core."""
    return [
        bond.GetIdx()
        for bond in parent.mol.GetBonds()
        if not {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= parent.core
        and all(
            end.GetAtomicNum() > 1 and not end.GetFormalCharge()
            for end in (bond.GetBeginAtom(), bond.GetEndAtom())
        )
        and wanted(bond)
    ]


def _was_aromatic(atom: Chem.Atom) -> bool:
    """Whether an atom is in a ring and unsaturated there: kekulised, it has no other mark."""
    return any(bond.IsInRing() and bond.GetBondTypeAsDouble() > 1 for bond in atom.GetBonds())


def _hydrogens(atom: Chem.Atom) -> int:
    return int(atom.GetTotalNumHs(includeNeighbors=True))


def append_atom(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Put an atom in the place of a hydrogen; the core's atoms may carry it too."""
    places = [
        atom.GetIdx()
        for atom in parent.mol.GetAtoms()
        if atom.GetAtomicNum() > 1 and not atom.GetFormalCharge() and _hydrogens(atom)
    ]
    if not places:
        return None
    place = rng.choice(places)
    edited = _editable(parent.mol, [place])
    new = edited.AddAtom(Chem.Atom(rng.choice(ELEMENTS)))
    edited.AddBond(place, new, BondType.SINGLE)
    return edited


def insert_atom(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Put an atom into a single bond, of a ring only where that is saturated."""
    places = _bonds(
        parent,
        lambda bond: (
            bond.GetBondType() == BondType.SINGLE
            and not (
                bond.IsInRing()
                and (_was_aromatic(bond.GetBeginAtom()) or _was_aromatic(bond.GetEndAtom()))
            )
        ),
    )
    if not places:
        return None
    bond = parent.mol.GetBondWithIdx(rng.choice(places))
    ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    edited = _editable(parent.mol, ends)
    edited.RemoveBond(*ends)
    new = edited.AddAtom(Chem.Atom(rng.choice(BRIDGING)))
    for end in ends:
        edited.AddBond(end, new, BondType.SINGLE)
    return edited


def delete_atom(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Take out an atom of one or two single bonds, and join what it held together."""
    places = _atoms(
        parent,
        lambda atom: (
            atom.GetDegree() in (1, 2)
            and all(bond.GetBondType() == BondType.SINGLE for bond in atom.GetBonds())
        ),
    )
    if not places:
        return None
    place = rng.choice(places)
    around = [each.GetIdx() for each in parent.mol.GetAtomWithIdx(place).GetNeighbors()]
    first, last = around[0], around[-1]
    if parent.mol.GetBondBetweenAtoms(first, last):
        return None
    edited = _editable(parent.mol, around)
    if first != last:
        edited.AddBond(first, last, BondType.SINGLE)
    edited.RemoveAtom(place)
    return edited


def change_element(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Make another element of an atom."""
    places = _atoms(parent, lambda atom: atom.GetSymbol() in ELEMENTS or atom.GetSymbol() == "Br")
    if not places:
        return None
    place = rng.choice(places)
    before = parent.mol.GetAtomWithIdx(place).GetSymbol()
    edited = _editable(parent.mol, [place])
    new = rng.choice([each for each in ELEMENTS if each != before])
    edited.GetAtomWithIdx(place).SetAtomicNum(Chem.GetPeriodicTable().GetAtomicNumber(new))
    return edited


def change_order(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Make a bond one order more or less; those of unsaturated rings stay as they are."""
    places = _bonds(
        parent,
        lambda bond: (
            not (
                bond.IsInRing()
                and (_was_aromatic(bond.GetBeginAtom()) or _was_aromatic(bond.GetEndAtom()))
            )
        ),
    )
    if not places:
        return None
    bond = parent.mol.GetBondWithIdx(rng.choice(places))
    ends = bond.GetBeginAtom(), bond.GetEndAtom()
    order = round(bond.GetBondTypeAsDouble())
    others = [order - 1] if order > 1 else []
    if order < 3 and all(_hydrogens(end) for end in ends):
        others.append(order + 1)
    if not others:
        return None
    edited = _editable(parent.mol, [end.GetIdx() for end in ends])
    edited.GetBondWithIdx(bond.GetIdx()).SetBondType(_ORDERS[rng.choice(others)])
    return edited


def make_ring(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Close a ring of a usual size between two atoms with hydrogens."""
    ends = [
        atom.GetIdx()
        for atom in parent.mol.GetAtoms()
        if atom.GetAtomicNum() in (6, 7, 8, 16) and not atom.GetFormalCharge() and _hydrogens(atom)
    ]
    apart = Chem.GetDistanceMatrix(parent.mol)
    pairs = [
        (one, other)
        for one in ends
        for other in ends
        if one < other
        and not {one, other} <= parent.core
        and apart[one, other] + 1 in RING_SIZES
        and _fits_ring(parent.mol, one, other)
    ]
    if not pairs:
        return None
    one, other = rng.choice(pairs)
    edited = _editable(parent.mol, (one, other))
    edited.AddBond(one, other, BondType.SINGLE)
    return edited


def _fits_ring(mol: Chem.Mol, one: int, other: int) -> bool:
    """Whether a bond between two atoms closes a ring that is at most fused to others.

    The way between them shares no more than one bond with any ring, so nothing is bridged, and
    none with a small ring, where both would be strained.
    """
    path = set(Chem.GetShortestPath(mol, one, other))
    return all(
        len(path.intersection(ring)) <= (2 if len(ring) >= min(RING_SIZES) else 1)
        for ring in mol.GetRingInfo().AtomRings()
    )


def open_ring(parent: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Take out a single bond of a saturated ring."""
    places = _bonds(
        parent,
        lambda bond: (
            bond.IsInRing()
            and bond.GetBondType() == BondType.SINGLE
            and not _was_aromatic(bond.GetBeginAtom())
            and not _was_aromatic(bond.GetEndAtom())
        ),
    )
    if not places:
        return None
    bond = parent.mol.GetBondWithIdx(rng.choice(places))
    ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
    edited = _editable(parent.mol, ends)
    edited.RemoveBond(*ends)
    return edited


_ORDERS = {1: BondType.SINGLE, 2: BondType.DOUBLE, 3: BondType.TRIPLE}

_MUTATIONS: tuple[Callable[[_Parent, random.Random], Chem.Mol | None], ...] = (
    append_atom,
    insert_atom,
    delete_atom,
    change_element,
    change_order,
    make_ring,
    open_ring,
)

# exchanges of atoms are what chemists make first; bonds and rings give the larger steps
_WEIGHTS = (0.2, 0.15, 0.15, 0.25, 0.05, 0.15, 0.05)


def _cross_chains(one: _Parent, other: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Join two pieces that one acyclic single bond each cut off."""
    ours, theirs = _halves(one, keep_core=True), _halves(other, keep_core=False)
    pairs = _fitting(ours, theirs, one, other)
    if not pairs:
        return None
    first, second = pairs[rng.randrange(len(pairs))]
    return Chem.molzip(Chem.CombineMols(first, second))


def _halves(parent: _Parent, keep_core: bool) -> list[Chem.Mol]:
    found: list[Chem.Mol] = []
    for bond in parent.mol.GetBonds():
        if bond.IsInRing() or bond.GetBondType() != BondType.SINGLE:
            continue
        found.extend(_parts(parent, [bond.GetIdx()], [(1, 1)], keep_core))
    return found


def _cross_rings(one: _Parent, other: _Parent, rng: random.Random) -> Chem.Mol | None:
    """Join two pieces that two bonds of a ring each cut off, to a ring of a usual size."""
    ours = _arcs(one, rng, keep_core=True)
    theirs = _arcs(other, rng, keep_core=False)
    pairs = [
        pair
        for pair in _fitting(ours, theirs, one, other)
        if pair[0].GetIntProp(_ARC) + pair[1].GetIntProp(_ARC) in RING_SIZES
    ]
    if not pairs:
        return None
    first, second = pairs[rng.randrange(len(pairs))]
    return Chem.molzip(Chem.CombineMols(first, second))


_ARC = "_atoms_of_arc"


def _arcs(parent: _Parent, rng: random.Random, keep_core: bool) -> list[Chem.Mol]:
    """Pieces of one ring, cut at a single and another single bond, or two double ones."""
    rings = parent.mol.GetRingInfo()
    candidates = [list(ring) for ring in rings.BondRings() if len(ring) in RING_SIZES]
    if not candidates:
        return []
    ring = rng.choice(candidates)
    in_ring = {
        index
        for bond in ring
        for index in (
            parent.mol.GetBondWithIdx(bond).GetBeginAtomIdx(),
            parent.mol.GetBondWithIdx(bond).GetEndAtomIdx(),
        )
    }
    cuts = [
        (first, second)
        for place, first in enumerate(ring)
        for second in ring[place + 1 :]
        if all(
            rings.NumBondRings(bond) == 1
            and parent.mol.GetBondWithIdx(bond).GetBondType() == BondType.SINGLE
            for bond in (first, second)
        )
    ]
    if not cuts:
        return []
    found: list[Chem.Mol] = []
    cut = list(rng.choice(cuts))
    for labels in ([(1, 1), (2, 2)], [(1, 2), (2, 1)]):
        for piece, atoms in _parts_with_atoms(parent, cut, labels, keep_core):
            piece.SetIntProp(_ARC, len(in_ring.intersection(atoms)))
            ends = sorted(
                atom.GetAtomMapNum() for atom in piece.GetAtoms() if atom.GetAtomicNum() == 0
            )
            if ends == [1, 2]:
                found.append(piece)
    return found


def _parts(
    parent: _Parent, bonds: list[int], labels: list[tuple[int, int]], keep_core: bool
) -> list[Chem.Mol]:
    return [piece for piece, _ in _parts_with_atoms(parent, bonds, labels, keep_core)]


def _parts_with_atoms(
    parent: _Parent, bonds: list[int], labels: list[tuple[int, int]], keep_core: bool
) -> Iterator[tuple[Chem.Mol, tuple[int, ...]]]:
    """Two pieces that a cut leaves, their ends mapped, each with the parent's atoms in it."""
    cut = Chem.FragmentOnBonds(parent.mol, bonds, dummyLabels=labels)
    members = Chem.GetMolFrags(cut)
    if len(members) != 2:
        return
    for atom in cut.GetAtoms():
        if atom.GetAtomicNum() == 0:
            atom.SetAtomMapNum(atom.GetIsotope())
            atom.SetIsotope(0)
    pieces = Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=False)
    for piece, atoms in zip(pieces, members, strict=True):
        if keep_core and not parent.core <= set(atoms):
            continue
        if piece.GetNumHeavyAtoms() >= LEAST_PIECE:
            yield piece, atoms


def _fitting(
    ours: Sequence[Chem.Mol], theirs: Sequence[Chem.Mol], one: _Parent, other: _Parent
) -> list[tuple[Chem.Mol, Chem.Mol]]:
    """Pairs of pieces that give a child of a size that is kept."""
    most = max(one.size, other.size) + MOST_LARGER
    least = LEAST_SIZE * min(one.size, other.size)
    return [
        (first, second)
        for first in ours
        for second in theirs
        if least <= first.GetNumHeavyAtoms() + second.GetNumHeavyAtoms() <= most
    ]


def make(sources: Sources) -> Genetic:
    """Make the proposer ready; see :func:`screenmm.generation.registry.make_proposer`."""
    return Genetic(sources.core)
