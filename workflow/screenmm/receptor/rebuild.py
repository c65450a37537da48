"""Missing backbone atoms at chain ends, and short missing loops by PDBFixer."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pdbfixer
from openmm import unit
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.receptor.chains import Gap, Segment
from screenmm.receptor.conservation import Removal
from screenmm.receptor.geometry import place, torsion
from screenmm.receptor.names import MODIFIED
from screenmm.receptor.sidechains import complete_side_chains
from screenmm.receptor.structure import Array, Atom, Residue, Structure
from screenmm.receptor.topology import build_topology, in_nanometers, one_thread
from screenmm.residues.synonyms import AMINO_ACIDS

_STUB = "ATOM      1  N   GLY A   1       0.000   0.000   0.000  1.00  0.00           N\nEND\n"
SEED = 1
FLANK = 3  # residues on each side that orient a loop
REACH = 12.0  # Å around the stretched loop within which atoms stand in its way


def drop_broken(structure: Structure) -> None:
    """Take out amino acids without N, CA or C; they count as missing.

    Raises
    ------
    ReceptorError
        No residue is left.
    """
    for residue in list(structure.of_kind("polymer")):
        if residue.name not in AMINO_ACIDS | MODIFIED:
            continue
        lacking = [name for name in ("N", "CA", "C") if residue.find(name) is None]
        if lacking:
            detail = f"backbone without {' '.join(lacking)}"
            structure.remove(residue, Removal.INCOMPLETE, detail)
    if not any(structure.of_kind("polymer")):
        raise ReceptorError(
            "no residue has the backbone atoms N, CA and C: this is a trace of a chain, and no "
            "receptor; give a structure with all heavy atoms"
        )


def complete_backbone(structure: Structure, segments: list[Segment]) -> None:
    """Add missing carbonyl oxygens, and the second oxygen at the ends of segments."""
    for segment in segments:
        for index, residue in enumerate(segment.residues):
            if residue.find("CA") is None:
                continue
            following = segment.residues[index + 1] if residue is not segment.residues[-1] else None
            added = _add_oxygens(residue, following)
            if added:
                structure.note("atoms added", residue, f"heavy atoms {' '.join(added)}")


def _add_oxygens(residue: Residue, following: Residue | None) -> list[str]:
    n, ca, c = (residue.find(name) for name in ("N", "CA", "C"))
    if n is None or ca is None or c is None:
        return []
    opposite = following.find("N") if following is not None else residue.find("OXT")
    added = []
    if residue.find("O") is None:
        turn = -40.0
        if opposite is not None:
            turn = torsion(n.xyz, ca.xyz, c.xyz, opposite.xyz) + 180
        xyz = place(n.xyz, ca.xyz, c.xyz, 1.23, 120.5, turn)
        residue.atoms.append(Atom("O", "O", xyz, added=True))
        added.append("O")
    oxygen = residue.find("O")
    if following is None and residue.find("OXT") is None and oxygen is not None:
        turn = torsion(n.xyz, ca.xyz, c.xyz, oxygen.xyz) + 180
        xyz = place(n.xyz, ca.xyz, c.xyz, 1.25, 117.0, turn)
        residue.atoms.append(Atom("OXT", "O", xyz, added=True))
        added.append("OXT")
    return added


def build_loops(
    structure: Structure,
    segments: list[Segment],
    around: list[Residue],
    longest: int,
    unbuildable: frozenset[str] = frozenset(),
) -> tuple[list[Segment], list[Residue]]:
    """Build missing loops that the file's sequence defines; nothing observed moves.

    PDBFixer lays out the backbone; side chains are grown onto it, because PDBFixer's own
    are often D-configured in loops.

    Parameters
    ----------
    structure : Structure
        Receives the report of what was added.
    segments : list of Segment
    around : list of Residue
        Molecules that new atoms avoid.
    longest : int
        Longest loop that is built, residues.
    unbuildable : frozenset of str
        Labels of gaps that are left alone.

    Returns
    -------
    segments : list of Segment
        Segments joined by a new loop are one.
    loops : list of Residue
        The residues that were built.
    """
    joined: list[Segment] = []
    loops: list[Residue] = []
    open_gap: Gap | None = None
    for segment in segments:
        if open_gap is None:
            joined.append(segment)
        else:
            everything = [*(r for each in segments for r in each.residues), *around, *loops]
            loop = _build_loop(structure, open_gap, joined[-1], segment, everything)
            loops += loop
            whole = [*joined[-1].residues, *loop, *segment.residues]
            joined[-1] = Segment(whole, segment.gap, joined[-1].starts_after_gap)
        gap = segment.gap
        buildable = gap is not None and gap.label not in unbuildable and gap.can_be_built(longest)
        open_gap = gap if buildable else None
    return joined, loops


def _build_loop(
    structure: Structure, gap: Gap, before: Segment, after: Segment, everything: list[Residue]
) -> list[Residue]:
    sides = before.residues[-FLANK:], after.residues[:FLANK]
    flanks = [*sides[0], *sides[1]]
    # the residue before a gap may end in an oxygen that the loop's nitrogen replaces
    ends = [atom for atom in gap.before.atoms if atom.name == "OXT"]
    structure.drop(gap.before, ends, Removal.END_OXYGEN)
    loop = _lay_out(gap, flanks, len(sides[0]), _obstacles(gap, flanks, everything))
    for residue in loop:
        residue.chain = gap.before.chain
    _number(loop, gap.before, gap.after)
    complete_side_chains(structure, loop, everything, report=False)
    structure.note(
        "loop built",
        " ".join(residue.label for residue in loop),
        f"{len(loop)} missing residues between {gap.label}",
    )
    return loop


def _obstacles(gap: Gap, flanks: list[Residue], everything: list[Residue]) -> Residue:
    """Gather atoms near the gap into one residue whose name PDBFixer does not know."""
    ends = cKDTree(np.concatenate([gap.before.positions(), gap.after.positions()]))
    reach = REACH + 1.9 * len(gap.missing)
    known = {id(residue) for residue in flanks}
    atoms = [
        atom
        for residue in everything
        if id(residue) not in known and residue.heavy()
        for atom in residue.heavy()
        if ends.query(atom.xyz)[0] < reach
    ]
    return Residue("", "OBS", 1, "", atoms)


def _lay_out(gap: Gap, flanks: list[Residue], place_: int, obstacles: Residue) -> list[Residue]:
    runs = [flanks, [obstacles]] if obstacles.atoms else [flanks]
    topology, positions = build_topology(runs, heavy_only=True)
    fixer = pdbfixer.PDBFixer(pdbfile=io.StringIO(_STUB))
    fixer.topology, fixer.positions = topology, in_nanometers(positions)
    fixer.sequences, fixer.modifiedResidues = [], []
    fixer.missingResidues = {(0, place_): gap.missing}
    fixer.missingAtoms, fixer.missingTerminals = {}, {}
    with one_thread() as platform:
        fixer.platform = platform
        fixer.addMissingAtoms(seed=SEED)
    found = np.array([[*xyz] for xyz in fixer.positions.value_in_unit(unit.angstrom)])
    residues = list(next(fixer.topology.chains()).residues())
    new = residues[place_ : place_ + len(gap.missing)]
    return [_new_residue(residue, found) for residue in new]


def _new_residue(source: Any, positions: Array) -> Residue:
    atoms = [
        Atom(each.name, each.element.symbol, positions[each.index], added=True)
        for each in source.atoms()
        if each.name in ("N", "CA", "C", "O")
    ]
    return Residue("", source.name, 0, "", atoms, "polymer")


def _number(loop: list[Residue], before: Residue, after: Residue) -> None:
    """Continue the numbers of the residue before a loop, by insertion codes if they do not fit."""
    fits = after.number - before.number - 1 >= len(loop)
    for offset, residue in enumerate(loop):
        if fits:
            residue.number = before.number + 1 + offset
        else:
            residue.number, residue.icode = before.number, chr(ord("A") + offset)
