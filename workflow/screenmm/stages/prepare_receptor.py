"""Stage ``prepare-receptor``: one structure into everything later stages need of it."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

import numpy as np
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters, extract, join
from screenmm.receptor.forcefield import polymer_system, residue_label
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor
from screenmm.receptor.write import write_structure
from screenmm.stages.context import add_settings_argument, settings_of

log = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--name", required=True, help="name of the receptor")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")


def run(args: argparse.Namespace) -> None:
    """Prepare a receptor and write its folder."""
    given = settings_of(args)
    section = given["receptors"][args.name]
    pocket = section.get("pocket") or given["pocket"]
    settings = Receptor.model_validate({**section, "pocket": None})
    prepared = prepare_receptor(args.name, settings, Pocket.model_validate(pocket))
    write_folder(prepared, args.out)
    log.info("%s", prepared.report_text())


def write_folder(prepared: PreparedReceptor, out: Path) -> None:
    """Write structure, model, docking input, pocket and report of a receptor."""
    out.mkdir(parents=True, exist_ok=True)
    receptor_model(prepared).save(out)
    write_structure(prepared, out / "receptor.cif")
    pocket = prepared.pocket
    write_text(
        out / "receptor.pdbqt",
        receptor_pdbqt(
            prepared.topology,
            prepared.positions_angstrom,
            [(cofactor.mol, cofactor.atom_indices) for cofactor in prepared.cofactors],
            pocket.center,
            pocket.size,
        ),
    )
    box = {"center_angstrom": list(pocket.center), "size_angstrom": list(pocket.size)}
    write_text(out / "pocket.json", json.dumps(box, indent=2) + "\n")
    reference = "" if pocket.reference is None else sd_record(pocket.reference, "reference", {})
    write_text(out / "reference_ligand.sdf", reference)
    write_text(out / "report.json", json.dumps(prepared.report_json(), indent=2) + "\n")
    write_text(out / "report.txt", prepared.report_text())


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
