"""Missing heavy atoms and short loops, by PDBFixer."""

from __future__ import annotations

import io

import numpy as np
import pdbfixer

from screenmm.receptor.chains import Segment
from screenmm.receptor.sidechains import complete_side_chains
from screenmm.receptor.structure import Array, Atom, Residue, Structure
from screenmm.receptor.topology import build_topology, in_nanometers, one_thread

_STUB = "ATOM      1  N   GLY A   1       0.000   0.000   0.000  1.00  0.00           N\nEND\n"
SEED = 1
Run = list[Segment]


def rebuild(
    structure: Structure,
    segments: list[Segment],
    obstacles: list[Residue],
    max_loop: int,
    unbuildable: frozenset[str] = frozenset(),
) -> tuple[list[Segment], list[Residue]]:
    """Add missing heavy atoms, terminal oxygens and loops; nothing observed moves.

    Parameters
    ----------
    structure : Structure
        Receives the report of what was added.
    segments : list of Segment
        Polymer; residues gain atoms in place.
    obstacles : list of Residue
        Molecules that new atoms avoid.
    max_loop : int
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
    runs = _runs(segments, max_loop, unbuildable)
    fixer = _fixer(runs, obstacles)
    fixer.missingResidues = _missing_residues(runs)
    fixer.findMissingAtoms()
    with one_thread() as platform:
        fixer.platform = platform
        fixer.addMissingAtoms(seed=SEED)
    joined, loops = _collect(structure, runs, fixer)
    polymer = [residue for segment in joined for residue in segment.residues]
    complete_side_chains(structure, loops, [*polymer, *obstacles], report=False)
    return joined, loops


def _runs(segments: list[Segment], max_loop: int, unbuildable: frozenset[str]) -> list[Run]:
    runs: list[Run] = [[]]
    for segment in segments:
        runs[-1].append(segment)
        gap = segment.gap
        if gap is None or gap.label in unbuildable or not gap.can_be_built(max_loop):
            runs.append([])
    return [run for run in runs if run]


def _fixer(runs: list[Run], obstacles: list[Residue]) -> pdbfixer.PDBFixer:
    # an unknown name keeps PDBFixer from completing what is only in the way
    blocks = [
        Residue("", "OBS", number, "", residue.heavy())
        for number, residue in enumerate(obstacles, start=1)
    ]
    chains = [[residue for segment in run for residue in segment.residues] for run in runs]
    topology, positions = build_topology([*chains, blocks], heavy_only=True)
    fixer = pdbfixer.PDBFixer(pdbfile=io.StringIO(_STUB))
    fixer.topology, fixer.positions = topology, in_nanometers(positions)
    fixer.sequences, fixer.modifiedResidues = [], []
    return fixer


def _missing_residues(runs: list[Run]) -> dict[tuple[int, int], list[str]]:
    missing = {}
    for index, run in enumerate(runs):
        place = 0
        for segment in run[:-1]:
            place += len(segment.residues)
            assert segment.gap is not None  # segments of one run are joined over gaps
            missing[(index, place)] = segment.gap.missing
    return missing


def _collect(
    structure: Structure, runs: list[Run], fixer: pdbfixer.PDBFixer
) -> tuple[list[Segment], list[Residue]]:
    positions = fixer.positions.value_in_unit(pdbfixer.pdbfixer.unit.angstrom)
    chains = list(fixer.topology.chains())
    segments: list[Segment] = []
    built: list[Residue] = []
    for run, chain in zip(runs, chains, strict=False):
        new = iter(chain.residues())
        joined: list[Residue] = []
        for segment in run:
            for residue in segment.residues:
                _complete(structure, residue, next(new), positions)
            joined += segment.residues
            if segment is not run[-1]:
                assert segment.gap is not None  # segments of one run are joined over gaps
                loop = [_new_residue(segment.chain, next(new), positions)
                        for _ in segment.gap.missing]  # fmt: skip
                _number(loop, segment.gap.before, segment.gap.after)
                joined += loop
                built += loop
                structure.note(
                    "loop built",
                    " ".join(residue.label for residue in loop),
                    f"{len(loop)} missing residues between {segment.gap.label}",
                )
        segments.append(Segment(joined, run[-1].gap, run[0].starts_after_gap))
    return segments, built


def _complete(structure: Structure, residue: Residue, source: object, positions: Array) -> None:
    atoms = {atom.name: atom for atom in source.atoms()}  # type: ignore[attr-defined]
    have = {atom.name for atom in residue.heavy()}
    residue.atoms = [atom for atom in residue.atoms if atom.element == "H" or atom.name in atoms]
    added = [name for name in atoms if name not in have]
    for name in added:
        atom = atoms[name]
        residue.atoms.append(_atom(name, atom, positions))
    if added:
        structure.note("atoms added", residue, f"heavy atoms {' '.join(added)}")


def _atom(name: str, source: object, positions: Array) -> Atom:
    index, element = source.index, source.element  # type: ignore[attr-defined]
    return Atom(name, element.symbol, np.array([*positions[index]], dtype=float), added=True)


def _new_residue(chain: str, source: object, positions: Array) -> Residue:
    # PDBFixer's side chains of loops are often D: only its backbone is taken
    atoms = [
        _atom(each.name, each, positions)
        for each in source.atoms()  # type: ignore[attr-defined]
        if each.name in ("N", "CA", "C", "O")
    ]
    return Residue(chain, source.name, 0, "", atoms, "polymer")  # type: ignore[attr-defined]


def _number(loop: list[Residue], before: Residue, after: Residue) -> None:
    """Continue the numbers of the residue before a loop, by insertion codes if they do not fit."""
    fits = after.number - before.number - 1 >= len(loop)
    for offset, residue in enumerate(loop):
        if fits:
            residue.number = before.number + 1 + offset
        else:
            residue.number, residue.icode = before.number, chr(ord("A") + offset)
