"""Stage ``compare``: the redocked poses of a reference ligand against its place."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

from screenmm.config.settings import Controls, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, named_pocket, pocket_name, settings_of

log = logging.getLogger(__name__)

FREELY = "docked_freely"
OF_RELATIVE = "ligand_of_a_relative"


def pocket_and_way(settings: Settings, receptor: str) -> dict[str, Any]:
    """Name the pocket; say where the reference is a relative's, or was docked without templates.

    Told only where it is so: results that were made before are kept.
    """
    way = {FREELY: True} if settings.docking.places else {}
    of = {OF_RELATIVE: True} if settings.pocket_of(receptor).like is not None else {}
    return pocket_name(settings, receptor) | way | of


STAGE = Stage(
    "compare",
    place=80,
    words="compare the redocked poses of a reference ligand with its place",
    version=1,
    keys={
        "controls": frozenset({"redock_rmsd_angstrom", "reference"}),
        "docking": frozenset({"engine"}),
    },
    more=pocket_and_way,
    per_receptor="redocked",
    reads={"folder": "controls/{receptor}/"},
    writes={
        "result": "controls/{receptor}/redock.json",
        "poses": "controls/{receptor}/redock.sdf",
    },
    unit="reference",
    rate=Rate(0.1, 1.0),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the redocking")
    parser.add_argument("--result", type=Path, required=True, help="what it came to (.json)")
    parser.add_argument("--poses", type=Path, required=True, help="reference and poses (.sdf)")


def run(args: argparse.Namespace) -> None:
    """Compare docked and minimised poses with the reference."""
    from screenmm.files.whole import write_text
    from screenmm.redocking.compare import compare, is_fitted
    from screenmm.redocking.verdict import judge, not_done

    name = args.folder.name
    given = settings_of(args, STAGE, name)
    controls = given.section("controls", Controls)
    engine = given["docking"]["engine"]
    ligand, of_relative = named_pocket(given, name).ligand_name, OF_RELATIVE in given.values
    if ligand is None and controls.reference is not None:
        ligand = controls.reference.name
    found = {"receptor": name, "inchikey": None, "smiles": None}
    found["limit_angstrom"] = controls.redock_rmsd_angstrom
    rows, records, reason = compare(args.folder)
    if reason:
        entry = not_done(reason, ligand, engine, of_relative=of_relative)
    else:
        entry = judge(
            rows,
            controls.redock_rmsd_angstrom,
            str(ligand),
            engine,
            freely=FREELY in given.values,
            of_relative=of_relative,
            fitted=is_fitted(args.folder),
        )
        found |= {key: rows[0][key] for key in ("inchikey", "smiles")}
    log.info("%s: %s", name, entry["text"])
    for row in rows:
        del row["inchikey"], row["smiles"]
    text = json.dumps(entry | found | {"each_pose": rows}, indent=2, ensure_ascii=False)
    write_text(args.result, text + "\n")
    write_text(args.poses, "".join(records))
