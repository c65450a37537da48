"""Missing side-chain atoms, grown bond by bond from template geometry in the roomiest rotamer."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import gemmi
import numpy as np
import pdbfixer
from scipy.spatial import cKDTree

from screenmm.receptor.geometry import place, torsion
from screenmm.receptor.structure import Array, Atom, Residue, Structure
from screenmm.residues.synonyms import AMINO_ACIDS

BACKBONE = ("N", "CA", "C", "O", "OXT")
CROWDING = 3.4  # Å, heavy atoms nearer than this are penalised
STAGGERED = (-60.0, 180.0, 60.0)
FLAT = tuple(float(angle) for angle in range(-180, 180, 30))
# bonds whose torsion is free: to sp3 atoms staggered, to flat groups in steps of 30°
_AROMATIC = ("PHE", "TYR", "TRP", "HIS")
_FLAT_ENDS = {
    **{(name, "CG"): FLAT for name in (*_AROMATIC, "ASP", "ASN")},
    ("GLU", "CD"): FLAT,
    ("GLN", "CD"): FLAT,
}
_RIGID = {("ARG", "CZ")}


@dataclass(frozen=True)
class _Step:
    """One atom and the three it is placed from, with template geometry."""

    name: str
    parents: tuple[str, str, str]
    length: float
    angle: float
    torsion: float


@lru_cache(maxsize=32)
def template_positions(name: str) -> dict[str, Array]:
    """Heavy atoms of PDBFixer's template of an amino acid, Å."""
    path = Path(pdbfixer.__file__).parent / "templates" / f"{name}.pdb"
    residue = gemmi.read_structure(str(path))[0][0][0]
    return {atom.name: np.array(atom.pos.tolist()) for atom in residue if not atom.is_hydrogen()}


@lru_cache(maxsize=32)
def _steps(name: str) -> tuple[_Step, ...]:
    """Side-chain atoms from CB outwards."""
    xyz = template_positions(name)
    steps = []
    ancestors = {"CA": ("N", "C")}
    frontier = ["CA"]
    seen = set(BACKBONE)
    while frontier:
        parent = frontier.pop(0)
        for child in xyz:
            if child in seen or np.linalg.norm(xyz[child] - xyz[parent]) > 1.95:
                continue
            seen.add(child)
            frontier.append(child)
            before, first = ancestors[parent]
            ancestors[child] = (parent, before)
            steps.append(_step(child, (first, before, parent), xyz))
    return tuple(steps)


def _step(name: str, parents: tuple[str, str, str], xyz: dict[str, Array]) -> _Step:
    one, two, three = (xyz[each] for each in parents)
    back, bond = two - three, xyz[name] - three
    length = float(np.linalg.norm(bond))
    cosine = float(np.dot(back, bond)) / length / float(np.linalg.norm(back))
    angle = float(np.degrees(np.arccos(cosine)))
    return _Step(name, parents, length, angle, torsion(one, two, three, xyz[name]))


def _choices(name: str, end: str) -> tuple[float, ...] | None:
    """Torsions to try about the bond that ends at ``end``; None where it is rigid."""
    if name == "PRO" or end == "CA" or (name, end) in _RIGID:
        return None
    if name in _AROMATIC and end not in ("CB", "CG"):
        return None
    return _FLAT_ENDS.get((name, end), STAGGERED)


@dataclass(frozen=True)
class Chi:
    """A torsion of a side chain that is free.

    Parameters
    ----------
    atoms : tuple of str
        The four that it is measured by, as IUPAC does.
    moved : tuple of str
        Heavy atoms that turn with it.
    angles : tuple of float
        Where it likes to stand, degrees.
    """

    atoms: tuple[str, str, str, str]
    moved: tuple[str, ...]
    angles: tuple[float, ...]


@lru_cache(maxsize=32)
def chis(name: str) -> tuple[Chi, ...]:
    """Free torsions of an amino acid, from the backbone outwards."""
    steps = _steps(name)
    found: dict[str, Chi] = {}
    # of a fork the first branch counts: OG1 before CG2
    for step in sorted(steps, key=lambda each: each.name[2:]):
        end = step.parents[2]
        choices = _choices(name, end)
        if choices is None or end in found:
            continue
        moved = {end}
        for each in steps:
            moved |= {each.name} if each.parents[2] in moved else set()
        atoms = tuple(each.name for each in steps if each.name in moved - {end})
        found[end] = Chi((*step.parents, step.name), atoms, choices)
    return tuple(sorted(found.values(), key=lambda each: -len(each.moved)))


