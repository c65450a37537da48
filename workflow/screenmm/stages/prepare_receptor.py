"""Stage ``prepare-receptor``: one structure into everything later stages need of it."""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path

import numpy as np
from rdkit import Chem

from screenmm.config.settings import InteractionFilters, Pocket, Receptor
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters, extract, join
from screenmm.receptor.forcefield import polymer_system, residue_label
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor
from screenmm.receptor.write import write_structure
from screenmm.residues.filters import check_residues
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)

FILTERS = "SCREENMM_FILTERS"
"""Environment variable in which the workflow names the filters on interactions, as JSON.

They are no argument: the receptor does not depend on them, and a changed command would prepare it
and dock into it again.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--name", required=True, help="name of the receptor")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")


def run(args: argparse.Namespace) -> None:
    """Prepare a receptor and write its folder.

    Raises
    ------
    ConfigError
        A filter on interactions names a residue that it does not have.
    """
    given = settings_of(args)
    section = given["receptors"][args.name]
    pocket = section.get("pocket") or given["pocket"]
    settings = Receptor.model_validate({**section, "pocket": None})
    prepared = prepare_receptor(args.name, settings, Pocket.model_validate(pocket))
    check_filters(prepared, os.environ.get(FILTERS, "{}"))
    write_folder(prepared, args.out)
    log.info("%s", prepared.report_text())


def check_filters(prepared: PreparedReceptor, filters: str) -> None:
    """Look for the residues that filters name, before anything is docked.

    Parameters
    ----------
    prepared : PreparedReceptor
        The receptor.
    filters : str
        ``ranking.interactions`` as JSON.

    Raises
    ------
    ConfigError
        It does not have one of them; says what became of it, or names near ones.
    """
    must, must_not = InteractionFilters.model_validate_json(filters).filters
    labels = [residue_label(residue) for residue in prepared.topology.residues()]
    removed = {each.residue: each.detail for each in prepared.report if each.kind == "removed"}
    waters = "".join(each.detail for each in prepared.report if each.kind == "waters")
    check_residues([*must, *must_not], labels, prepared.name, removed, waters)


def write_folder(prepared: PreparedReceptor, out: Path) -> None:
    """Write structure, model, docking input, pocket and report of a receptor."""
    out.mkdir(parents=True, exist_ok=True)
    home = ReceptorFolder(out)
    receptor_model(prepared).save(out)
    write_structure(prepared, home.structure)
    pocket = prepared.pocket
    write_text(
        home.pdbqt,
        receptor_pdbqt(
            prepared.topology,
            prepared.positions_angstrom,
            [(cofactor.mol, cofactor.atom_indices) for cofactor in prepared.cofactors],
            pocket.center,
            pocket.size,
        ),
    )
    box = {"center_angstrom": list(pocket.center), "size_angstrom": list(pocket.size)}
    write_text(home.pocket, json.dumps(box, indent=2) + "\n")
    reference = "" if pocket.reference is None else sd_record(pocket.reference, "reference", {})
    write_text(home.reference_ligand, reference)
    write_text(home.report_json, json.dumps(prepared.report_json(), indent=2) + "\n")
    write_text(home.report_text, prepared.report_text())


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
