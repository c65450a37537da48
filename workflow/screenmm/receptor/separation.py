"""Chains told apart where the file's letters do not, and every residue given its own label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, product
from string import ascii_lowercase, ascii_uppercase, digits

import numpy as np
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.receptor.alternates import Site
from screenmm.receptor.conservation import Removal
from screenmm.receptor.names import CAPS, MODIFIED, NUCLEOTIDES, parent_amino_acid
from screenmm.receptor.structure import Residue, Structure, are_bonded, bond_length
from screenmm.residues.synonyms import AMINO_ACIDS

POLYMER = AMINO_ACIDS | NUCLEOTIDES | MODIFIED | CAPS
BOND = 2.0  # Å, longest bond between residues
STRETCH = 3.8, 7.0  # Å between successive CA and P atoms of a stretched chain
SLACK = 4.0  # Å beyond the stretched chain that a gap may have
SAME_ATOM = 0.3  # Å, atoms of one name nearer than this are one atom, written twice
OVERLAP = 0.05  # share of a chain's heavy atoms within 1 Å of another chain's
END_OXYGENS = ("OXT", "OT2", "OC2", "OT")
MOST_TOLD = 20  # repeated labels of one residue name that are told one by one
RESTART = "numbers begin again"
LETTERS = [*ascii_uppercase, *ascii_lowercase, *digits]


@dataclass(eq=False)
class Placed:
    """A residue with the site that it was read from."""

    site: Site
    residue: Residue
    is_polymer: bool = False

    @property
    def part(self) -> str:
        """What TER, END, a segment or ``label_asym_id`` set apart."""
        return self.site.place.first.part

    @property
    def letter(self) -> tuple[int, str]:
        """Model and chain as the file has them."""
        return self.site.place.first.model, self.site.place.first.chain

    @property
    def order(self) -> tuple[int, str]:
        """Number and insertion code."""
        return self.residue.number, self.residue.icode


@dataclass
class Chain:
    """Residues of one chain, in file order.

    Attributes
    ----------
    source : str
        Its name in the file.
    why : str
        What set its first residue apart from the chain before it; empty where nothing did.
    """

    source: str
    model: int
    members: list[Placed] = field(default_factory=list)
    why: str = ""
    name: str = ""

    def polymer(self) -> list[Placed]:
        """Residues of the polymer."""
        return [each for each in self.members if each.is_polymer]


def drop_repeated(structure: Structure, placed: list[Placed]) -> list[Placed]:
    """Leave out residues that stand twice: the same atoms on the same spots.

    Such are parts of a file written twice, and atoms on a symmetry axis of an assembly.
    """
    atoms = [(each, atom) for each in placed for atom in each.residue.heavy()]
    if not atoms:
        return placed
    tree = cKDTree(np.array([atom.xyz for _, atom in atoms]))
    twins: dict[int, set[int]] = {}
    for i, j in sorted(tree.query_pairs(SAME_ATOM)):
        (one, first), (other, second) = atoms[i], atoms[j]
        if one is not other and first.name == second.name and _same_identity(one, other):
            twins.setdefault(id(other), set()).add(id(second))
    gone: Counter[str] = Counter()
    kept = []
    for each in placed:
        heavy = each.residue.heavy()
        if heavy and len(twins.get(id(each), ())) == len(heavy):
            gone[each.residue.name] += 1
            structure.conservation.remove((a.source for a in each.residue.atoms), Removal.REPEATED)
        else:
            kept.append(each)
    for name, count in gone.items():
        structure.note("repeated", "", f"{count} {name} on the very place of another: left out")
    return kept


def _same_identity(one: Placed, other: Placed) -> bool:
    first, second = one.site.place.first, other.site.place.first
    if first.residue != second.residue:
        return False
    return first.model != second.model or (first.chain, first.place) == (second.chain, second.place)


# --- chains ----------------------------------------------------------------------------


def separate_chains(structure: Structure, placed: list[Placed], file: str) -> list[Chain]:
    """Group residues into chains and name each; the names of the file stay where they can.

    A chain ends where its numbers begin again; at a TER (or a new ``label_asym_id``) from
    which the next residue cannot be reached by the residues that may be missing between;
    and in chains without a letter at every TER, and wherever the next residue is out of
    reach or has a lower number. What is bonded stays together. Molecules outside the
    polymer go with the nearest of the chains that shared their letter.

    Parameters
    ----------
    structure : Structure
        Receives the report.
    placed : list of Placed
        In file order; their residues get the names of their chains.
    file : str
        Name of the file, for messages.

    Raises
    ------
    ReceptorError
        Chains of one letter lie on top of one another.
    """
    by_letter: dict[tuple[int, str], list[Placed]] = {}
    for each in placed:
        by_letter.setdefault(each.letter, []).append(each)
    chains: list[Chain] = []
    for (model, source), members in by_letter.items():
        _find_polymer(members)
        parts = _cut(members, model, source)
        _check_apart(parts, file)
        _give_away(parts, members)
        chains += parts
    _name(structure, chains)
    return chains


def _find_polymer(members: list[Placed]) -> None:
    neighbours = zip([None, *members[:-1]], members, [*members[1:], None], strict=True)
    for before, each, after in neighbours:
        residue = each.residue
        known = residue.name in POLYMER or parent_amino_acid(residue.name) is not None
        each.is_polymer = residue.name in POLYMER and not residue.hetero
        if not each.is_polymer and (known or residue.find("CA") or residue.find("O3'")):
            linked = (
                before is not None and bond_length(before.residue, residue) < BOND,
                after is not None and bond_length(residue, after.residue) < BOND,
            )
            each.is_polymer = any(linked)


def _cut(members: list[Placed], model: int, source: str) -> list[Chain]:
    polymer = [each for each in members if each.is_polymer]
    parts = [Chain(source, model, polymer[:1])]
    used = {each.order for each in polymer[:1]}
    for before, after in pairwise(polymer):
        why = _why_apart(before, after, used, blank=not source)
        # files list residues with insertion codes in either order
        if why and (why == RESTART or not _is_bonded_to(parts[-1], after.residue)):
            parts.append(Chain(source, model, [], why))
            used = set()
        parts[-1].members.append(after)
        used.add(after.order)
    return parts


def _why_apart(before: Placed, after: Placed, used: set[tuple[int, str]], *, blank: bool) -> str:
    """Why a chain ends between two residues; empty where it does not."""
    if are_bonded(before.residue, after.residue):
        return ""
    if after.order in used:
        return RESTART
    lower = after.residue.number < before.residue.number
    apart = _out_of_reach(before.residue, after.residue)
    marked = before.part != after.part
    if marked and (blank or lower or apart):
        return "the file ends a chain there"
    ended = any(before.residue.find(name) for name in END_OXYGENS)
    if blank and (lower or apart or ended):
        return "numbers go down" if lower else "out of reach" if apart else "a chain's last oxygen"
    return ""


def _is_bonded_to(part: Chain, residue: Residue) -> bool:
    return any(
        min(bond_length(each.residue, residue), bond_length(residue, each.residue)) < BOND
        for each in part.members
    )


def _out_of_reach(before: Residue, after: Residue) -> bool:
    """Whether the residues between two numbers could not span their distance."""
    steps = max(1, after.number - before.number)
    for name, stretch in zip(("CA", "P"), STRETCH, strict=True):
        one, other = before.find(name), after.find(name)
        if one is not None and other is not None:
            return float(np.linalg.norm(one.xyz - other.xyz)) > stretch * steps + SLACK
    return False


def _check_apart(parts: list[Chain], file: str) -> None:
    """Raise an error where chains under one letter lie on top of one another."""
    seen: list[Chain] = []
    for part in parts:
        xyz = np.concatenate(
            [each.residue.positions() for each in part.members] or [np.empty((0, 3))]
        )
        for other in seen:
            tree = cKDTree(np.concatenate([each.residue.positions() for each in other.members]))
            if len(xyz) and np.mean(tree.query(xyz, distance_upper_bound=1.0)[0] < 1.0) > OVERLAP:
                raise ReceptorError(
                    f"{file}: residues {_span(other)} and {_span(part)} of chain "
                    f"{part.source or '(blank)'} repeat their numbers and lie on top of one "
                    "another: give alternates their labels (column 17), or take one of them out"
                )
        if len(xyz):
            seen.append(part)


def _span(chain: Chain) -> str:
    residues = [each.residue for each in chain.polymer()]
    ends = [f"{each.name} {each.number}{each.icode}" for each in (residues[0], residues[-1])]
    return ends[0] if len(residues) == 1 else "–".join(ends)


def _give_away(parts: list[Chain], members: list[Placed]) -> None:
    """Put what is no polymer into the nearest chain, in file order."""
    rest = [each for each in members if not each.is_polymer]
    if len(parts) == 1:
        parts[0].members = members
        return
    trees = [cKDTree(np.concatenate([m.residue.positions(False) for m in part.members]))
             for part in parts]  # fmt: skip
    for each in rest:
        points = each.residue.positions(False)
        distances = [float(tree.query(points)[0].min()) for tree in trees]
        parts[int(np.argmin(distances))].members.append(each)


def _name(structure: Structure, chains: list[Chain]) -> None:
    in_file = {chain.source for chain in chains} - {""}
    free = _free_names(in_file)
    taken: set[str] = set()
    for chain in chains:
        chain.name = chain.source if chain.source and chain.source not in taken else next(free)
        taken.add(chain.name)
        for each in chain.members:
            each.residue.chain = chain.name
        if chain.why or chain.name != chain.source:
            kind = "chain told apart" if chain.why else "chain named"
            structure.note(kind, chain.name, _origin(chain))


def _free_names(used: set[str]) -> Iterator[str]:
    names = (*LETTERS, *map("".join, product(LETTERS, repeat=2)))
    yield from (name for name in names if name not in used)


def _origin(chain: Chain) -> str:
    """Say where a chain comes from that has not the name of the file."""
    if chain.why:
        source = f"chain {chain.source}" if chain.source else "a chain without a name"
        where = f"{_span(chain)}, in {source} of the file: {chain.why}"
        return f"{where}, model {chain.model + 1}" if chain.model else where
    if chain.model:
        return f"chain {chain.source or '(blank)'} of model {chain.model + 1}"
    return "it has no name in the file"


# --- labels ----------------------------------------------------------------------------


def make_labels_unique(structure: Structure, chains: list[Chain]) -> None:
    """Give residues that repeat a label, or have no number, one of their own.

    A residue of the polymer takes an insertion code, any other the next number beyond the
    chain's last.
    """
    for chain in chains:
        last = max((each.residue.number for each in chain.members), default=0)
        seen: set[str] = set()
        orders: set[tuple[int, str]] = set()
        renumbered: dict[str, list[str]] = {}
        for each in chain.members:
            residue = each.residue
            before = residue.label
            unread = each.site.place.first.number is None
            # caps may have the number of the residue that they are bonded to
            counts = each.is_polymer and residue.name not in CAPS
            repeats = residue.label in seen or (counts and each.order in orders)
            if unread or repeats:
                last += 1
                _renumber(each, orders, last)
                was = each.site.place.first.place if unread else before
                renumbered.setdefault(was, []).append(residue.label)
            seen.add(residue.label)
            if counts:
                orders.add(each.order)
        _note_renumbered(structure, renumbered)


def _renumber(each: Placed, orders: set[tuple[int, str]], beyond: int) -> None:
    residue = each.residue
    codes = (code for code in ascii_uppercase if (residue.number, code) not in orders)
    code = next(codes, None) if each.is_polymer else None
    if code is not None and each.site.place.first.number is not None:
        residue.icode = code
    else:
        residue.number, residue.icode = beyond, ""


def _note_renumbered(structure: Structure, renumbered: dict[str, list[str]]) -> None:
    """Tell the labels that were given; of waters by the thousand, how many."""
    by_name: dict[str, dict[str, list[str]]] = {}
    for was, labels in renumbered.items():
        by_name.setdefault(labels[0].split(":")[-2], {})[was] = labels
    for groups in by_name.values():
        every = [label for labels in groups.values() for label in labels]
        for was, labels in ({"": every} if len(groups) > MOST_TOLD else groups).items():
            shown = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
            what = "more under this label" if was else "without a label of their own"
            structure.note("renumbered", was, f"{len(labels)} {what}: {shown}")
