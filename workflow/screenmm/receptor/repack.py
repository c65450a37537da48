"""Side chains of a pocket turned out of the way of a ligand: induced fit in the small.

A residue turns only where its side chain runs into the ligand, or into a side chain that turned.
Bond lengths, angles and hydrogens turn along as the file has them; the backbone never moves.
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
from scipy.spatial.distance import cdist

from screenmm.receptor.geometry import torsion
from screenmm.receptor.ligand_file import skeleton_smiles
from screenmm.receptor.names import METALS
from screenmm.receptor.sidechains import Chi, chis
from screenmm.receptor.structure import Array, Atom, Residue
from screenmm.residues.synonyms import AMINO_ACIDS

CLASH_FACTOR = 0.8
"""Of the sum of van der Waals radii. A pose is said to clash at 0.75 (``likeness``), but a rigid
receptor repels it before."""
AROUND = 12.0  # Å from CB to what a side chain may meet
AT_METAL = 3.0  # Å, longest bond of a side chain to a metal
BOND_SLACK = 0.3  # Å beyond the covalent radii within which atoms are bonded
MOST_SETS = 300_000
"""Combinations of rotamers that are looked at."""
MOST_ROTAMERS = 60
"""Of a residue, those of lowest energy with all that stays."""
MOST_ROUNDS = 3
"""Times that residues may push their neighbours on."""
WOBBLE = (0.0, -15.0, 15.0)
"""Around the staggered torsions of the first two bonds, degrees."""
LEAST_GAIN = 0.5
"""kcal/mol below the energy as it stands, for which side chains are turned."""

# Vina's terms (Trott and Olson 2010, doi:10.1002/jcc.21334), kcal/mol; repulsion ends at MOST_PAIR
GAUSS1, GAUSS2, REPULSION, GREASY, HYDROGEN = -0.035579, -0.005156, 0.840245, -0.035069, -0.587439
MOST_PAIR = 4.0
RADII = {
    "C": 1.9, "N": 1.8, "O": 1.7, "S": 2.0, "P": 2.1, "F": 1.5, "Cl": 1.8, "Br": 2.0, "I": 2.2,
}  # fmt: skip
METAL_RADIUS = 1.2
TORSION = 1.0  # kcal/mol between staggered and eclipsed, or across and along a flat end
REACH = 7.0  # Å, farther pairs have no energy

_DONORS = frozenset((
    "N", "NE", "NH1", "NH2", "ND1", "ND2", "NE1", "NE2", "NZ", "OG", "OG1", "OH",
))  # fmt: skip
_FLAT = frozenset(("PHE", "TYR", "TRP", "HIS"))
_SYMMETRIC = frozenset(("PHE", "TYR", "ASP", "GLU"))
"""Their last torsion by 180° is the same side chain."""
_BACKBONE = frozenset(("N", "CA", "C", "O", "OXT", "CB"))


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


@dataclass(frozen=True)
class Atoms:
    """Heavy atoms as the energy sees them.

    Attributes
    ----------
    xyz : ndarray, shape (atoms, 3)
        Å.
    radii, vdw : ndarray
        Vina's, and van der Waals radii, Å.
    donors, acceptors, greasy : ndarray of bool
    """

    xyz: Array
    radii: Array
    vdw: Array
    donors: np.ndarray
    acceptors: np.ndarray
    greasy: np.ndarray

    def placed(self, xyz: Array) -> Atoms:
        """The same atoms elsewhere; of several sets of places one after the other."""
        times = len(xyz) // len(self.xyz)
        rest = (
            np.tile(part, times)
            for part in (self.radii, self.vdw, self.donors, self.acceptors, self.greasy)
        )
        return Atoms(xyz, *rest)


def atoms_of(found: Iterable[tuple[str, Array, bool, bool]]) -> Atoms:
    """Atoms from element, place (Å), and whether they give and take hydrogen bonds."""
    rows = list(found)
    elements = [each[0] for each in rows]
    radii = [METAL_RADIUS if each in METALS else RADII.get(each, 1.9) for each in elements]
    greasy = [each in ("C", "F", "Cl", "Br", "I") for each in elements]
    return Atoms(
        np.array([each[1] for each in rows], dtype=float).reshape(-1, 3),
        np.array(radii),
        np.array([gemmi.Element(each).vdw_r for each in elements]),
        np.array([each[2] for each in rows], dtype=bool),
        np.array([each[3] for each in rows], dtype=bool),
        np.array(greasy, dtype=bool),
    )


def ligand_atoms(ligand: Chem.Mol) -> Atoms:
    """Heavy atoms of a ligand; without bond orders any N and O gives and takes."""
    untold = bool(ligand.HasProp("bond_orders"))
    places = ligand.GetConformer().GetPositions()
    return atoms_of(
        (
            atom.GetSymbol(),
            places[atom.GetIdx()],
            atom.GetAtomicNum() in (7, 8)
            and (untold or atom.GetTotalNumHs(includeNeighbors=True) > 0),
            atom.GetAtomicNum() == 8
            or (atom.GetAtomicNum() == 7 and (untold or atom.GetFormalCharge() <= 0)),
        )
        for atom in ligand.GetAtoms()
        if atom.GetAtomicNum() > 1
    )


def _of_residue(atoms: Iterable[Atom], is_water: bool = False) -> Atoms:
    return atoms_of(
        (
            each.element,
            each.xyz,
            is_water or each.element in METALS or each.name in _DONORS,
            each.element == "O" or each.name in ("ND1", "NE2"),
        )
        for each in atoms
    )


def _joined(parts: Sequence[Atoms]) -> Atoms:
    columns = ("xyz", "radii", "vdw", "donors", "acceptors", "greasy")
    return Atoms(*(np.concatenate([getattr(each, name) for each in parts]) for name in columns))


def energy(one: Atoms, other: Atoms) -> Array:
    """Energy of each pair, kcal/mol, shape (atoms, atoms): Vina's terms, repulsion limited."""
    apart = cdist(one.xyz, other.xyz)
    gap = apart - one.radii[:, None] - other.radii[None, :]
    below = np.minimum(gap, 0.0)
    found = GAUSS1 * np.exp(-((gap / 0.5) ** 2)) + GAUSS2 * np.exp(-(((gap - 3.0) / 2.0) ** 2))
    found += np.minimum(REPULSION * below**2, MOST_PAIR)
    greasy = one.greasy[:, None] & other.greasy[None, :]
    found += GREASY * greasy * np.clip(1.5 - gap, 0.0, 1.0)
    bonded = one.donors[:, None] & other.acceptors[None, :]
    bonded |= one.acceptors[:, None] & other.donors[None, :]
    found += HYDROGEN * bonded * np.clip(-gap / 0.7, 0.0, 1.0)
    return np.asarray(np.where(apart < REACH, found, 0.0))


