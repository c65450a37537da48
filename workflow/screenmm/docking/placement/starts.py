"""Starts of a placement: fresh conformers whose core lies on a template's.

Conformers are made by ETKDG [1]_ with the core's distances given, laid on the template's core,
and relaxed by MMFF94s with the core tied to its place.

References
----------
.. [1] S. Wang et al., J. Chem. Inf. Model. 60, 2044 (2020).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers, rdMolAlign
from rdkit.Geometry import Point3D

from screenmm.ligands.conformers import has_stereo_of

CONFORMERS = 20
"""Conformers that are tried for each way in which the core lies on the template."""

MOST_CORE_RMSD_ANGSTROM = 1.0
"""A conformer whose core is farther from the template's does not fit it: a stereocentre of the
other hand, a ring of another pucker."""

TIE_KCAL_MOL_ANGSTROM2 = 50.0
RELAXATION_STEPS = 200


def starts(
    mol: Chem.Mol, template: Chem.Mol, core: dict[int, int], seed: int, conformers: int = CONFORMERS
) -> list[Chem.Mol]:
    """Fresh conformers whose core lies on the template's, with the right stereochemistry.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens; its own coordinates are not used.
    template : rdkit.Chem.Mol
        With one conformer in the receptor's frame, Å.
    core : dict
        Atom of ``mol`` to the template's.
    seed : int
        Of the embedding.
    conformers : int
        How many are tried.
    """
    places = template.GetConformer().GetPositions()[list(core.values())]
    fresh = Chem.Mol(mol)
    fresh.RemoveAllConformers()
    found = []
    with rdBase.BlockLogs():
        for number in _embedded(fresh, dict(zip(core, places, strict=True)), seed, conformers):
            if not has_stereo_of(fresh, number):
                continue
            rdMolAlign.AlignMol(fresh, template, prbCid=number, atomMap=list(core.items()))
            single = Chem.Mol(fresh, confId=number)
            single.GetConformer().SetId(0)
            _relax(single, dict(zip(core, places, strict=True)))
            if core_rmsd_angstrom(single, template, core) <= MOST_CORE_RMSD_ANGSTROM:
                found.append(single)
    return found


def core_rmsd_angstrom(mol: Chem.Mol, template: Chem.Mol, core: dict[int, int]) -> float:
    """RMSD of a core to the template's, in place, Å."""
    own = mol.GetConformer().GetPositions()[list(core)]
    away = own - template.GetConformer().GetPositions()[list(core.values())]
    return float(np.sqrt((away**2).sum(axis=1).mean()))


def _embedded(
    mol: Chem.Mol, core: dict[int, NDArray[np.float64]], seed: int, conformers: int
) -> list[int]:
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = seed
    parameters.numThreads = 1
    parameters.useRandomCoords = True
    parameters.maxIterations = 20
    parameters.SetCoordMap({atom: Point3D(*place) for atom, place in core.items()})
    try:
        return list(rdDistGeom.EmbedMultipleConfs(mol, conformers, parameters))
    except RuntimeError:  # an invariant of the distance geometry: no conformer
        return []


def _relax(mol: Chem.Mol, core: dict[int, NDArray[np.float64]]) -> None:
    """Minimise in place; the core is tied to its places, where it fits them."""
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol, mmffVariant="MMFF94s")
    if properties is None:
        field = rdForceFieldHelpers.UFFGetMoleculeForceField(mol)
    else:
        field = rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, properties)
    field.Initialize()
    for atom, place in core.items():
        point = field.AddExtraPoint(*map(float, place), fixed=True) - 1
        field.AddDistanceConstraint(point, atom, 0.0, 0.0, TIE_KCAL_MOL_ANGSTROM2)
    field.Initialize()
    field.Minimize(maxIts=RELAXATION_STEPS)
