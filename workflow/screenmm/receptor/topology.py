"""Residues to OpenMM topologies and back; the one-thread platform that all of it runs on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import openmm
from openmm import app, unit

from screenmm.receptor.hydrogens import MODIFIED_BONDS
from screenmm.receptor.names import IONS
from screenmm.receptor.structure import Array, Atom, Residue


@contextmanager
def one_thread() -> Iterator[openmm.Platform]:
    """Give the CPU platform with one thread: the same input then gives the same bytes."""
    platform = openmm.Platform.getPlatformByName("CPU")
    before = platform.getPropertyDefaultValue("Threads")
    platform.setPropertyDefaultValue("Threads", "1")
    try:
        yield platform
    finally:
        platform.setPropertyDefaultValue("Threads", before)


def element_of(atom: Atom) -> app.Element:
    """OpenMM's element of an atom."""
    return app.Element.getBySymbol(atom.element)


def build_topology(
    runs: Sequence[Sequence[Residue]], heavy_only: bool = False
) -> tuple[app.Topology, Array]:
    """Topology and positions of residues, one OpenMM chain for each run.

    Standard residues, caps, waters and modified residues get their bonds; nothing else does.

    Parameters
    ----------
    runs : sequence of sequences of Residue
        Residues of a run are linked one to the next where their types allow it.
    heavy_only : bool
        Leave hydrogens out.

    Returns
    -------
    topology : openmm.app.Topology
    positions : ndarray
        Shape (atoms, 3), Å.
    """
    topology = app.Topology()
    positions = []
    for run in runs:
        if not run:
            continue
        chain = topology.addChain(run[0].chain)
        for residue in run:
            placed = topology.addResidue(
                residue.name, chain, str(residue.number), residue.icode or " "
            )
            for atom in residue.heavy() if heavy_only else residue.atoms:
                topology.addAtom(atom.name, element_of(atom), placed)
                positions.append(atom.xyz)
    topology.createStandardBonds()
    _bond_modified(topology)
    return topology, np.array(positions, dtype=float).reshape(-1, 3)


def _bond_modified(topology: app.Topology) -> None:
    for residue in topology.residues():
        if residue.name not in MODIFIED_BONDS:
            continue
        atoms = {atom.name: atom for atom in residue.atoms()}
        present = {
            frozenset((a.index, b.index)) for a, b in topology.bonds() if a.residue is residue
        }
        for one, other in MODIFIED_BONDS[residue.name]:
            if one in atoms and other in atoms:
                pair = frozenset((atoms[one].index, atoms[other].index))
                if pair not in present:
                    topology.addBond(atoms[one], atoms[other])
        _bond_to_previous(topology, residue, atoms)


def _bond_to_previous(
    topology: app.Topology, residue: app.topology.Residue, atoms: dict[str, app.topology.Atom]
) -> None:
    run = list(residue.chain.residues())
    place = run.index(residue)
    if place == 0:
        return
    carbon = next((atom for atom in run[place - 1].atoms() if atom.name == "C"), None)
    bonded = any({a, b} == {carbon, atoms["N"]} for a, b in topology.bonds())
    if carbon is not None and not bonded:
        topology.addBond(carbon, atoms["N"])


def bond_disulfides(topology: app.Topology, pairs: list[tuple[int, int]]) -> None:
    """Bond the SG atoms of pairs of residues, given by index."""
    residues = list(topology.residues())
    for one, other in pairs:
        sulfurs = [
            next(atom for atom in residues[index].atoms() if atom.name == "SG")
            for index in (one, other)
        ]
        topology.addBond(*sulfurs)


def in_nanometers(positions: Array) -> unit.Quantity:
    """Positions in Å as OpenMM's list of vectors."""
    return [openmm.Vec3(*xyz) for xyz in positions / 10.0] * unit.nanometer


def is_ion(residue: app.topology.Residue) -> bool:
    """Whether a residue is a single parametrised ion."""
    return residue.name in IONS and len(list(residue.atoms())) == 1
