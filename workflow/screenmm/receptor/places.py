"""Atom records to places, one for each residue, by the order of the file and by distance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import gemmi
import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from screenmm.receptor.elements import PLAIN
from screenmm.receptor.records import Record
from screenmm.residues.synonyms import standard_name

UNLABELLED = "#"
"""Begins the labels given to atoms that stand twice in a residue without one."""
BONDED = 2.0  # Å, atoms of one residue that stand apart in the file come this near
SLACK = 0.4  # Å beyond the covalent radii within which atoms of one residue are bonded
SAME_SPOT = 1.0  # Å, nearer heavy atoms are two places of one atom, or of bonded ones
MOST_RADIUS = 1.7  # Å, larger covalent radii are of metals, which are not bonded here


@dataclass
class Place:
    """Records of one residue with all its alternates; two names where the file has a mixture.

    Attributes
    ----------
    renamed : str
        Atom names that repeat and the names given instead; empty where none does.
    """

    records: list[Record]
    renamed: str = ""

    @property
    def first(self) -> Record:
        """The record that stands first in the file."""
        return self.records[0]


def find_places(records: list[Record]) -> list[Place]:
    """Group records into residues.

    Records that follow one another under one chain, number and name are a residue; one that
    begins anew after others is the same residue only where its atoms complete an earlier
    one and are bonded to it. Copies under one identity are told apart by their bonds.

    Parameters
    ----------
    records : list of Record
        Of one model, in file order. Repeated names and labels are set apart in place.
    """
    return [place for group in _groups(records) for place in _copies(group)]


def _groups(records: list[Record]) -> list[list[Record]]:
    groups: list[list[Record]] = []
    latest: dict[tuple[str, str, str], list[Record]] = {}
    for _, run in groupby(records, lambda each: (each.part, each.chain, each.place, each.residue)):
        members = list(run)
        first = members[0]
        key = (first.chain, first.place, first.residue)
        earlier = latest.get(key)
        if groups and _is_mixture(groups[-1], members):
            groups[-1] += members
        elif earlier is not None and _completes(members, earlier):
            earlier += members
        else:
            groups.append(members)
        latest[key] = groups[-1] if earlier is None or members is groups[-1] else earlier
    return groups


def _is_mixture(group: list[Record], run: list[Record]) -> bool:
    """Whether a run is another residue at the place of the group, all in alternates."""
    last, first = group[-1], run[0]
    same = (last.part, last.chain, last.place) == (first.part, first.chain, first.place)
    return same and all(each.altloc for each in (*group, *run))


def _completes(run: list[Record], earlier: list[Record]) -> bool:
    known = {(each.altloc, each.name) for each in earlier}
    if any((each.altloc, each.name) in known for each in run):
        return False
    near = cdist([each.xyz for each in run], [each.xyz for each in earlier])
    return bool(near.min() < BONDED)


def _key(record: Record) -> tuple[str, str, str]:
    return record.residue, record.altloc, record.name


def _repeats(records: list[Record]) -> bool:
    counts = Counter(_key(each) for each in records if each.is_heavy)
    return any(count > 1 for count in counts.values())


def _copies(group: list[Record]) -> Iterator[Place]:
    """Residues of a group: one, or as many as there are copies of its names."""
    if not _repeats(group):
        yield Place(group)
        return
    copies: list[list[Record]] = []
    names: set[tuple[str, str, str]] = set()
    for molecule in molecules(group):
        own = {_key(each) for each in molecule if each.is_heavy}
        if copies and not own & names:
            copies[-1] += molecule
            names |= own
        else:
            copies.append(molecule)
            names = own
    for copy in copies:
        yield _told_apart(sorted(copy, key=lambda each: each.index))


def molecules(records: list[Record]) -> list[list[Record]]:
    """Records that are bonded to one another, by covalent radii, in file order."""
    radii = np.array([_radius(each) for each in records])
    xyz = np.array([each.xyz for each in records])
    pairs = cKDTree(xyz).query_pairs(2 * radii.max() + SLACK, output_type="ndarray")
    lengths = np.linalg.norm(xyz[pairs[:, 0]] - xyz[pairs[:, 1]], axis=1)
    pairs = pairs[lengths < radii[pairs[:, 0]] + radii[pairs[:, 1]] + SLACK]
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(xyz),) * 2)
    _, membership = connected_components(graph, directed=False)
    found: dict[int, list[Record]] = {}
    for each, molecule in zip(records, membership.tolist(), strict=True):
        found.setdefault(molecule, []).append(each)
    return list(found.values())


def _radius(record: Record) -> float:
    return min(gemmi.Element(record.element or "H").covalent_r, MOST_RADIUS)


def _told_apart(records: list[Record]) -> Place:
    """One residue whose atoms have distinct names, or labels where they are alternates."""
    if not _repeats(records):
        return Place(records)
    standard = standard_name(records[0].residue)[0] in PLAIN
    if standard or _overlap(records):
        _label_repeats(records)
        return Place(records)
    return Place(records, _rename_repeats(records))


def _overlap(records: list[Record]) -> bool:
    """Whether heavy atoms, under one label, stand nearer than any bond is long."""
    heavy = [each for each in records if each.is_heavy]
    pairs = cKDTree([each.xyz for each in heavy]).query_pairs(SAME_SPOT)
    return any(heavy[i].altloc == heavy[j].altloc for i, j in pairs)


def _label_repeats(records: list[Record]) -> None:
    counts = Counter(_key(each) for each in records if each.is_heavy)
    seen: Counter[tuple[str, str, str]] = Counter()
    for each in records:
        key = _key(each)
        if counts[key] > 1 and each.is_heavy:
            seen[key] += 1
            each.altloc = f"{UNLABELLED}{each.altloc}{seen[key]}"


def _rename_repeats(records: list[Record]) -> str:
    """Number the repeated names of a molecule's heavy atoms in file order."""
    counts = Counter(each.name for each in records if each.is_heavy)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    taken = {each.name for each in records}
    numbers: Counter[str] = Counter()
    for each in records:
        if each.is_heavy and counts[each.name] > 1:
            base = each.element.upper()
            numbers[base] += 1
            while f"{base}{numbers[base]}" in taken:
                numbers[base] += 1
            each.name = f"{base}{numbers[base]}"
            taken.add(each.name)
    return f"{', '.join(repeated)} repeat: numbered in the order of the file"
