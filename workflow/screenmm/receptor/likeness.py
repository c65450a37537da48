"""A related structure laid over another: sequences aligned, then CA atoms superposed.

The place of a ligand moves with the residues around it, which are fitted by themselves: lobes and
domains of two structures stand differently to one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import gemmi
import numpy as np
from scipy.spatial import cKDTree

from screenmm.core.errors import PocketError
from screenmm.receptor.structure import Array, Residue, Structure

LEAST_IDENTITY, FEWEST_ALIGNED = 0.25, 85
LARGEST_LOCAL_RMSD = 6.0  # Å
"""Below these AlphaFill (Hekkelman 2023, doi:10.1038/s41592-022-01685-y) moves no ligand."""
AROUND_LIGAND = 12.0  # Å from its heavy atoms to CA
FEWEST_AROUND = 10
"""Pairs of CA around the ligand that a fit needs."""
SHORTEST_RUN = 8
"""Aligned residues without a gap; shorter runs are chance, most of all beside a long gap."""
TRIM_CYCLES, TRIM_FACTOR = 10, 2.0
CLASH_FACTOR = 0.75  # of the sum of van der Waals radii, as PoseBusters counts a clash

Pairs = list[tuple[Residue, Residue]]


@dataclass(frozen=True)
class Likeness:
    """How like two structures are, and how one is moved onto the other.

    Attributes
    ----------
    chains : str
        Chains that were paired, as ``A:B`` for chain A of the receptor and B of the other.
    identity : float
        Share of the aligned residues that are the same, 0 to 1.
    aligned : int
        Aligned residues, each with a CA in both.
    rmsd_angstrom : float
        Of all their CA, fitted together.
    around : int
        Pairs whose CA of the other structure lies within 12 Å of the ligand.
    around_rmsd_angstrom : float
        Of those, fitted by themselves.
    fitted : int
        Those left once pairs beyond twice the RMSD were taken out, over and over: the move is
        their fit.
    fitted_rmsd_angstrom : float
        Of those left.
    """

    chains: str
    identity: float
    aligned: int
    rmsd_angstrom: float
    around: int
    around_rmsd_angstrom: float
    fitted: int
    fitted_rmsd_angstrom: float
    rotation: Array = field(repr=False, compare=False)
    shift: Array = field(repr=False, compare=False)

    def as_json(self) -> dict[str, Any]:
        """Numbers as plain data, without the move."""
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.compare}
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in values.items()
        }

    def moved(self, positions: Array) -> Array:
        """Positions of the other structure in the receptor's frame, Å."""
        return np.asarray(positions @ self.rotation.T + self.shift)


def superpose(structure: Structure, other: Structure, ligand: Array, name: str) -> Likeness:
    """Lay a related structure over a receptor, by the residues around its ligand.

    Parameters
    ----------
    structure : Structure
        The receptor.
    other : Structure
        A related one.
    ligand : ndarray
        Heavy atoms of its ligand, Å, shape (atoms, 3).
    name : str
        Of the other one, for messages.

    Raises
    ------
    PocketError
        They are too unlike, or the residues around the ligand have no counterparts.
    """
    near = _chains_near(other, ligand)
    pairs = _best_pairs(structure, near, name)
    whole = _fit(pairs)
    pairs += _partners(structure, near, pairs, whole)
    whole = _fit(pairs)
    tree = cKDTree(ligand)
    around = [
        (ours, theirs) for ours, theirs in pairs if tree.query(_ca(theirs))[0] <= AROUND_LIGAND
    ]
    if len(around) < FEWEST_AROUND:
        raise PocketError(
            f"pocket.like: {len(around)} residues within {AROUND_LIGAND:g} Å of the ligand of "
            f"{name} have a counterpart in the receptor (at least {FEWEST_AROUND} are needed): "
            "give a relative that has the whole pocket"
        )
    all_around = _fit(around)
    if all_around.rmsd > LARGEST_LOCAL_RMSD:
        raise PocketError(
            f"pocket.like: around the ligand {name} and the receptor differ by "
            f"{all_around.rmsd:.1f} Å (RMSD of {len(around)} CA; limit {LARGEST_LOCAL_RMSD:g} Å): "
            "give a relative in another conformation, or say where the pocket is (pocket.residues)"
        )
    kept, fit = _trimmed(around, all_around)
    same = sum(ours.name == theirs.name for ours, theirs in pairs)
    joined = dict.fromkeys(f"{ours.chain}:{theirs.chain}" for ours, theirs in pairs)
    return Likeness(
        " ".join(joined), same / len(pairs), len(pairs), whole.rmsd, len(around), all_around.rmsd,
        len(kept), fit.rmsd, np.array(fit.transform.mat.tolist()),
        np.array(fit.transform.vec.tolist()),
    )  # fmt: skip


