"""The reference ligand, made ready like any ligand of the library."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import AllChem

from screenmm.config.settings import Controls, Ligands, Pocket
from screenmm.core.deadline import deadline
from screenmm.core.errors import LigandError, Reason
from screenmm.files.whole import read_text
from screenmm.library.readers import MOLBLOCK
from screenmm.library.standardise import standardise
from screenmm.ligands.prepare import State, prepare_ligand
from screenmm.receptor.ligand_file import (
    FITTED_TO,
    read_molecule,
    read_molecules,
    skeleton_smiles,
)
from screenmm.redocking.rmsd import skeleton
from screenmm.run.receptor_folder import ReceptorFolder


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference ligand.

    Parameters
    ----------
    posed : rdkit.Chem.Mol
        As it lies in the structure: what poses are compared with.
    state : State
        What is docked: the first state that the library's preparation makes of it, with a
        conformer of its own.
    """

    posed: Chem.Mol
    state: State


def mol_block(mol: Chem.Mol) -> str:
    """Mol block of a posed molecule; no bond is drawn as wedged."""
    block: str = Chem.MolToMolBlock(mol, includeStereo=False)
    return block


def is_sane(block: str) -> bool:
    """Whether RDKit accepts the valences and rings of a mol block."""
    with rdBase.BlockLogs():
        return Chem.MolFromMolBlock(block) is not None


def with_bond_orders(posed: Chem.Mol, template: Chem.Mol) -> Chem.Mol:
    """Give a molecule of which only positions and connections are known its bond orders.

    Parameters
    ----------
    posed : rdkit.Chem.Mol
        With one conformer, Å.
    template : rdkit.Chem.Mol
        The same molecule with its bond orders.

    Raises
    ------
    LigandError
        They are not the same molecule (reason ``invalid_structure``).
    """
    plain, orders = skeleton(posed), Chem.RemoveHs(template)
    for atom in plain.GetAtoms():
        atom.SetNoImplicit(False)  # the hydrogens that the template has are to come
    counts = f"{orders.GetNumAtoms()} and {plain.GetNumAtoms()} heavy atoms"
    try:
        with rdBase.BlockLogs():
            if orders.GetNumAtoms() != plain.GetNumAtoms():
                raise ValueError(counts)
            found = AllChem.AssignBondOrdersFromTemplate(orders, plain)
    except (ValueError, RuntimeError) as error:
        raise LigandError(
            Reason.INVALID_STRUCTURE,
            f"the bond orders given under controls do not fit the pocket's ligand ({counts}): "
            "give the same molecule, whole, as controls.reference_smiles or controls.reference",
        ) from error
    Chem.AssignStereochemistryFrom3D(found)
    return found


def check_in_box(posed: Chem.Mol, box: dict[str, Any]) -> None:
    """Check that a ligand given apart from its pocket lies where is docked.

    Parameters
    ----------
    posed : rdkit.Chem.Mol
        With one conformer, Å.
    box : dict
        ``center_angstrom`` and ``size_angstrom``.

    Raises
    ------
    LigandError
        Its centre lies outside (reason ``pose_outside_pocket``).
    """
    middle = skeleton(posed).GetConformer().GetPositions().mean(axis=0)
    center, size = (np.array(box[key]) for key in ("center_angstrom", "size_angstrom"))
    beyond = float((np.abs(middle - center) - size / 2).max())
    if beyond > 0:
        raise LigandError(
            Reason.POSE_OUTSIDE_POCKET,
            f"the centre of controls.reference lies {beyond:.1f} Å outside the box: give it in "
            "the receptor's frame, or mend the pocket",
        )


def prepare_reference(block: str, run_seed: int, settings: Ligands) -> Reference:
    """Standardise a reference ligand and make the state of it that is docked.

    Parameters
    ----------
    block : str
        Mol block of the ligand as it lies in the structure. Of several components the
        largest organic one is taken.
    run_seed : int
        The run's seed.
    settings : Ligands
        Enumeration and embedding of the library.

    Raises
    ------
    LigandError
        With the reason why there is no such state.
    """
    with deadline(settings.time_limit_s, "preparing the reference ligand"):
        parent = standardise(block, MOLBLOCK, settings, keep_pose=True)
        if parent.pose_molblock is None:
            raise LigandError(Reason.MISSING_POSE, "the reference ligand has no 3D coordinates")
        one = settings.model_copy(update={"max_states": 1})
        made = prepare_ligand(parent.inchikey, parent.smiles, None, run_seed, one)
    if not made.states:
        raise made.failures[0][1]
    with rdBase.BlockLogs():
        posed = Chem.MolFromMolBlock(parent.pose_molblock, removeHs=False)
    return Reference(posed, made.states[0])


def reference_block(receptor: Path, pocket: Pocket, controls: Controls) -> str:
    """Mol block of the reference ligand with bond orders, as it lies in the structure.

    Raises
    ------
    LigandError
        The bond orders given do not fit, or the ligand given lies elsewhere.
    """
    home = ReceptorFolder(receptor)
    text = read_text(home.reference_ligand)
    template = _template(controls)
    if text and pocket.has_bond_orders and is_sane(text):
        return text
    if template is None:
        raise LigandError(
            Reason.INVALID_STRUCTURE,
            f"{pocket.ligand_name}: RDKit does not accept its bonds; give them as "
            "controls.reference_smiles, or as controls.reference, a file of the same ligand",
        )
    if text:
        return mol_block(with_bond_orders(read_molecules(home.reference_ligand)[0], template))
    check_in_box(template, json.loads(read_text(home.pocket)))
    return mol_block(template)


def is_fitted(receptor: Path, reference: Reference) -> bool:
    """Whether side chains of the receptor were turned away from this very ligand."""
    fitted_to = json.loads(read_text(ReceptorFolder(receptor).pocket)).get(FITTED_TO)
    return fitted_to is not None and fitted_to == skeleton_smiles(reference.posed)


def _template(controls: Controls) -> Chem.Mol | None:
    if controls.reference is not None:
        return read_molecule(controls.reference)
    if controls.reference_smiles is None:
        return None
    mol = Chem.MolFromSmiles(controls.reference_smiles)
    if mol is None:
        raise LigandError(
            Reason.INVALID_STRUCTURE,
            f"RDKit cannot read controls.reference_smiles {controls.reference_smiles!r}",
        )
    return mol
