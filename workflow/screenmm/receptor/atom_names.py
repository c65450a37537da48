"""Atoms and residues under the names that the Protein Data Bank has for them."""

from __future__ import annotations

import numpy as np

from screenmm.receptor.names import (
    ATOM_ALIASES,
    CAPS,
    IONS,
    NUCLEOTIDES,
    PHOSPHATE_ALIASES,
    TERMINAL_ALIASES,
    ion_name,
)
from screenmm.receptor.structure import Residue
from screenmm.residues.synonyms import AMINO_ACIDS, LONE_WATERS, standard_name

MOST_CAP_ATOMS = 3


def residue_type(name: str, heavy_atoms: int) -> tuple[str, str | None]:
    """Standard name of a residue and the variant that its name implies."""
    if heavy_atoms == 1 and ion_name(name) in IONS:
        return ion_name(name), None
    if heavy_atoms == 1 and name in LONE_WATERS:
        return "HOH", None
    standard, variant = standard_name(name)
    if standard in CAPS and heavy_atoms > MOST_CAP_ATOMS:
        # CHES, the buffer, is NHE too
        return name, variant
    return standard, variant


def mend_names(residue: Residue) -> None:
    """Give heavy atoms their PDB names."""
    names = {atom.name for atom in residue.atoms}
    aliases = dict(ATOM_ALIASES.get(residue.name, {}))
    if residue.name in AMINO_ACIDS and ("O" not in names or {"O", "O2"} <= names or "OT2" in names):
        aliases.update(TERMINAL_ALIASES)
    if residue.name in NUCLEOTIDES:
        aliases.update(PHOSPHATE_ALIASES)
    if residue.name in NUCLEOTIDES or {"C1*", "O3*"} <= names:
        aliases.update({name: name.replace("*", "'") for name in names if "*" in name})
    for atom in residue.heavy():
        if atom.name in aliases and aliases[atom.name] not in names:
            atom.name = aliases[atom.name]
    if residue.name in CAPS:
        _mend_cap(residue)
    if residue.name == "HOH":
        _mend_water(residue)


def _mend_water(residue: Residue) -> None:
    """Name a water's atoms O, H1 and H2, whatever a simulation package called them."""
    hydrogens = 0
    for atom in residue.atoms:
        if atom.element == "O":
            atom.name = "O"
        elif atom.element == "H":
            hydrogens += 1
            atom.name = f"H{hydrogens}"


def _mend_cap(residue: Residue) -> None:
    """Name a cap's heavy atoms by what they are bonded to."""
    heavy = residue.heavy()
    carbons = [atom for atom in heavy if atom.element == "C"]
    if residue.name == "ACE" and len(carbons) == 2:
        oxygen = next((atom for atom in heavy if atom.element == "O"), None)
        if oxygen is not None:
            carbons.sort(key=lambda atom: float(np.linalg.norm(atom.xyz - oxygen.xyz)))
            oxygen.name, carbons[0].name, carbons[1].name = "O", "C", "CH3"
    elif residue.name == "NME" and len(carbons) == 1:
        carbons[0].name = "C"
    for atom in heavy:
        if atom.element == "N":
            atom.name = "N"
