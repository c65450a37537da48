"""Proposals by exchange of fragments that were seen in the same environment (CReM).

A parent's fragment is replaced, a hydrogen of it is replaced by a fragment (growing), or a piece
of it is linked to a piece of another parent. What is put in was seen in the database between the
same atoms, so the bonds that are made are known ones (CReM; Polishchuk 2020,
10.1186/s13321-020-00431-w). How far "the same" reaches is the radius: bonds outward
from each cut, its own among them.
"""

from __future__ import annotations

import io
import math
import random
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from rdkit import Chem, rdBase

from screenmm.core.errors import ConfigError
from screenmm.core.seeds import seed_for
from screenmm.generation.fragment_database import MOST_CUTTABLE, cuttable_bonds, radii_of
from screenmm.generation.parents import core_pattern, readable
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.registry import ProposerFacts, Sources
from screenmm.generation.turns import in_turns

FACTS = ProposerFacts(
    words="exchanges, grows and links fragments that were seen in the same environment (CReM)",
    needs="fragments",
    packages=("crem",),
    get="pip install crem==0.3.2",
)

SHARES = {"mutation": 0.7, "growing": 0.2, "linking": 0.1}
"""Of a parent's proposals. Most keep its size: docking scores fall with every atom more, so a
search that mainly grows finds large molecules and not better ones."""

MOST_REPLACED = 10
"""Heavy atoms of the largest fragment that is replaced: larger ones leave little of the parent."""

CHANGE = 3
"""Heavy atoms that a replacement may be smaller or larger by: as phenyl and indolyl are."""

MOST_GROWN = 4
"""Heavy atoms of the largest fragment that replaces a hydrogen: as trifluoromethyl."""

MOST_OF_LINKER = 4
"""Heavy atoms of the largest linker."""

LEAST_PIECE = 5
"""Heavy atoms of the smallest piece that is linked: the smallest ring that carries a scaffold."""

FRAGMENT_SIZED = 15
"""Heavy atoms up to which parents are linked whole, as in fragment-based design: two of them
and a linker make a drug-sized molecule."""

MATES = 2
"""Other parents that a parent's pieces are linked to those of."""

LINKS_TRIED = 8
"""Pairs of pieces of two parents that linkers are looked up for."""

FROM_A_PARENT = 8
"""Proposals that a parent is asked for at least: cutting it costs as much as several of them."""

MOST_FROM_A_PARENT = 500
"""Proposals that a parent is asked for at most, so that any count ends."""

SPARE = 2
"""What is asked of the smaller operations over their share: many come up twice or are known."""

LARGEST = 80
"""Heavy atoms of the largest parent."""