def clashes(
    ligand: Array, elements: Sequence[str], residues: Iterable[Residue]
) -> tuple[int, list[Residue]]:
    """Count the heavy atoms of a ligand that run into a receptor, and find what they run into.

    Parameters
    ----------
    ligand : ndarray
        Heavy atoms, Å.
    elements : sequence of str
        Of each.
    residues : iterable of Residue
        The receptor's.
    """
    radii = np.array([gemmi.Element(each).vdw_r for each in elements])
    is_hit = np.zeros(len(ligand), bool)
    into = []
    for residue in residues:
        for atom in residue.heavy():
            limits = CLASH_FACTOR * (radii + gemmi.Element(atom.element).vdw_r)
            near = np.linalg.norm(ligand - atom.xyz, axis=1) < limits
            is_hit |= near
            if near.any() and residue not in into:
                into.append(residue)
    return int(is_hit.sum()), into


def align(ours: Sequence[Residue], theirs: Sequence[Residue]) -> Pairs:
    """Pair the residues of two chains by their sequences, with BLOSUM62."""
    scoring = gemmi.AlignmentScoring("b")
    names = [each.name for each in ours], [each.name for each in theirs]
    cigar = gemmi.align_string_sequences(*names, [], scoring).cigar_str()
    pairs: Pairs = []
    i = j = 0
    for text, operation in re.findall(r"(\d+)([MID])", cigar):
        length = int(text)
        if operation == "M" and length >= SHORTEST_RUN:
            pairs += zip(ours[i : i + length], theirs[j : j + length], strict=True)
        i += length if operation in "MI" else 0
        j += length if operation in "MD" else 0
    return pairs


def _ca(residue: Residue) -> Array:
    atom = residue.find("CA")
    assert atom is not None  # only such residues are aligned
    return atom.xyz


def _chains(structure: Structure) -> dict[str, list[Residue]]:
    """Residues with a CA, by chain."""
    found: dict[str, list[Residue]] = {}
    for residue in structure.of_kind("polymer"):
        if residue.find("CA") is not None:
            found.setdefault(residue.chain, []).append(residue)
    return found


def _chains_near(other: Structure, ligand: Array) -> list[list[Residue]]:
    """Chains with CA around the ligand, that with most of them first."""
    tree = cKDTree(ligand)
    counts = [
        (sum(tree.query(_ca(each))[0] <= AROUND_LIGAND for each in members), members)
        for members in _chains(other).values()
    ]
    return [members for count, members in sorted(counts, key=lambda each: -each[0]) if count]


def _best_pairs(structure: Structure, near: list[list[Residue]], name: str) -> Pairs:
    """Pairs with the receptor's chain that has most residues in common with the ligand's."""
    choices = [align(ours, near[0]) for ours in _chains(structure).values()] if near else []
    pairs = max(choices, key=_identical, default=[])
    if not _is_like(pairs):
        share = _identical(pairs) / len(pairs) if pairs else 0.0
        raise PocketError(
            f"pocket.like: {name} and the receptor share {share:.0%} of {len(pairs)} aligned "
            f"residues (at least {LEAST_IDENTITY:.0%} of {FEWEST_ALIGNED} are needed): give a "
            "closer relative, or say where the pocket is (pocket.residues, pocket.find)"
        )
    return pairs


def _identical(pairs: Pairs) -> int:
    return sum(ours.name == theirs.name for ours, theirs in pairs)


def _is_like(pairs: Pairs) -> bool:
    return len(pairs) >= FEWEST_ALIGNED and _identical(pairs) >= LEAST_IDENTITY * len(pairs)


def _partners(
    structure: Structure, near: list[list[Residue]], pairs: Pairs, fit: gemmi.SupResult
) -> Pairs:
    """Pairs of further chains around the ligand, with those of the receptor that stand there."""
    found: Pairs = []
    taken = {ours.chain for ours, _ in pairs}
    for theirs in near[1:]:
        choices = [
            (_rmsd(candidate, fit), candidate)
            for chain, ours in _chains(structure).items()
            if chain not in taken and _is_like(candidate := align(ours, theirs))
        ]
        rmsd, best = min(choices, key=lambda each: each[0], default=(np.inf, []))
        if rmsd <= LARGEST_LOCAL_RMSD:
            found += best
            taken.add(best[0][0].chain)
    return found


def _rmsd(pairs: Pairs, fit: gemmi.SupResult) -> float:
    """RMSD of CA as an earlier fit leaves them, Å."""
    moved = np.array([fit.transform.apply(gemmi.Vec3(*_ca(each))).tolist() for _, each in pairs])
    wanted = np.array([_ca(each) for each, _ in pairs])
    return float(np.sqrt(((moved - wanted) ** 2).sum(axis=1).mean()))


def _fit(pairs: Pairs) -> gemmi.SupResult:
    fixed = [gemmi.Position(*_ca(ours)) for ours, _ in pairs]
    return gemmi.superpose_positions(fixed, [gemmi.Position(*_ca(each)) for _, each in pairs])


def _trimmed(pairs: Pairs, fit: gemmi.SupResult) -> tuple[Pairs, gemmi.SupResult]:
    """Take out the pairs that fit worst, until none is far beyond the others."""
    for _ in range(TRIM_CYCLES):
        kept = [each for each in pairs if _rmsd([each], fit) <= TRIM_FACTOR * fit.rmsd]
        if len(kept) == len(pairs) or len(kept) < FEWEST_AROUND:
            break
        pairs, fit = kept, _fit(kept)
    return pairs, fit
