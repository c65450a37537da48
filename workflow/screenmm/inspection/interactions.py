"""Interactions of a pose with the residues around it, by ProLIF."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit import Chem

from screenmm.inspection.quiet import Fingerprint, Residue
from screenmm.inspection.receptor_molecule import ReceptorMolecule
from screenmm.residues.filters import KINDS

NEAR_ANGSTROM = 6.5
"""Residues that are looked at: no interaction reaches further than this between two atoms."""

DECIMALS = 3

PROLIF_KINDS = {
    "HBDonor": "hydrogen bond donor",
    "HBAcceptor": "hydrogen bond acceptor",
    "Cationic": "salt bridge",
    "Anionic": "salt bridge",
    "PiStacking": "pi stacking",
    "CationPi": "cation-pi",
    "PiCation": "pi-cation",
    "XBDonor": "halogen bond",
    "XBAcceptor": "halogen bond",
    "MetalAcceptor": "metal",
    "MetalDonor": "metal",
    "Hydrophobic": "hydrophobic",
    "VdWContact": "van der Waals",
}
"""ProLIF's interactions, and what they are called here. Words name the ligand's part: it is the
donor of a "hydrogen bond donor", the cation of a "cation-pi"."""

CLOSEST_ONLY = frozenset(("hydrophobic", "van der Waals"))
"""Kinds of which each residue has one row: many pairs of atoms make one contact."""


@dataclass(frozen=True)
class Interaction:
    """One interaction of a ligand with a residue.

    Parameters
    ----------
    residue : str
        Label, as ``A:MET:96``.
    kind : str
        Value of :data:`PROLIF_KINDS`.
    distance_angstrom : float
        Of the two atoms, or of ring centres, as ProLIF defines it for the kind.
    ligand_atoms : tuple of int
        Atoms of the ligand, counted from 0 in the order of its SD record.
    """

    residue: str
    kind: str
    distance_angstrom: float
    ligand_atoms: tuple[int, ...]


def new_fingerprint() -> Fingerprint:
    """ProLIF's fingerprint of all kinds, every pair of atoms.

    Its default definitions; van der Waals radii are RDKit's, which knows every element.
    """
    return Fingerprint(
        list(PROLIF_KINDS), parameters={"VdWContact": {"preset": "rdkit"}}, count=True
    )


def find_interactions(
    fingerprint: Fingerprint, receptor: ReceptorMolecule, positions: np.ndarray, ligand: Chem.Mol
) -> list[Interaction]:
    """Interactions of a pose.

    Parameters
    ----------
    fingerprint : prolif.Fingerprint
        From :func:`new_fingerprint`.
    receptor : ReceptorMolecule
        Waters, metals, cofactors and caps take part.
    positions : ndarray, shape (N, 3)
        Of the receptor in this pose, Å.
    ligand : rdkit.Chem.Mol
        With hydrogens and one conformer.

    Returns
    -------
    list of Interaction
        By residue, in the receptor's order, then by kind, in the order of :data:`PROLIF_KINDS`, the
        closest first.
    """
    lone = _as_residue(ligand)
    found: list[Interaction] = []
    for index in receptor.near(positions, lone.xyz, NEAR_ANGSTROM):
        residue = receptor.residues[index]
        residue.GetConformer().SetPositions(
            np.ascontiguousarray(positions[receptor.atoms[index]], dtype=float)
        )
        data = fingerprint.metadata(lone, residue)
        found += _of_residue(receptor.labels[index], data)
    return found


def _as_residue(ligand: Chem.Mol) -> Residue:
    named = Chem.Mol(ligand)
    info = Chem.AtomPDBResidueInfo(" X  ", residueName="LIG", residueNumber=0)
    for atom in named.GetAtoms():
        atom.SetMonomerInfo(info)
        atom.SetUnsignedProp("mapindex", atom.GetIdx())
    return Residue(named)


def _of_residue(label: str, data: Any) -> list[Interaction]:
    """Rows of one residue: of each kind and set of ligand atoms the closest."""
    best: dict[tuple[str, tuple[int, ...]], float] = {}
    for name, kind in PROLIF_KINDS.items():
        for each in data.get(name, ()):
            atoms = tuple(sorted(int(atom) for atom in each["indices"]["ligand"]))
            distance = round(float(each["distance"]), DECIMALS)
            best[kind, atoms] = min(distance, best.get((kind, atoms), np.inf))
    rows = []
    for kind in KINDS:
        of_kind = sorted((d, atoms) for (k, atoms), d in best.items() if k == kind)
        kept = of_kind[:1] if kind in CLOSEST_ONLY else of_kind
        rows += [Interaction(label, kind, distance, atoms) for distance, atoms in kept]
    return rows