def complete_side_chains(
    structure: Structure, polymer: list[Residue], around: list[Residue], report: bool = True
) -> None:
    """Add missing side-chain atoms of amino acids that have N, CA and C.

    Bond lengths and angles are the template's; every free torsion is tried and the least
    crowded combination taken. Observed atoms do not move.

    Parameters
    ----------
    structure : Structure
        Receives the report.
    polymer : list of Residue
        Completed in place.
    around : list of Residue
        What to stay clear of; may hold residues of ``polymer``.
    report : bool
        Note the atoms that were added.
    """
    everything = [*polymer, *around]
    for residue in polymer:
        if residue.name not in AMINO_ACIDS:
            continue
        present = {atom.name for atom in residue.heavy()}
        missing = [step for step in _steps(residue.name) if step.name not in present]
        if not missing or not {"N", "CA", "C"} <= present:
            continue
        others = [each.positions() for each in everything if each is not residue and each.heavy()]
        tree = cKDTree(np.concatenate(others))
        residue.atoms += _grow(residue, missing, tree)
        if report:
            names = " ".join(step.name for step in missing)
            structure.note("atoms added", residue, f"heavy atoms {names}")


def _grow(residue: Residue, missing: list[_Step], tree: cKDTree) -> list[Atom]:
    known = {atom.name: atom.xyz for atom in residue.heavy()}
    best = rotamers(residue.name, known, tree)[0].positions
    return [Atom(step.name, _element(step.name), best[step.name], added=True) for step in missing]


@dataclass(frozen=True)
class Rotamer:
    """One way in which the missing atoms of a side chain may stand.

    Parameters
    ----------
    crowding : float
        Overlap with atoms around and with the residue's own backbone, Å².
    positions : dict of str to ndarray
        Heavy atoms that were missing, by name, Å.
    """

    crowding: float
    positions: dict[str, Array]


def rotamers(
    name: str, known: dict[str, Array], tree: cKDTree, like: dict[str, Array] | None = None
) -> list[Rotamer]:
    """Ways to complete a residue, the least crowded first; of equals the first that was tried.

    Parameters
    ----------
    name : str
        Amino acid.
    known : dict of str to ndarray
        Its heavy atoms that stay where they are, N, CA and C among them, Å.
    tree : scipy.spatial.cKDTree
        Heavy atoms around.
    like : dict of str to ndarray, optional
        Side chain whose torsions are taken over as far as its atoms are named alike, Å.

    Returns
    -------
    list of Rotamer
        Every combination of the free torsions; one, of no atoms, where nothing is missing.
    """
    missing = [step for step in _steps(name) if step.name not in known]
    if not missing:
        return [Rotamer(0.0, {})]
    shifts = _observed_shifts(name, {**(like or {}), **known})
    # the first missing atom about a bond carries its torsion
    free: dict[str, tuple[float, ...]] = {}
    for step in missing:
        end = step.parents[2]
        choices = _choices(name, end)
        if end not in shifts and choices is not None and end not in free:
            free[end] = tuple(angle - step.torsion for angle in choices)
    found = []
    for combination in itertools.product(*free.values()):
        turned = {**shifts, **dict(zip(free, combination, strict=True))}
        built = _built(known, missing, turned)
        found.append(Rotamer(_crowding(built, known, missing, tree), built))
    # within rounding, the first that was tried wins
    return sorted(found, key=lambda each: round(each.crowding, 6))


def _observed_shifts(name: str, known: dict[str, Array]) -> dict[str, float]:
    """Turn of each bond against the template where an observed atom shows it."""
    shifts: dict[str, float] = {}
    for step in _steps(name):
        end = step.parents[2]
        if end not in shifts and step.name in known and all(each in known for each in step.parents):
            one, two, three = (known[each] for each in step.parents)
            shifts[end] = torsion(one, two, three, known[step.name]) - step.torsion
    return shifts


def _built(
    known: dict[str, Array], missing: list[_Step], shifts: dict[str, float]
) -> dict[str, Array]:
    positions = dict(known)
    for step in missing:
        one, two, three = (positions[each] for each in step.parents)
        turn = step.torsion + shifts.get(step.parents[2], 0.0)
        positions[step.name] = place(one, two, three, step.length, step.angle, turn)
    return {step.name: positions[step.name] for step in missing}


def _crowding(
    built: dict[str, Array], known: dict[str, Array], missing: list[_Step], tree: cKDTree
) -> float:
    near, _ = tree.query(np.array(list(built.values())), k=4)
    total = float((np.clip(CROWDING - near, 0, None) ** 2).sum())
    for step in missing:
        for name in ("N", "C", "O"):
            if name in known and name not in step.parents:
                gap = float(np.linalg.norm(built[step.name] - known[name]))
                total += max(0.0, 2.8 - gap) ** 2
    return total


def _element(name: str) -> str:
    return name[0]