def overlaps(one: Atoms, other: Atoms) -> Array:
    """How far each atom reaches into others, Å: the deepest below the distance of a clash."""
    limits = CLASH_FACTOR * (one.vdw[:, None] + other.vdw[None, :])
    return np.asarray(np.clip(limits - cdist(one.xyz, other.xyz), 0, None).max(axis=1, initial=0))


# --- side chains -----------------------------------------------------------------------


def _side(residue: Residue) -> list[Atom]:
    """Heavy atoms that turn."""
    return [atom for atom in residue.heavy() if atom.name not in _BACKBONE]


def _still(residue: Residue) -> list[Atom]:
    return [atom for atom in residue.heavy() if atom.name in _BACKBONE]


def _turning_atoms(residue: Residue, chi: Chi) -> np.ndarray:
    """Indices of the atoms that turn about a bond, hydrogens with what they are bonded to."""
    places = np.array([atom.xyz for atom in residue.atoms])
    heavy = [index for index, atom in enumerate(residue.atoms) if atom.element != "H"]
    turning = {*chi.moved, chi.atoms[2]}
    found = []
    for index, atom in enumerate(residue.atoms):
        if atom.element == "H":
            apart = np.linalg.norm(places[heavy] - places[index], axis=1)
            if residue.atoms[heavy[int(apart.argmin())]].name in turning:
                found.append(index)
        elif atom.name in chi.moved:
            found.append(index)
    return np.array(found)


