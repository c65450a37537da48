"""A prepared receptor with its force field's parameters."""

from __future__ import annotations

import numpy as np
from rdkit import Chem

from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters, extract, join
from screenmm.receptor.forcefield import polymer_system, residue_label
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.prepare import PreparedReceptor


def receptor_model(prepared: PreparedReceptor) -> ReceptorModel:
    """Parametrise polymer, waters and ions by templates and cofactors like ligands.

    Cofactors come last in the topology, so the parts are joined in order.
    """
    parts: list[Parameters] = []
    cofactor_atoms = {i for cofactor in prepared.cofactors for i in cofactor.atom_indices}
    n_polymer = prepared.topology.getNumAtoms() - len(cofactor_atoms)
    polymer, _ = prepared.polymer()
    parts.append(extract(polymer_system(polymer), polymer))
    for cofactor in prepared.cofactors:
        order = np.argsort(cofactor.atom_indices)
        mol = Chem.RenumberAtoms(cofactor.mol, order.tolist())
        parts.append(ligand_parameters(mol))
    expected = sorted(cofactor_atoms)
    if expected != list(range(n_polymer, prepared.topology.getNumAtoms())):
        raise RuntimeError("cofactors must come last in the receptor's topology")
    labels = [residue_label(residue) for residue in prepared.topology.residues()]
    return ReceptorModel(
        join(parts),
        np.asarray(prepared.positions_angstrom, dtype=float),
        np.array([atom.residue.index for atom in prepared.topology.atoms()], dtype=np.int32),
        np.array(labels),
    )
