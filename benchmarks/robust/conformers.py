"""Energies in solvent of each ligand's conformers: a reference that no preparer decides.

The strain of the product is the bound conformer's energy above its nearest minimum, which is
another minimum for another preparer's pose. The lowest of several fresh conformers is the
same for both.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from protocols import STRAIN, free_of, internal
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers
from screens import rows_of

from robust.series import PREPARERS, Posed, ligands_of, structure_of
from robust.store import append, done_of, rounded
from screenmm.core.errors import LigandError
from screenmm.core.seeds import seed_for
from screenmm.core.units import ANGSTROM_PER_NM, KJ_PER_KCAL
from screenmm.ligands.conformers import DIELECTRIC, has_stereo_of

PARTS = tuple(name.removeprefix("strain_") for name in STRAIN)
EMBEDDED, KEPT = 30, 4
"""Conformers made, and those lowest in MMFF94s energy that are minimised in solvent."""

SEED = 1
KEY = ("series", "ligand", "conformer")


def fresh(mol: Chem.Mol) -> list[np.ndarray]:
    """Coordinates of the lowest conformers in MMFF94s at water's dielectric, Å, lowest first."""
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = seed_for(SEED, "free", structure_of(mol))
    parameters.numThreads = 1
    copy = Chem.Mol(mol)
    numbers = list(rdDistGeom.EmbedMultipleConfs(copy, EMBEDDED, parameters))
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(copy, mmffVariant="MMFF94s")
    properties.SetMMFFDielectricConstant(DIELECTRIC)
    found = []
    for number in numbers:
        if has_stereo_of(copy, number):
            field = rdForceFieldHelpers.MMFFGetMoleculeForceField(copy, properties, confId=number)
            field.Minimize(maxIts=500)
            found.append((field.CalcEnergy(), number))
    return [copy.GetConformer(number).GetPositions() for _, number in sorted(found)[:KEPT]]


def run_free(work: Path, series: str, wanted: set[str]) -> None:
    """Terms of the conformers of a series' ligands of these names."""
    path = work / "terms/free.csv"
    done = done_of(path, KEY)
    for posed in ligands_of(work, PREPARERS[0], series):
        name = posed.ligand.name
        if name not in wanted or (series, name, str(KEPT - 1)) in done:
            continue
        places = fresh(posed.mol)
        for number in range(KEPT):
            row: dict[str, Any] = {"series": series, "ligand": name, "conformer": number}
            if (series, name, str(number)) not in done:
                at = places[number] if number < len(places) else None
                append(path, (*KEY, *PARTS, "failure"), row | energies(posed, at))


def energies(posed: Posed, angstrom: np.ndarray | None) -> dict[str, Any]:
    """Terms of one conformer minimised in solvent, kcal/mol."""
    if angstrom is None:
        return {"failure": f"no more than that of {EMBEDDED} conformers have the stereochemistry"}
    ligand = posed.ligand
    try:
        free = free_of(ligand.pose.parameters, angstrom / ANGSTROM_PER_NM, 1.0)
    except LigandError as error:
        return {"failure": " ".join(str(error).split())}
    values = internal(ligand.pose.parameters, free, ligand.gbn2) / KJ_PER_KCAL
    return rounded(dict(zip(PARTS, values.tolist(), strict=True)))


def free_energies(work: Path, series: str) -> dict[str, dict[str, np.ndarray]]:
    """Terms of each ligand's conformers, kcal/mol; NaN for one that failed."""
    path = work / "terms/free.csv"
    by_ligand: dict[str, list[dict[str, str]]] = {}
    for row in rows_of(path) if path.exists() else []:
        if row["series"] == series:
            by_ligand.setdefault(row["ligand"], []).append(row)
    return {
        name: {part: np.array([float(row[part] or "nan") for row in rows]) for part in PARTS}
        for name, rows in by_ligand.items()
    }
