"""PoseBusters' checks of a pose, each under its own name.

The checks are those of PoseBusters' ``dock`` configuration, thresholds included:

- loading: ``mol_pred_loaded``, ``mol_cond_loaded``
- chemistry: ``sanitization``, ``inchi_convertible``, ``all_atoms_connected``, ``no_radicals``
- the ligand's geometry: ``bond_lengths``, ``bond_angles``, ``internal_steric_clash``,
  ``aromatic_ring_flatness``, ``non-aromatic_ring_non-flatness``, ``double_bond_flatness``
- its energy against an ensemble of conformers (UFF), 10 by default: ``internal_energy``
- its place: ``protein-ligand_maximum_distance``; ``minimum_distance_to_`` and
  ``volume_overlap_with_`` ``protein``, ``organic_cofactors``, ``inorganic_cofactors`` and
  ``waters``

The receptor is cut to the residues around the ligand: PoseBusters itself looks no further than
6 Å, so that the results are those of the whole receptor.
"""

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import posebusters
import yaml
from rdkit import Chem

from screenmm.inspection.receptor_molecule import ReceptorMolecule

NEAR_ANGSTROM = 8.0
"""Residues that the checks see; PoseBusters looks at atoms within 6 Å of the ligand."""


def new_checker(conformers: int) -> posebusters.PoseBusters:
    """PoseBusters with its ``dock`` configuration.

    Parameters
    ----------
    conformers : int
        Conformers of the ensemble of the internal energy.
    """
    path = Path(posebusters.__file__).parent / "config/dock.yml"
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for module in config["modules"]:
        if module["function"] == "energy_ratio":
            # one thread: the workers are what runs side by side
            module["parameters"].update(ensemble_number_conformations=conformers, num_threads=1)
    return posebusters.PoseBusters(config=config)


def check_pose(
    checker: posebusters.PoseBusters,
    receptor: ReceptorMolecule,
    positions: np.ndarray,
    ligand: Chem.Mol,
) -> dict[str, bool | None]:
    """Run all checks on a pose.

    Parameters
    ----------
    checker : posebusters.PoseBusters
        From :func:`new_checker`.
    receptor : ReceptorMolecule
        The receptor.
    positions : ndarray, shape (N, 3)
        Of the receptor in this pose, Å.
    ligand : rdkit.Chem.Mol
        With hydrogens and one conformer.

    Returns
    -------
    dict
        Name of the check to whether the pose passed it; None where PoseBusters could not tell,
        as without force-field parameters. In PoseBusters' order.
    """
    near = receptor.near(positions, ligand.GetConformer().GetPositions(), NEAR_ANGSTROM)
    pocket = receptor.cut(near, positions)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = checker.bust(copy.copy(ligand), None, pocket)
    row = table.iloc[0]
    return {str(name): None if pd.isna(value) else bool(value) for name, value in row.items()}
