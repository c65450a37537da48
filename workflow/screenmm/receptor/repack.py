"""Side chains of a pocket turned out of the way of a ligand: induced fit in the small.

A residue turns only where its side chain runs into the ligand, or stands in the way of one that
does. Bond lengths, angles and hydrogens turn along as the file has them; the backbone never moves.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import gemmi
import numpy as np
from rdkit import Chem
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from screenmm.receptor.contacts import (
    Atoms,
    energy,
    joined,
    ligand_atoms,
    overlaps,
    protein_atoms,
)
from screenmm.receptor.ligand_file import skeleton_smiles
from screenmm.receptor.names import METALS
from screenmm.receptor.sidechains import chis
from screenmm.receptor.structure import Array, Atom, Residue
from screenmm.receptor.turning import Rotamers, side_atoms, still_atoms, torsions
from screenmm.residues.synonyms import AMINO_ACIDS

AROUND = 12.0  # Å from CB to what a side chain may meet
AT_METAL = 3.0  # Å, longest bond of a side chain to a metal
BOND_SLACK = 0.3  # Å beyond the covalent radii within which atoms are bonded
MOST_SETS = 300_000
"""Combinations of rotamers that are looked at."""
MOST_TOGETHER = 16
"""Side chains that turn together; further ones that touch them stay."""
MOST_ROTAMERS = 60
"""Of a residue, those of lowest energy with all that stays."""
MOST_ROUNDS = 3
"""Times that residues may push their neighbours on."""
LEAST_GAIN = 0.5
"""kcal/mol below the energy as it stands, for which side chains are turned."""


@dataclass(frozen=True)
class Turned:
    """A side chain that was turned.

    Attributes
    ----------
    residue : str
        Label.
    before, after : float
        How far it reaches into the ligand, Å: the deepest atom below the distance of a clash.
    chi_before, chi_after : tuple of float
        Torsions, degrees.
    """

    residue: str
    before: float
    after: float
    chi_before: tuple[float, ...]
    chi_after: tuple[float, ...]

    def as_text(self) -> str:
        """Overlap and torsions, before and after."""
        turns = ", ".join(
            f"χ{number} {one:.0f} → {other:.0f}°"
            for number, (one, other) in enumerate(
                zip(self.chi_before, self.chi_after, strict=True), 1
            )
        )
        if not self.before:
            return f"made room for a neighbour; {turns}"
        return f"overlap {self.before:.2f} → {self.after:.2f} Å; {turns}"


@dataclass(frozen=True)
class Clash:
    """A residue that still runs into the ligand.

    Attributes
    ----------
    residue : str
        Label.
    overlap : float
        Å.
    why : str
        Why it was not turned away.
    """

    residue: str
    overlap: float
    why: str


@dataclass(frozen=True)
class Repacked:
    """What came of it.

    Attributes
    ----------
    seed : str
        The ligand in words.
    skeleton : str
        Its heavy atoms and their connections, as SMILES.
    turned : list of Turned
    clashing : list of Clash
    """

    seed: str
    skeleton: str
    turned: list[Turned]
    clashing: list[Clash]

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "text": self.as_text(),
            "seed": self.seed,
            "skeleton": self.skeleton,
            "turned": [
                {
                    "residue": each.residue,
                    "overlap_before_angstrom": round(each.before, 3),
                    "overlap_after_angstrom": round(each.after, 3),
                    "chi_before_degrees": [round(chi, 1) for chi in each.chi_before],
                    "chi_after_degrees": [round(chi, 1) for chi in each.chi_after],
                }
                for each in self.turned
            ],
            "clashing": [
                {
                    "residue": each.residue,
                    "overlap_angstrom": round(each.overlap, 3),
                    "why": each.why,
                }
                for each in self.clashing
            ],
        }

    def as_text(self) -> str:
        """In a sentence."""
        turned = ", ".join(each.residue for each in self.turned)
        left = ", ".join(each.residue for each in self.clashing)
        return (
            f"side chains that clash with {self.seed} turned away: {turned or 'none'}"
            f"{f'; still clashing: {left}' if left else ''}"
        )


# --- which turn ------------------------------------------------------------------------


def _bond_to(residue: Residue, others: Sequence[tuple[Residue, Atom]]) -> str:
    """What a side chain is bonded to beyond its own residue, in words; empty: nothing."""
    for mine in side_atoms(residue):
        for other, atom in others:
            apart = np.linalg.norm(mine.xyz - atom.xyz)
            if other is residue or apart > AT_METAL:
                continue
            if atom.element in METALS:
                return f"bound to {other.label}"
            reach = sum(gemmi.Element(each.element).covalent_r for each in (mine, atom))
            if apart < reach + BOND_SLACK:
                return f"bonded to {other.label}"
    return ""


def _why_still(residue: Residue) -> str:
    """Why a residue cannot turn, by what it is; empty where it can."""
    if residue.kind != "polymer" or residue.name not in AMINO_ACIDS:
        return "no amino acid that has rotamers"
    free = chis(residue.name)
    if not free:
        return "its side chain has no rotamers"
    names = {atom.name for atom in residue.heavy()}
    if not {*free[0].moved, *free[0].atoms, "C"} <= names:
        return "its side chain is not whole"
    return ""


@dataclass
class _Site:
    """A ligand and what is around it.

    Attributes
    ----------
    ligand : Atoms
    residues : list of Residue
        All that has heavy atoms, within reach.
    still : dict
        Why a residue cannot turn, by its identity; empty where it can.
    """

    ligand: Atoms
    residues: list[Residue]
    still: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.atoms = [(each, atom) for each in self.residues for atom in each.heavy()]
        self.tree = cKDTree(np.array([atom.xyz for _, atom in self.atoms]).reshape(-1, 3))

    @classmethod
    def of(cls, ligand: Atoms, residues: Iterable[Residue]) -> _Site:
        tree = cKDTree(ligand.xyz)
        near = [
            each
            for each in residues
            if each.heavy() and tree.query(each.positions())[0].min() <= 2 * AROUND
        ]
        return cls(ligand, near)

    def why_still(self, residue: Residue) -> str:
        """Why a residue cannot turn; empty where it can."""
        key = id(residue)
        if key not in self.still:
            self.still[key] = _why_still(residue) or _bond_to(residue, self._beside(residue))
        return self.still[key]

    def _beside(self, residue: Residue) -> list[tuple[Residue, Atom]]:
        """Atoms near a residue, with the residues that they are of."""
        near = self.tree.query_ball_point(residue.positions(), AT_METAL)
        return [self.atoms[index] for index in sorted({each for found in near for each in found})]

    def overlap(self, atoms: Sequence[Atom]) -> float:
        """How far atoms reach into the ligand, Å."""
        return float(overlaps(protein_atoms(atoms), self.ligand).max(initial=0)) if atoms else 0.0

    def around(self, residue: Residue, moving: Sequence[Residue]) -> Atoms:
        """What a side chain may meet that does not move: the ligand and all other residues."""
        beta = residue.find("CB")
        assert beta is not None  # residues that turn have one
        parts = [self.ligand]
        for other in self.residues:
            if other is residue:
                continue
            atoms = still_atoms(other) if any(other is each for each in moving) else other.heavy()
            near = [atom for atom in atoms if np.linalg.norm(atom.xyz - beta.xyz) <= AROUND]
            if near:
                parts.append(protein_atoms(near, other.kind == "water"))
        return joined(parts)


def repack(ligand: Chem.Mol, name: str, residues: Iterable[Residue]) -> Repacked:
    """Turn side chains that clash with a ligand to other rotamers, in place.

    All combinations of the residues that clash are looked at, first with all others as they
    stand, then with those that are in their way. What gains less than 0.5 kcal/mol stays.

    Parameters
    ----------
    ligand : rdkit.Chem.Mol
        With one conformer in the receptor's frame, Å; it is not among the residues.
    name : str
        The ligand in words.
    residues : iterable of Residue
        The receptor's, whole, hydrogens as they are; the same input gives the same output.
    """
    site = _Site.of(ligand_atoms(ligand), residues)
    movers = [
        each
        for each in site.residues
        if site.overlap(side_atoms(each)) > 0 and not site.why_still(each)
    ]
    found = _settled(site, movers)
    before = [(site.overlap(residue.heavy()), torsions(residue)) for residue, _ in found]
    for residue, places in found:
        for atom, xyz in zip(residue.atoms, places, strict=True):
            # a hydrogen that turned is relaxed like one that was added
            atom.added |= atom.element == "H" and not np.array_equal(atom.xyz, xyz)
            atom.xyz = xyz
    turned = [
        Turned(residue.label, overlap, site.overlap(residue.heavy()), chi, torsions(residue))
        for (residue, _), (overlap, chi) in zip(found, before, strict=True)
    ]
    moved = {id(residue) for residue, _ in found}
    left = [
        Clash(each.label, site.overlap(each.heavy()), _why_left(site, each, id(each) in moved))
        for each in site.residues
        if site.overlap(each.heavy()) > 0
    ]
    return Repacked(name, skeleton_smiles(ligand), turned, left)


def _why_left(site: _Site, residue: Residue, is_turned: bool) -> str:
    if why := site.why_still(residue):
        return why
    if not site.overlap(side_atoms(residue)):
        return "its backbone does not move"
    return "its best rotamer clashes too" if is_turned else "no other rotamer is better"


def _settled(site: _Site, movers: list[Residue]) -> list[tuple[Residue, Array]]:
    """Residues that turn, with the places of all their atoms, Å."""
    ways = _ways(site, movers)
    chosen = _best(ways)
    for _ in range(MOST_ROUNDS):
        more = _in_the_way(site, movers, ways, chosen)
        if not more:
            break
        movers = [*movers, *more]
        ways = _ways(site, movers)
        chosen = _best(ways)
    return [
        (way.residue, way.places[index])
        for (way, _), index in zip(ways, chosen, strict=True)
        if index
    ]


def _ways(site: _Site, movers: list[Residue]) -> list[tuple[Rotamers, Array]]:
    """Rotamers of each residue, as it stands and the best, with their energies, kcal/mol."""
    found = []
    for residue in movers:
        every = Rotamers.of(residue)
        levels = every.strain + every.own() + every.with_still(site.around(residue, movers))
        levels = np.round(levels, 6)
        best = np.argsort(levels[1:], kind="stable")[:MOST_ROTAMERS] + 1
        these = np.concatenate([[0], best])
        found.append((every.kept(these), levels[these]))
    return found


def _between(one: Rotamers, other: Rotamers) -> Array:
    """Energy of each way of one side chain with each of another, kcal/mol."""
    pairs = energy(one.side, other.side)
    shape = len(one.places), -1, len(other.places), len(pairs[0]) // len(other.places)
    return np.asarray(pairs.reshape(shape).sum(axis=(1, 3)))


def _best(ways: list[tuple[Rotamers, Array]]) -> list[int]:
    """Way of each residue in the best combination; coupled residues are looked at together."""
    coupling = {
        (i, j): found
        for i, j in combinations(range(len(ways)), 2)
        if np.ptp(found := _between(ways[i][0], ways[j][0])) > 0
    }
    size = len(ways)
    graph = coo_matrix(
        (np.ones(len(coupling)), tuple(zip(*coupling, strict=True)) or ([], [])), (size, size)
    )
    count, groups = connected_components(graph, directed=False)
    chosen = [0] * size
    for group in range(count):
        members = np.flatnonzero(groups == group).tolist()
        for member, way in zip(members, _best_of(members, ways, coupling), strict=True):
            chosen[member] = way
    return chosen


def _best_of(
    members: list[int], ways: list[tuple[Rotamers, Array]], coupling: dict[tuple[int, int], Array]
) -> list[int]:
    """Best combination of a group of residues: all that there are of their best rotamers."""
    still = [0] * len(members[MOST_TOGETHER:])
    if still:
        return _best_of(members[:MOST_TOGETHER], ways, coupling) + still
    most = max(2, int(MOST_SETS ** (1 / len(members))))
    shape = [min(most, len(ways[each][1])) for each in members]
    total = np.zeros(shape)
    for axis, each in enumerate(members):
        along = [1] * len(members)
        along[axis] = shape[axis]
        total += ways[each][1][: shape[axis]].reshape(along)
    for (a, one), (b, other) in combinations(enumerate(members), 2):
        if (one, other) in coupling:
            along = [1] * len(members)
            along[a], along[b] = shape[a], shape[b]
            total += coupling[one, other][: shape[a], : shape[b]].reshape(along)
    best = np.unravel_index(int(np.round(total, 6).argmin()), total.shape)
    gain = float(total.flat[0] - total[best])
    return [int(index) for index in best] if gain >= LEAST_GAIN else [0] * len(members)


def _in_the_way(
    site: _Site, movers: list[Residue], ways: list[tuple[Rotamers, Array]], chosen: list[int]
) -> list[Residue]:
    """Residues that hold up a side chain which still clashes, or that it now runs into."""
    found: list[Residue] = []
    for (way, _), index in zip(ways, chosen, strict=True):
        here = way.kept(np.array([index]))
        tried = [here] if index else []
        if overlaps(here.side, site.ligand).any():
            tried += _freest(site, way.residue)
        for each in tried:
            for other in site.residues:
                if any(other is one for one in (*movers, *found)) or not side_atoms(other):
                    continue
                hit = overlaps(each.side, protein_atoms(side_atoms(other))).any()
                if hit and not site.why_still(other):
                    found.append(other)
    return found


def _freest(site: _Site, residue: Residue) -> list[Rotamers]:
    """The best rotamer that the ligand and the backbone alone would let a residue take."""
    beta = residue.find("CB")
    assert beta is not None  # residues that turn have one
    movable = [
        each
        for each in site.residues
        if each is not residue
        and np.linalg.norm(each.positions() - beta.xyz, axis=1).min() <= AROUND
        and not site.why_still(each)
    ]
    every = Rotamers.of(residue)
    levels = every.strain + every.own() + every.with_still(site.around(residue, movable))
    best = int(np.round(levels, 6).argmin())
    return [every.kept(np.array([best]))]
