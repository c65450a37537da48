"""Stage ``prepare-receptor``: one structure into everything later stages need of it."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screenmm.config.settings import Pocket, Receptor, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

if TYPE_CHECKING:
    from screenmm.receptor.prepare import PreparedReceptor

log = logging.getLogger(__name__)

OF_MODELS = ("predicted", "pae", "trim_plddt", "min_pocket_plddt", "low_confidence", "repack")
"""Keys that matter for predicted models alone; left out of the settings where they are default."""

SEED = "seed_template"


def of_receptor(settings: Settings, receptor: str) -> dict[str, Any]:
    """Describe the receptor, and its pocket whoever's it is."""
    of = settings.receptors[receptor]
    # receptors that are no models are what they were before these keys, and nothing docks again
    left = {key for key in OF_MODELS if getattr(of, key) == Receptor.model_fields[key].default}
    own = of.model_dump(mode="json", exclude={"pocket", "ensemble_of", *left})
    pocket = settings.pocket_of(receptor).told()
    template = settings.template_seed(receptor)
    seed = {} if template is None else {SEED: str(template)}
    return {"receptors": {receptor: own}, "pocket": pocket} | seed


STAGE = Stage(
    "prepare_receptor",
    place=50,
    words="prepare and parametrise a receptor",
    version=3,
    more=of_receptor,
    per_receptor="all",
    writes={
        "structure": "receptors/{receptor}/receptor.cif",
        "pdbqt": "receptors/{receptor}/receptor.pdbqt",
        "pocket": "receptors/{receptor}/pocket.json",
        "parameters": "receptors/{receptor}/parameters.npz",
        "coordinates": "receptors/{receptor}/coordinates.npz",
        "reference": "receptors/{receptor}/reference_ligand.sdf",
        "report_json": "receptors/{receptor}/report.json",
        "report_text": "receptors/{receptor}/report.txt",
    },
    unit="receptor",
    rate=Rate(2.5),
    leaves={
        "receptors/": "Prepared receptors, their force-field parameters and what preparation "
        "changed"
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--name", required=True, help="name of the receptor")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")


def run(args: argparse.Namespace) -> None:
    """Prepare a receptor and write its folder."""
    from screenmm.receptor.prepare import prepare_receptor

    given = settings_of(args, STAGE, args.name)
    settings = Receptor.model_validate({**given["receptors"][args.name], "pocket": None})
    seed = given.values.get(SEED)
    prepared = prepare_receptor(
        args.name,
        settings,
        Pocket.model_validate(given["pocket"]),
        None if seed is None else Path(seed),
    )
    write_folder(prepared, args.out)
    log.info("%s", prepared.report_text())


def write_folder(prepared: PreparedReceptor, out: Path) -> None:
    """Write structure, model, docking input, pocket and report of a receptor."""
    from screenmm.docking.pdbqt import receptor_pdbqt
    from screenmm.files.sdf import sd_record
    from screenmm.files.whole import write_text
    from screenmm.receptor.ligand_file import FITTED_TO
    from screenmm.receptor.parametrise import receptor_model
    from screenmm.receptor.write import write_structure
    from screenmm.run.receptor_folder import ReceptorFolder

    home = ReceptorFolder(out)
    out.mkdir(parents=True, exist_ok=True)
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
    repacked = prepared.repacked
    fitted = {FITTED_TO: repacked.skeleton} if repacked and repacked.turned else {}
    write_text(home.pocket, json.dumps(box | fitted, indent=2) + "\n")
    reference = "" if pocket.reference is None else sd_record(pocket.reference, "reference", {})
    write_text(home.reference_ligand, reference)
    write_text(home.report_json, json.dumps(prepared.report_json(), indent=2) + "\n")
    write_text(home.report_text, prepared.report_text())
