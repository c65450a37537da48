"""PDBQT, the input format of Vina-like engines: receptors written, ligands converted.

Receptors are typed from the prepared topology (all hydrogens are there), ligands by
Meeko [1]_, which also maps docked coordinates back onto the molecule with all its
hydrogens.

References
----------
.. [1] D. Santos-Martins et al., Meeko, https://github.com/forlilab/Meeko
"""

from __future__ import annotations

import contextlib
import io
import logging
from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason, ReceptorError

if TYPE_CHECKING:
    from openmm.app import Atom, Topology

AROMATIC_CARBONS = {
    "PHE": {"CG", "CD1", "CD2", "CE1", "CE2", "CZ"},
    "TYR": {"CG", "CD1", "CD2", "CE1", "CE2", "CZ"},
    "PTR": {"CG", "CD1", "CD2", "CE1", "CE2", "CZ"},
    "TRP": {"CG", "CD1", "CD2", "CE2", "CE3", "CZ2", "CZ3", "CH2"},
    "HIS": {"CG", "CD2", "CE1"},
}
"""Aromatic ring carbons of the amino acids; every histidine state is called HIS."""

HISTIDINES = {"HID", "HIE", "HIP", "HIN"}
NO_MAPPING = "the docked pose does not map onto the molecule"
CROP_ANGSTROM = 16.0
"""Receptor residues farther than this from the box feel no ligand: Vina's cutoff is 8 Å."""


def _receptor_type(atom: Atom, neighbours: list[Atom]) -> str | None:
    """AutoDock type of a receptor atom; None for a hydrogen merged into its carbon."""
    symbol = atom.element.symbol if atom.element is not None else ""
    residue = "HIS" if atom.residue.name in HISTIDINES else atom.residue.name
    if symbol == "H":
        on_carbon = any(n.element is not None and n.element.symbol == "C" for n in neighbours)
        return None if on_carbon else "HD"
    if symbol == "C":
        return "A" if atom.name in AROMATIC_CARBONS.get(residue, ()) else "C"
    if symbol == "N":
        bare = not any(n.element is not None and n.element.symbol == "H" for n in neighbours)
        return "NA" if bare and residue == "HIS" else "N"
    return {"O": "OA", "S": "SA", "Se": "SA"}.get(symbol, symbol)


def _cofactor_types(mol: Chem.Mol) -> list[str | None]:
    """AutoDock types of a cofactor's atoms, by aromaticity and lone pairs."""
    types: list[str | None] = []
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol()
        if symbol == "H":
            on_carbon = any(n.GetSymbol() == "C" for n in atom.GetNeighbors())
            types.append(None if on_carbon else "HD")
        elif symbol == "C":
            types.append("A" if atom.GetIsAromatic() else "C")
        elif symbol == "N":
            accepts = atom.GetIsAromatic() and atom.GetDegree() == 2
            types.append("NA" if accepts else "N")
        else:
            types.append({"O": "OA", "S": "SA"}.get(symbol, symbol))
    return types


def receptor_pdbqt(
    topology: Topology,
    positions_angstrom: np.ndarray,
    cofactors: list[tuple[Chem.Mol, list[int]]],
    center: tuple[float, float, float],
    size: tuple[float, float, float],
) -> str:
    """Write the part of a receptor that a ligand in the box can feel.

    Parameters
    ----------
    topology : openmm.app.Topology
        Prepared receptor, all hydrogens.
    positions_angstrom : ndarray, shape (N, 3)
        Coordinates, Å.
    cofactors : list of (rdkit.Chem.Mol, list of int)
        Cofactor molecules with the topology index of each of their atoms.
    center, size : tuple of float
        The docking box, Å.

    Returns
    -------
    str
        PDBQT text of a rigid receptor; charges are zero, as Vina and Vinardo ignore them.
    """
    neighbours: dict[int, list[Atom]] = {atom.index: [] for atom in topology.atoms()}
    for first, second in topology.bonds():
        neighbours[first.index].append(second)
        neighbours[second.index].append(first)
    cofactor_types = {
        index: kind
        for mol, indices in cofactors
        for index, kind in zip(indices, _cofactor_types(mol), strict=True)
    }
    outside = np.abs(positions_angstrom - np.asarray(center)) - np.asarray(size) / 2
    near = np.linalg.norm(np.maximum(outside, 0), axis=1) <= CROP_ANGSTROM
    lines: list[str] = []
    for residue in topology.residues():
        atoms = list(residue.atoms())
        if not any(near[atom.index] for atom in atoms):
            continue
        for atom in atoms:
            kind = (
                cofactor_types[atom.index]
                if atom.index in cofactor_types
                else _receptor_type(atom, neighbours[atom.index])
            )
            if kind is not None:
                serial = len(lines) + 1
                lines.append(_pdbqt_line(serial, atom, positions_angstrom[atom.index], kind))
    return "\n".join(lines) + "\n"


