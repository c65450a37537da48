"""Polymer chains: unbroken segments, the gaps between them, and neutral caps at gaps."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from scipy.spatial import cKDTree

from screenmm.receptor.conservation import Removal
from screenmm.receptor.geometry import place, torsion
from screenmm.receptor.names import parent_amino_acid
from screenmm.receptor.structure import (
    PEPTIDE_BOND,
    Array,
    Atom,
    Residue,
    Structure,
    are_bonded,
    bond_length,
)
from screenmm.receptor.synonyms import AMINO_ACIDS, standard_name

CAP_BOND = 2.0  # Å, longest bond of a cap to its residue
CA_REACH = 3.8  # Å between successive CA atoms of a stretched chain
CAP_CLASH = 2.4  # Å, no heavy atom of a new cap comes nearer to another residue


@dataclass
class Gap:
    """Missing residues between two segments of one chain.

    Attributes
    ----------
    missing : list of str
        Names from the file's full sequence; empty where it does not tell.
    """

    before: Residue
    after: Residue
    missing: list[str] = field(default_factory=list)

    @property
    def label(self) -> str:
        """The residues on both sides."""
        return f"{self.before.label} {self.after.label}"

    @property
    def size(self) -> str:
        """How many residues are missing, as text."""
        count = len(self.missing) or self.after.number - self.before.number - 1
        return str(count) if count > 0 else "unknown number of"

    def can_be_built(self, longest: int) -> bool:
        """Whether a loop of at most ``longest`` residues can span the gap."""
        if not 0 < len(self.missing) <= longest:
            return False
        if not all(name in AMINO_ACIDS for name in self.missing):
            return False
        one, other = self.before.find("CA"), self.after.find("CA")
        if one is None or other is None:
            return False
        reach = CA_REACH * (len(self.missing) + 1)
        return float(np.linalg.norm(one.xyz - other.xyz)) < reach


@dataclass
class Segment:
    """Residues bonded one to the next.

    Attributes
    ----------
    gap : Gap or None
        The gap that follows, within the same chain.
    starts_after_gap : bool
        Whether residues are missing before it.
    """

    residues: list[Residue]
    gap: Gap | None = None
    starts_after_gap: bool = False

    @property
    def chain(self) -> str:
        """Author's chain name."""
        return self.residues[0].chain

    @property
    def is_protein(self) -> bool:
        """Whether the segment is a peptide."""
        return any(residue.find("CA") is not None for residue in self.residues)


def find_segments(structure: Structure) -> list[Segment]:
    """Segments of all chains in file order; caps join the residue they are bonded to.

    Lone caps are taken out and reported.
    """
    by_chain: dict[str, list[Residue]] = {}
    for residue in structure.of_kind("polymer"):
        by_chain.setdefault(residue.chain, []).append(residue)
    segments: list[Segment] = []
    for residues in by_chain.values():
        segments += _split(structure, in_bonded_order(residues))
    _attach_caps(structure, segments)
    return segments


def in_bonded_order(residues: list[Residue]) -> list[Residue]:
    """Residues of a chain in the order of their peptide bonds.

    Files list residues with insertion codes in either order (1, 1A or 1A, 1).
    """
    follows = {
        index: index + 1
        for index in range(len(residues) - 1)
        if are_bonded(residues[index], residues[index + 1])
    }
    taken = set(follows.values())
    free = [i for i in range(len(residues)) if i not in taken and residues[i].find("N")]
    open_ends = [i for i in range(len(residues)) if i not in follows and residues[i].find("C")]
    for end in open_ends:
        lengths = {i: bond_length(residues[end], residues[i]) for i in free if i != end}
        nearest = min(lengths, key=lambda i: lengths[i], default=None)
        if nearest is not None and lengths[nearest] < PEPTIDE_BOND:
            follows[end] = nearest
            free.remove(nearest)
    ordered: list[int] = []
    seen: set[int] = set()
    heads = sorted(set(range(len(residues))) - set(follows.values()))
    # a cyclic peptide has no head: its first residue in the file serves
    for head in [*heads, *range(len(residues))]:
        current: int | None = head
        while current is not None and current not in seen:
            seen.add(current)
            ordered.append(current)
            current = follows.get(current)
    return [residues[index] for index in ordered]