def _rotated(sets: Array, axis: tuple[int, int], moving: np.ndarray, degrees: float) -> Array:
    """Turn some atoms of each set of places about a bond, by Rodrigues' formula."""
    turned = sets.copy()
    origin = sets[:, axis[1]][:, None]
    along = sets[:, axis[1]] - sets[:, axis[0]]
    along = (along / np.linalg.norm(along, axis=1, keepdims=True))[:, None]
    arms = sets[:, moving] - origin
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    dots = (arms * along).sum(axis=2, keepdims=True)
    turned[:, moving] = (
        origin
        + arms * cosine
        + np.cross(np.broadcast_to(along, arms.shape), arms) * sine
        + along * dots * (1 - cosine)
    )
    return turned


def torsions(residue: Residue) -> tuple[float, ...]:
    """Torsions of a side chain, from the backbone outwards, degrees."""
    places = {atom.name: atom.xyz for atom in residue.heavy()}
    return tuple(torsion(*(places[name] for name in chi.atoms)) for chi in chis(residue.name))


def _angles(residue: Residue, number: int, chi: Chi) -> list[float]:
    """Torsions to try about a bond."""
    if len(chi.angles) > 3:
        is_last = number == len(chis(residue.name)) - 1
        half = residue.name in _SYMMETRIC and is_last
        return [angle for angle in chi.angles if not half or -90 <= angle < 90]
    wobble = WOBBLE if number < 2 else WOBBLE[:1]
    return [angle + more for angle in chi.angles for more in wobble]


def _strain(name: str, chi: Chi, angle: float) -> float:
    """Energy of a torsion, kcal/mol."""
    if len(chi.angles) == 3:
        return float(TORSION * (1 + np.cos(3 * np.radians(angle))) / 2)
    return float(TORSION * (1 + np.cos(2 * np.radians(angle))) / 2) if name in _FLAT else 0.0


@dataclass(frozen=True)
class _Rotamers:
    """Ways in which a side chain may stand; the first is as it stands.

    Attributes
    ----------
    places : ndarray, shape (ways, atoms, 3)
        All atoms of the residue, Å.
    strain : ndarray
        kcal/mol.
    """

    residue: Residue
    places: Array
    strain: Array

    @classmethod
    def of(cls, residue: Residue) -> _Rotamers:
        sets = np.array([[atom.xyz for atom in residue.atoms]])
        strain = np.zeros(1)
        index = {atom.name: place for place, atom in enumerate(residue.atoms)}
        now = torsions(residue)
        for number, chi in enumerate(chis(residue.name)):
            moving = _turning_atoms(residue, chi)
            axis = index[chi.atoms[1]], index[chi.atoms[2]]
            tried = [now[number], *_angles(residue, number, chi)]
            parts = [_rotated(sets, axis, moving, angle - now[number]) for angle in tried[1:]]
            sets = np.concatenate([sets, *parts])
            strain = np.concatenate([strain + _strain(residue.name, chi, angle) for angle in tried])
        return cls(residue, sets, strain)

    def kept(self, these: np.ndarray) -> _Rotamers:
        """Some of them."""
        return _Rotamers(self.residue, self.places[these], self.strain[these])

    @property
    def side(self) -> Atoms:
        """Side-chain atoms of all ways, one after the other."""
        names = [index for index, atom in enumerate(self.residue.atoms)
                 if atom.element != "H" and atom.name not in _BACKBONE]  # fmt: skip
        return _of_residue(_side(self.residue)).placed(self.places[:, names].reshape(-1, 3))

    def with_still(self, still: Atoms) -> Array:
        """Energy of each way with atoms that do not move, kcal/mol."""
        count = len(self.places)
        return energy(self.side, still).sum(axis=1).reshape(count, -1).sum(axis=1)

    def own(self) -> Array:
        """Energy of each way with the residue's own backbone, beyond three bonds, kcal/mol."""
        side, still = _side(self.residue), _still(self.residue)
        far = np.array(
            [[_bonds_apart(self.residue.name, a.name, b.name) > 3 for b in still] for a in side]
        )
        found = energy(self.side, _of_residue(still)) * np.tile(far, (len(self.places), 1))
        return np.asarray(found.sum(axis=1).reshape(len(self.places), -1).sum(axis=1))