@dataclass(frozen=True, slots=True)
class _Parent:
    """A parent that can be changed; ``protected`` are the atoms of its core."""

    key: str
    smiles: str
    mol: Chem.Mol
    protected: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a molecule that a cut left, and the atom that was cut from."""

    mol: Chem.Mol
    atom: int


class Fragments:
    """Proposes by exchange, growth and linking of fragments; see :class:`proposal.Proposer`.

    Parameters
    ----------
    database : Path
        Of fragments; see :mod:`screenmm.generation.fragment_database`.
    radius : int
        Bonds outward from a cut that must be as they were seen. Where a parent finds too few
        proposals, the database's smaller radii follow, down to 2.
    core : str or None
        SMARTS of what must stay in every proposal. Parents without it propose nothing.

    Raises
    ------
    ConfigError
        There is no such database, it has no such radius, or the core is no SMARTS.
    """

    def __init__(self, database: Path, radius: int = 3, core: str | None = None):
        radii = radii_of(database)
        if radius not in radii:
            raise ConfigError(
                f"fragment database {database} has no radius {radius}: it has "
                f"{', '.join(map(str, radii))}; choose one of them"
            )
        self._database = str(database)
        self._radii = [each for each in reversed(radii) if each == radius or 2 <= each < radius]
        self._core = None if core is None else core_pattern(core)

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose molecules; see :class:`screenmm.generation.proposal.Proposer`.

        Parents are asked in their order until there is enough, and their proposals taken in
        turns.
        """
        known = {each.smiles for each in (*parents, *judged)}
        found: dict[str, Proposal] = {}
        at = 0
        while len(found) < count and at < len(parents):
            missing = count - len(found)
            group = parents[at : at + math.ceil(missing / FROM_A_PARENT)]
            at += len(group)
            quota = min(math.ceil(missing / len(group)), MOST_FROM_A_PARENT)
            lists = [self._of_parent(each, parents, quota, seed) for each in group]
            for proposal in in_turns(lists):
                if proposal.smiles not in known:
                    found.setdefault(proposal.smiles, proposal)
        return list(found.values())[: max(count, 0)]

    def _of_parent(
        self, known: Known, parents: Sequence[Known], quota: int, seed: int
    ) -> list[Proposal]:
        """Proposals of one parent, its operations mixed by their shares."""
        parent = self._readable(known)
        if parent is None:
            return []
        by_operation: dict[str, dict[str, Proposal]] = {name: {} for name in SHARES}
        for radius in self._radii:
            for name, found in by_operation.items():
                # replacements stand in for what the others cannot give
                share = 1.0 if name == "mutation" else SPARE * SHARES[name]
                wanted = math.ceil(share * quota) - len(found)
                if wanted <= 0:
                    continue
                own_seed = seed_for(seed, "fragments", name, str(radius), parent.key)
                if name == "linking":
                    made = self._linked(parent, parents, wanted, radius, own_seed)
                else:
                    change = self._replaced if name == "mutation" else self._grown
                    made = (
                        Proposal(smiles, name, (parent.key,))
                        for smiles in change(parent, wanted, radius, own_seed)
                    )
                for proposal in made:
                    smiles = self._checked(proposal.smiles)
                    if smiles and smiles != parent.smiles:
                        found.setdefault(
                            smiles, Proposal(smiles, proposal.operation, proposal.parents)
                        )
        return mixed({name: list(found.values()) for name, found in by_operation.items()})

    def _readable(self, known: Known) -> _Parent | None:
        mol = readable(known.smiles)
        if mol is None or mol.GetNumHeavyAtoms() > LARGEST or cuttable_bonds(mol) > MOST_CUTTABLE:
            return None
        protected = mol.GetSubstructMatch(self._core) if self._core else ()
        if self._core and not protected:
            return None
        return _Parent(known.key, Chem.MolToSmiles(mol), mol, tuple(protected))

    def _checked(self, smiles: str) -> str | None:
        """Write a product in canonical SMILES; None where it lost the core or is none."""
        mol = readable(smiles)
        if mol is None or (self._core and not mol.HasSubstructMatch(self._core)):
            return None
        return str(Chem.MolToSmiles(mol))

    def _replaced(self, parent: _Parent, wanted: int, radius: int, seed: int) -> list[str]:
        with _crem() as crem:
            products = crem.mutate_mol(
                parent.mol,
                self._database,
                radius=radius,
                min_size=1,
                max_size=MOST_REPLACED,
                min_inc=-CHANGE,
                max_inc=CHANGE,
                max_replacements=wanted,
                protected_ids=parent.protected,
                seed=seed,
            )
            return shuffled(products, seed)

    def _grown(self, parent: _Parent, wanted: int, radius: int, seed: int) -> list[str]:
        with _crem() as crem:
            products = crem.grow_mol(
                parent.mol,
                self._database,
                radius=radius,
                min_atoms=1,
                max_atoms=MOST_GROWN,
                max_replacements=wanted,
                seed=seed,
            )
            return shuffled(products, seed)

    def _linked(
        self, parent: _Parent, parents: Sequence[Known], wanted: int, radius: int, seed: int
    ) -> Iterator[Proposal]:
        """Pieces of a parent, the core in them, linked to pieces of another one."""
        rng = random.Random(seed)
        others = [each for each in parents if each.key != parent.key]
        for other in rng.sample(others, min(MATES, len(others))):
            mol = readable(other.smiles)
            if mol is None:
                continue
            pairs = [
                (ours, theirs, room)
                for ours in pieces(parent.mol, parent.protected)
                for theirs in pieces(mol, ())
                if (room := linker_atoms(parent.mol, mol, ours, theirs)) > 0
            ]
            for ours, theirs, room in rng.sample(pairs, min(LINKS_TRIED, len(pairs))):
                with _crem() as crem:
                    products = crem.link_mols(
                        ours.mol,
                        theirs.mol,
                        self._database,
                        radius=radius,
                        min_atoms=1,
                        max_atoms=room,
                        replace_ids_1=[ours.atom],
                        replace_ids_2=[theirs.atom],
                        max_replacements=wanted,
                        seed=rng.randrange(1, 2**31),
                    )
                    made = sorted(products)
                for smiles in made:
                    yield Proposal(smiles, "linking", (parent.key, other.key))
                wanted -= len(made)
                if wanted <= 0:
                    return