def _split(structure: Structure, residues: list[Residue]) -> list[Segment]:
    segments = [Segment([residues[0]])]
    for before, after in pairwise(residues):
        if are_bonded(before, after):
            segments[-1].residues.append(after)
            continue
        segments[-1].gap = Gap(before, after, _missing(structure, before, after))
        segments.append(Segment([after], starts_after_gap=True))
    return segments


def _missing(structure: Structure, before: Residue, after: Residue) -> list[str]:
    sequence = structure.sequences.get(before.chain)
    if not sequence or before.sequence_index is None or after.sequence_index is None:
        return []
    names = sequence[before.sequence_index : after.sequence_index - 1]
    return [
        name if name in AMINO_ACIDS else parent_amino_acid(name) or standard_name(name)[0]
        for name in names
    ]


def note_tails(structure: Structure, segments: list[Segment]) -> None:
    """Report terminal tails of the full sequence that are missing; they are not built."""
    chains: dict[str, list[Segment]] = {}
    for segment in segments:
        chains.setdefault(segment.chain, []).append(segment)
    for chain, parts in chains.items():
        sequence = structure.sequences.get(chain)
        # a cap that stands for a residue of the sequence is part of it
        polymer = [
            each
            for part in parts
            for each in part.residues
            if each.kind == "polymer" or each.sequence_index is not None
        ]
        first, last = polymer[0].sequence_index, polymer[-1].sequence_index
        if not sequence or first is None or last is None:
            continue
        for residue, count in ((polymer[0], first - 1), (polymer[-1], len(sequence) - last)):
            if count:
                structure.note(
                    "tail not built", residue, f"{count} residues missing beyond; charged terminus"
                )


def _attach_caps(structure: Structure, segments: list[Segment]) -> None:
    for cap in list(structure.of_kind("cap")):
        joined = _join(structure, cap, segments)
        if not joined:
            structure.remove(cap, Removal.LONE_CAP, "cap bonded to nothing")


def _join(structure: Structure, cap: Residue, segments: list[Segment]) -> bool:
    own, theirs, at_start = ("C", "N", True) if cap.name == "ACE" else ("N", "C", False)
    atom = cap.find(own)
    for segment in segments:
        end = segment.residues[0 if at_start else -1]
        other = end.find(theirs)
        if atom is None or other is None or end.kind == "cap":
            continue
        if np.linalg.norm(atom.xyz - other.xyz) < CAP_BOND:
            segment.residues.insert(0 if at_start else len(segment.residues), cap)
            extra = end.find("OXT")
            if extra is not None and not at_start:
                structure.drop(end, [extra], Removal.END_OXYGEN)
            return True
    return False


def cap_gaps(structure: Structure, segments: list[Segment]) -> None:
    """Put ACE and NME at both sides of each gap where there is room.

    A side keeps its charge where the file shows a true terminus (OXT, three hydrogens on
    N) or where no cap fits; both are reported.
    """
    for segment, following in zip(segments, segments[1:] + segments[:1], strict=True):
        gap = segment.gap
        if gap is None:
            continue
        done = [
            _close_end(structure, segments, segment),
            _close_start(structure, segments, following),
        ]
        structure.note(
            "gap", gap.label, f"{gap.size} residues missing, not built; {', '.join(done)}"
        )


def _close_end(structure: Structure, segments: list[Segment], segment: Segment) -> str:
    last = segment.residues[-1]
    if last.kind == "cap":
        return f"{last.label} capped already"
    if not segment.is_protein:
        return f"{last.label} ends in a 3' hydroxyl"
    oxygen = last.find("OXT")
    if oxygen is not None and not oxygen.added:
        return f"{last.label} keeps its charged C-terminus"
    built = build_nme(last)
    if built is None or _clashes(built, last, structure, segments):
        return f"no room for a cap at {last.label}: charged C-terminus"
    if oxygen is not None:
        last.atoms = [atom for atom in last.atoms if atom is not oxygen]
    _give_number(built, last, +1, structure, segments)
    segment.residues.append(built)
    return f"{built.label} added"