def _pdbqt_line(serial: int, atom: Atom, xyz: np.ndarray, kind: str) -> str:
    residue = atom.residue
    name = atom.name if len(atom.name) >= 4 else f" {atom.name:<3s}"
    number = residue.id if residue.id.lstrip("-").isdigit() else "1"
    chain, insertion = (residue.chain.id or "A")[0], (residue.insertionCode or " ")[0]
    return (
        f"ATOM  {serial % 100000:5d} {name[:4]:<4s} {residue.name[:3]:>3s} "
        f"{chain}{int(number) % 10000:4d}{insertion}   "
        f"{_place(xyz)}  1.00  0.00    {0.0:+6.3f} {kind:<2s}"
    )


def _place(xyz: np.ndarray) -> str:
    """Coordinates as they stand in columns 31 to 54."""
    return f"{xyz[0]:8.3f}{xyz[1]:8.3f}{xyz[2]:8.3f}"


class ReceptorPdbqt:
    """A receptor's PDBQT, to be written with its atoms elsewhere.

    Parameters
    ----------
    text : str
        From :func:`receptor_pdbqt`.
    positions_angstrom : ndarray, shape (N, 3)
        Coordinates that it was written with, of all atoms, Å.

    Raises
    ------
    ReceptorError
        The two do not belong together.
    """

    def __init__(self, text: str, positions_angstrom: np.ndarray) -> None:
        atoms = {_place(xyz): index for index, xyz in enumerate(positions_angstrom)}
        self._lines = text.splitlines()
        try:
            self._atoms = [atoms[line[30:54]] for line in self._lines]
        except KeyError as error:
            raise ReceptorError(
                f"the receptor's PDBQT has an atom at {error}, where the prepared receptor has "
                "none: prepare the receptor again"
            ) from None

    def at(self, positions_angstrom: np.ndarray) -> str:
        """Write it with all atoms at other places.

        Parameters
        ----------
        positions_angstrom : ndarray, shape (N, 3)
            Coordinates, Å.
        """
        return "".join(
            f"{line[:30]}{_place(positions_angstrom[atom])}{line[54:]}\n"
            for line, atom in zip(self._lines, self._atoms, strict=True)
        )


def ligand_pdbqt(mol: Chem.Mol, *, rigid_rings: bool = False) -> str:
    """Convert a state to a flexible PDBQT ligand with Meeko.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens, one conformer.
    rigid_rings : bool
        Open no macrocycle, and say which atom each line is of.

    Raises
    ------
    LigandError
        Meeko cannot type or break up the molecule.
    """
    from meeko import MoleculePreparation, PDBQTWriterLegacy  # noqa: PLC0415  (heavy import)

    logging.getLogger("meeko").setLevel(logging.ERROR)
    noise = io.StringIO()
    with contextlib.redirect_stdout(noise), contextlib.redirect_stderr(noise):
        try:
            setups = MoleculePreparation(rigid_macrocycles=rigid_rings).prepare(mol)
            text, ok, message = PDBQTWriterLegacy.write_string(setups[0], add_index_map=rigid_rings)
        except (RuntimeError, ValueError, KeyError) as error:
            raise LigandError(Reason.DOCKING_FAILED, f"Meeko: {error}") from error
    if not ok:
        raise LigandError(Reason.DOCKING_FAILED, f"Meeko: {message.strip()}")
    return text


def poses_from_pdbqt(mol: Chem.Mol, pdbqt_models: list[str]) -> list[Chem.Mol]:
    """Put docked coordinates back onto the molecule, hydrogens included.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        The state that was docked, all hydrogens.
    pdbqt_models : list of str
        One PDBQT model per pose, with Meeko's SMILES remarks.

    Returns
    -------
    list of rdkit.Chem.Mol
        ``mol`` with the coordinates of each pose, in order.

    Raises
    ------
    LigandError
        The docked atoms do not map onto the molecule.
    """
    from meeko import PDBQTMolecule, RDKitMolCreate  # noqa: PLC0415  (heavy import)

    poses = []
    for model in pdbqt_models:
        docked = RDKitMolCreate.from_pdbqt_mol(PDBQTMolecule(model, skip_typing=True))[0]
        if docked is None or docked.GetNumAtoms() != mol.GetNumAtoms():
            raise LigandError(Reason.DOCKING_FAILED, NO_MAPPING)
        match = docked.GetSubstructMatch(mol, useChirality=True)
        if len(match) != mol.GetNumAtoms():
            raise LigandError(Reason.DOCKING_FAILED, NO_MAPPING)
        pose = Chem.Mol(mol)
        conformer = pose.GetConformer()
        coordinates = docked.GetConformer().GetPositions()
        for index, other in enumerate(match):
            conformer.SetAtomPosition(index, coordinates[other].tolist())
        poses.append(pose)
    return poses
