"""The force field of everything but cofactors and ligands: ff14SB, TIP3P, 12-6 ions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import openmm
import openmmforcefields
from openmm import app

from screenmm.core.errors import MACHINE_FAULTS, ReceptorError
from screenmm.receptor.names import IONS, NUCLEOTIDES, PHOSPHO

PROTEIN = ("amber14/protein.ff14SB.xml",)
WATER_AND_IONS = ("amber14/tip3p.xml",)
NUCLEIC = ("amber14/DNA.OL15.xml", "amber14/RNA.OL3.xml")
# phosaa14SB names its atom types after this conversion of ff14SB, not after OpenMM's own;
# both are Amber's ff14SB and give the same energies
_AMBER = Path(openmmforcefields.__file__).parent / "ffxml" / "amber"
PROTEIN_WITH_PHOSPHO = (str(_AMBER / "ff14SB.xml"), str(_AMBER / "phosaa14SB.xml"))

REMEDIES = (
    "take it out (receptors.<name>.remove), choose other chains (receptors.<name>.chains), "
    "declare an organic molecule as a cofactor with smiles, sdf or ccd, or mend the residue "
    "in the file"
)


def residue_label(residue: app.topology.Residue) -> str:
    """``chain:name:number`` of a topology's residue, without the chain where it is blank."""
    place = f"{residue.name}:{residue.id}{residue.insertionCode.strip()}"
    return f"{residue.chain.id}:{place}" if residue.chain.id.strip() else place


@lru_cache(maxsize=4)
def _load(files: tuple[str, ...]) -> app.ForceField:
    return app.ForceField(*files)


def force_field(names: set[str]) -> app.ForceField:
    """Force field for a set of residue names; only the files they need are read.

    Parameters
    ----------
    names : set of str
        Residue names that occur.
    """
    protein = PROTEIN_WITH_PHOSPHO if names & PHOSPHO else PROTEIN
    nucleic = NUCLEIC if names & NUCLEOTIDES else ()
    return _load((*protein, *nucleic, *WATER_AND_IONS))


def polymer_system(topology: app.Topology) -> openmm.System:
    """Parametrise polymer, waters and ions, without cofactors.

    ff14SB, TIP3P, the 12-6 ions of Joung and Cheatham and of Li and Merz, phosaa14SB for
    phosphorylated residues, OL15 and OL3 for nucleic acids. No cutoff, no constraints,
    flexible water.

    Parameters
    ----------
    topology : openmm.app.Topology
        With all hydrogens and bonds, without cofactors.

    Returns
    -------
    openmm.System

    Raises
    ------
    ReceptorError
        A residue matches no template; the message names it and the remedies.
    """
    return build_system(topology, nonbondedMethod=app.NoCutoff)


def build_system(
    topology: app.Topology,
    *,
    templates: Mapping[app.topology.Residue, str] | None = None,
    **options: object,
) -> openmm.System:
    """Parametrise as :func:`polymer_system` does, with other options of the force field.

    Parameters
    ----------
    topology : openmm.app.Topology
    templates : mapping of openmm.app.topology.Residue to str, optional
        Templates of residues that more than one fits, beside those of ions.
    **options
        As ``openmm.app.ForceField.createSystem`` takes them.

    Raises
    ------
    ReceptorError
        A residue matches no template.
    """
    residues = list(topology.residues())
    field = force_field({residue.name for residue in residues})
    try:
        return field.createSystem(
            topology,
            constraints=None,
            rigidWater=False,
            removeCMMotion=False,
            residueTemplates={**_ion_templates(residues), **(templates or {})},
            **options,
        )
    except MACHINE_FAULTS:
        raise
    except Exception as error:  # OpenMM raises bare Exception for a template that was named
        raise ReceptorError(_explain(residues, str(error))) from error


def _ion_templates(residues: list[app.topology.Residue]) -> dict[app.topology.Residue, str]:
    """Template of each ion by its name: iron and chromium have two charges each."""
    templates = {}
    for residue in residues:
        if len(list(residue.atoms())) == 1 and residue.name in IONS:
            templates[residue] = IONS[residue.name]
    return templates


def _explain(residues: list[app.topology.Residue], message: str) -> str:
    found = re.search(r"residue (\d+) \(", message)
    if found is None:
        return f"the force field cannot be applied: {message}. Remedies: {REMEDIES}"
    label = residue_label(residues[int(found.group(1))])
    detail = re.sub(r"^No template found for residue \d+ \([^)]*\)\.\s*", "", message)
    detail = re.sub(r"\s*For more information, see \S+", "", detail).strip()
    return f"{label} has no force-field parameters: {detail} Remedies: {REMEDIES}"
