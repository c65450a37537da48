"""Stage ``reference``: the reference ligand of a receptor, made ready to be docked again."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

from screenmm.config.settings import Controls, Ligands
from screenmm.core.errors import LigandError
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, named_pocket, pocket_name, settings_of

log = logging.getLogger(__name__)

STAGE = Stage(
    "reference",
    place=55,
    words="make the reference ligand of a receptor ready to be docked again",
    version=2,
    keys={
        "controls": frozenset({"reference", "reference_smiles"}),
        "seed": None,
        "ligands": frozenset(
            {
                "ph_min", "ph_max", "protomers", "tautomers", "max_stereoisomers",
                "max_heavy_atoms", "conformer_trials", "time_limit_s",
            }
        ),
    },
    more=pocket_name,
    per_receptor="redocked",
    reads={"receptor": "receptors/{receptor}/"},
    writes={
        "reference": "controls/{receptor}/reference.sdf",
        "states": "controls/{receptor}/states.sdf.gz",
        "events": "controls/{receptor}/reference.events.parquet",
    },
    unit="reference",
    rate=Rate(0.2, 1.0),
    passes={"controls/": "Reference ligands, docked again"},
)  # fmt: skip


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
    from screenmm.files.sdf import sd_record
    from screenmm.files.whole import write_text, write_text_gz
    from screenmm.ligands.prepare import state_to_sdf
    from screenmm.ligands.protomers import check_installed
    from screenmm.redocking.compare import FITTED
    from screenmm.redocking.reference import is_fitted, prepare_reference, reference_block
    from screenmm.run.ledger import Event, write_events

    name = args.receptor.name
    given = settings_of(args, STAGE, name)
    settings = given.section("ligands", Ligands)
    controls = given.section("controls", Controls)
    check_installed(settings.protomers)
    events, reference, states = [], "", ""
    try:
        block = reference_block(args.receptor, named_pocket(given, name), controls)
        made = prepare_reference(block, given.seed, settings)
        fitted = {FITTED: "yes"} if is_fitted(args.receptor, made) else {}
        reference = sd_record(made.posed, "reference", {"smiles": made.state.smiles} | fitted)
        states = state_to_sdf(made.state)
    except LigandError as error:
        log.warning("the reference ligand of %s cannot be docked again: %s", name, error)
        events = [Event.failure("reference", error, receptor=name)]
    write_text(args.reference, reference)
    write_text_gz(args.states, states)
    write_events(args.events, events)