def _close_start(structure: Structure, segments: list[Segment], segment: Segment) -> str:
    first = segment.residues[0]
    if first.kind == "cap":
        return f"{first.label} capped already"
    if not segment.is_protein:
        return f"{first.label} starts with a 5' hydroxyl"
    nitrogen = first.find("N")
    bound = [
        atom
        for atom in first.hydrogens()
        if nitrogen is not None and np.linalg.norm(atom.xyz - nitrogen.xyz) < 1.2
    ]
    if len(bound) >= 3:
        return f"{first.label} keeps its charged N-terminus"
    built = build_ace(first, _surroundings(structure, segments, first))
    if built is None or _clashes(built, first, structure, segments):
        return f"no room for a cap at {first.label}: charged N-terminus"
    # the amide hydrogen lies opposite the new carbon: it is placed anew
    first.atoms = [atom for atom in first.atoms if all(atom is not gone for gone in bound)]
    _give_number(built, first, -1, structure, segments)
    segment.residues.insert(0, built)
    return f"{built.label} added"


def _polymer(segments: list[Segment]) -> list[Residue]:
    return [residue for segment in segments for residue in segment.residues]


def _surroundings(structure: Structure, segments: list[Segment], own: Residue) -> Array:
    others = [each for each in structure.residues if each.kind in ("ion", "water", "other")]
    positions = [each.positions() for each in (*_polymer(segments), *others) if each is not own]
    return np.concatenate(positions)


def _clashes(cap: Residue, own: Residue, structure: Structure, segments: list[Segment]) -> bool:
    near = cKDTree(_surroundings(structure, segments, own)).query(cap.positions())[0]
    return float(near.min()) < CAP_CLASH


def _give_number(
    cap: Residue, beside: Residue, step: int, structure: Structure, segments: list[Segment]
) -> None:
    """Next free number, else an insertion code at that number."""
    taken = {
        (each.chain, each.number, each.icode) for each in (*_polymer(segments), *structure.residues)
    }
    cap.chain, cap.number = beside.chain, beside.number + step
    for icode in ("", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        cap.icode = icode
        if (cap.chain, cap.number, icode) not in taken:
            return


def _backbone(residue: Residue) -> dict[str, Array] | None:
    found = {name: residue.find(name) for name in ("N", "CA", "C", "O")}
    if any(atom is None for atom in found.values()):
        return None
    return {name: atom.xyz for name, atom in found.items() if atom is not None}


def build_ace(residue: Residue, surroundings: Array) -> Residue | None:
    """Acetyl before a residue, at the phi that leaves the most room; None without a backbone."""
    backbone = _backbone(residue)
    if backbone is None:
        return None
    tree = cKDTree(surroundings)
    best: tuple[float, list[Atom]] | None = None
    for phi in range(-180, 180, 10):
        carbon = place(backbone["C"], backbone["CA"], backbone["N"], 1.335, 121.9, phi)
        methyl = place(backbone["CA"], backbone["N"], carbon, 1.522, 116.6, 180)
        oxygen = place(backbone["CA"], backbone["N"], carbon, 1.229, 122.9, 0)
        atoms = [
            Atom("CH3", "C", methyl, added=True),
            Atom("C", "C", carbon, added=True),
            Atom("O", "O", oxygen, added=True),
        ]
        room = float(tree.query([methyl, carbon, oxygen])[0].min())
        own = min(
            float(np.linalg.norm(atom.xyz - new.xyz))
            for atom in residue.heavy()
            if atom.name not in ("N", "CA")
            for new in atoms
        )
        if best is None or min(room, own) > best[0]:
            best = (min(room, own), atoms)
    assert best is not None  # 36 angles were tried
    return Residue(residue.chain, "ACE", residue.number, "", best[1], "cap")


def build_nme(residue: Residue) -> Residue | None:
    """N-methyl amide after a residue, trans; None without a backbone."""
    backbone = _backbone(residue)
    if backbone is None:
        return None
    opposite = torsion(backbone["N"], backbone["CA"], backbone["C"], backbone["O"]) + 180
    nitrogen = place(backbone["N"], backbone["CA"], backbone["C"], 1.335, 116.6, opposite)
    methyl = place(backbone["CA"], backbone["C"], nitrogen, 1.449, 121.9, 180)
    atoms = [Atom("N", "N", nitrogen, added=True), Atom("C", "C", methyl, added=True)]
    return Residue(residue.chain, "NME", residue.number, "", atoms, "cap")