def _bonds_apart(name: str, one: str, other: str) -> int:
    """Bonds between a side-chain atom and one of the backbone, or CB."""
    to_cb = sum(one in chi.moved for chi in chis(name))
    to_cb = max(to_cb, 1)
    return to_cb + {"CB": 0, "CA": 1, "N": 2, "C": 2, "O": 3, "OXT": 3}[other]


# --- which turn ------------------------------------------------------------------------


def _bond_to(residue: Residue, others: Sequence[tuple[Residue, Atom]]) -> str:
    """What a side chain is bonded to beyond its own residue, in words; empty: nothing."""
    for mine in _side(residue):
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
        return float(overlaps(_of_residue(atoms), self.ligand).max(initial=0)) if atoms else 0.0

    def around(self, residue: Residue, moving: Sequence[Residue]) -> Atoms:
        """What a side chain may meet that does not move: the ligand and all other residues."""
        beta = residue.find("CB")
        assert beta is not None  # residues that turn have one
        parts = [self.ligand]
        for other in self.residues:
            if other is residue:
                continue
            atoms = _still(other) if any(other is each for each in moving) else other.heavy()
            near = [atom for atom in atoms if np.linalg.norm(atom.xyz - beta.xyz) <= AROUND]
            if near:
                parts.append(_of_residue(near, other.kind == "water"))
        return _joined(parts)


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
        each for each in site.residues if site.overlap(_side(each)) > 0 and not site.why_still(each)
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
    if not site.overlap(_side(residue)):
        return "its backbone does not move"
    return "its best rotamer clashes too" if is_turned else "no other rotamer is better"


def _settled(site: _Site, movers: list[Residue]) -> list[tuple[Residue, Array]]:
    """Residues that turn, with the places of all their atoms, Å."""
    for _ in range(MOST_ROUNDS):
        ways = _ways(site, movers)
        chosen = _best(ways)
        more = _in_the_way(site, movers, ways, chosen)
        if not more:
            break
        movers = movers + more
    else:
        ways = _ways(site, movers)
        chosen = _best(ways)
    return [
        (way.residue, way.places[index])
        for (way, _), index in zip(ways, chosen, strict=True)
        if index
    ]


def _ways(site: _Site, movers: list[Residue]) -> list[tuple[_Rotamers, Array]]:
    """Rotamers of each residue, as it stands and the best, with their energies, kcal/mol."""
    found = []
    for residue in movers:
        every = _Rotamers.of(residue)
        levels = every.strain + every.own() + every.with_still(site.around(residue, movers))
        levels = np.round(levels, 6)
        best = np.argsort(levels[1:], kind="stable")[:MOST_ROTAMERS] + 1
        these = np.concatenate([[0], best])
        found.append((every.kept(these), levels[these]))
    return found


def _between(one: _Rotamers, other: _Rotamers) -> Array:
    """Energy of each way of one side chain with each of another, kcal/mol."""
    pairs = energy(one.side, other.side)
    shape = len(one.places), -1, len(other.places), len(pairs[0]) // len(other.places)
    return np.asarray(pairs.reshape(shape).sum(axis=(1, 3)))


def _best(ways: list[tuple[_Rotamers, Array]]) -> list[int]:
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
    members: list[int], ways: list[tuple[_Rotamers, Array]], coupling: dict[tuple[int, int], Array]
) -> list[int]:
    """Best combination of a group of residues: all that there are of their best rotamers."""
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
    site: _Site, movers: list[Residue], ways: list[tuple[_Rotamers, Array]], chosen: list[int]
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
                if any(other is one for one in (*movers, *found)) or not _side(other):
                    continue
                hit = overlaps(each.side, _of_residue(_side(other))).any()
                if hit and not site.why_still(other):
                    found.append(other)
    return found


def _freest(site: _Site, residue: Residue) -> list[_Rotamers]:
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
    every = _Rotamers.of(residue)
    levels = every.strain + every.own() + every.with_still(site.around(residue, movable))
    best = int(np.round(levels, 6).argmin())
    return [every.kept(np.array([best]))]
