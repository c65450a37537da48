"""Stage ``reference``: the reference ligand of a receptor, made ready to be docked again."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from rdkit import Chem

from screenmm.config.settings import Controls, Ligands, Pocket
from screenmm.core.errors import LigandError, Reason
from screenmm.files.sdf import sd_record
from screenmm.files.whole import read_text, write_text, write_text_gz
from screenmm.ligands.prepare import state_to_sdf
from screenmm.ligands.protomers import check_installed
from screenmm.receptor.ligand_file import read_molecule, read_molecules
from screenmm.redocking.reference import (
    check_in_box,
    is_sane,
    mol_block,
    prepare_reference,
    with_bond_orders,
)
from screenmm.run.ledger import Event, write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--reference", type=Path, required=True, help="ligand to write (.sdf)")
    parser.add_argument("--states", type=Path, required=True, help="its state (.sdf.gz)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Prepare the reference ligand; where that fails, the events say why.

    Raises
    ------
    ConfigError
        ``ligands.protomers`` names a package that is not installed.
    """
    given = settings_of(args)
    settings = Ligands.model_validate(given["ligands"])
    check_installed(settings.protomers)
    name = args.receptor.name
    pocket = Pocket.model_validate(given["receptors"][name]["pocket"] or given["pocket"])
    controls = Controls.model_validate(given["controls"])
    events, reference, states = [], "", ""
    try:
        block = _block(args.receptor, pocket, controls)
        made = prepare_reference(block, given["seed"], settings)
        reference = sd_record(made.posed, "reference", {"smiles": made.state.smiles})
        states = state_to_sdf(made.state)
    except LigandError as error:
        log.warning("the reference ligand of %s cannot be docked again: %s", name, error)
        events = [Event.failure("reference", error, receptor=name)]
    write_text(args.reference, reference)
    write_text_gz(args.states, states)
    write_events(args.events, events)


def _block(receptor: Path, pocket: Pocket, controls: Controls) -> str:
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