def linker_atoms(one: Chem.Mol, other: Chem.Mol, ours: _Piece, theirs: _Piece) -> int:
    """Heavy atoms that a linker of two molecules' pieces may have; none or fewer: too large.

    The product is about as large as the larger molecule, or two fragment-sized ones are linked.
    """
    sizes = one.GetNumHeavyAtoms(), other.GetNumHeavyAtoms()
    if max(sizes) <= FRAGMENT_SIZED:
        return MOST_OF_LINKER
    room = max(sizes) + CHANGE - ours.mol.GetNumHeavyAtoms() - theirs.mol.GetNumHeavyAtoms()
    return min(MOST_OF_LINKER, room)


def pieces(mol: Chem.Mol, kept: Sequence[int]) -> list[_Piece]:
    """Pieces that a molecule falls into at one acyclic single bond, hydrogen in place of the cut.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
    kept : sequence of int
        Atoms that must stay together in the piece.

    Returns
    -------
    list of _Piece
        Those of some size that have a ring, in the order of the molecule's bonds; of a
        fragment-sized molecule it is also the whole, from each atom with hydrogens.
    """
    found = []
    for bond in mol.GetBonds():
        if bond.IsInRing() or bond.GetBondType() != Chem.BondType.SINGLE:
            continue
        if 1 in (bond.GetBeginAtom().GetAtomicNum(), bond.GetEndAtom().GetAtomicNum()):
            continue
        cut = Chem.FragmentOnBonds(mol, [bond.GetIdx()], dummyLabels=[(0, 0)])
        members = Chem.GetMolFrags(cut)
        parts = Chem.GetMolFrags(cut, asMols=True, sanitizeFrags=True)
        for part, atoms in zip(parts, members, strict=True):
            if set(kept) <= set(atoms) and part.GetNumHeavyAtoms() > LEAST_PIECE:
                piece = _uncapped(part)
                if piece is not None:
                    found.append(piece)
    if mol.GetNumHeavyAtoms() <= FRAGMENT_SIZED:
        found += [_Piece(mol, atom.GetIdx()) for atom in mol.GetAtoms() if atom.GetTotalNumHs()]
    return found


def _uncapped(part: Chem.Mol) -> _Piece | None:
    """A piece with hydrogen where the cut was, if it has a ring."""
    if not part.GetRingInfo().NumRings():
        return None
    edited = Chem.RWMol(part)
    end = next(atom for atom in edited.GetAtoms() if atom.GetAtomicNum() == 0)
    neighbour = end.GetNeighbors()[0].GetIdx()
    end.SetAtomicNum(1)
    end.SetIsotope(0)
    with rdBase.BlockLogs():
        try:
            Chem.SanitizeMol(edited)
            mol = Chem.RemoveHs(edited)
        except (ValueError, RuntimeError):
            return None
    return _Piece(mol, neighbour - (end.GetIdx() < neighbour))


def shuffled(smiles: Iterable[str], seed: int) -> list[str]:
    """Some SMILES in an order that follows from them and a seed alone."""
    ordered = sorted(set(smiles))
    random.Random(seed).shuffle(ordered)
    return ordered


def mixed(by_operation: dict[str, list[Proposal]]) -> list[Proposal]:
    """Mix operations so that every beginning of the list has them by their shares."""
    places = [
        ((place + 0.5) / SHARES[name], name, proposal)
        for name, proposals in by_operation.items()
        for place, proposal in enumerate(proposals)
    ]
    return [proposal for _, _, proposal in sorted(places, key=lambda each: each[:2])]


@contextmanager
def _crem() -> Iterator[ModuleType]:
    """CReM, with its messages and RDKit's kept off the terminal."""
    pickled = Chem.GetDefaultPickleProperties()
    fresh = "crem.crem" not in sys.modules
    from crem import crem  # noqa: PLC0415

    if fresh:
        # its import changes what every later pickle of a molecule holds; only its own pools
        # of processes need that
        Chem.SetDefaultPickleProperties(pickled)
    with rdBase.BlockLogs(), redirect_stderr(io.StringIO()):
        yield crem


def make(sources: Sources) -> Fragments:
    """Make the proposer ready; see :func:`screenmm.generation.registry.make_proposer`."""
    assert sources.fragments is not None
    return Fragments(sources.fragments, core=sources.core)
