"""Stage ``score``: minimise and score the selected poses of a shard with OpenMM."""

from __future__ import annotations

import argparse
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem
from rdkit.Geometry import Point3D

from screenmm.batch import Journal, Outcome, Result, Task, fingerprint, run_batch
from screenmm.errors import LigandError
from screenmm.files import replace_whole, sha256, write_text_gz
from screenmm.ledger import write_events
from screenmm.receptor.model import ReceptorModel
from screenmm.scoring.ligand_parameters import ligand_parameters, load_models
from screenmm.scoring.mmgbsa import PoseScore, score_pose
from screenmm.scoring.parameters import Parameters
from screenmm.scoring.platforms import PlatformChoice, choose_platform
from screenmm.sdf import read_record, records_by_ligand, sd_record
from screenmm.settings import Scoring
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    text_of,
    workers_of,
)

log = logging.getLogger(__name__)

SCORE_SCHEMA = pa.schema(
    [
        ("inchikey", pa.string()),
        ("state", pa.string()),
        ("pose", pa.int32()),
        ("dg_mmgbsa_kcal_mol", pa.float64()),
        ("vdw_kcal_mol", pa.float64()),
        ("coulomb_kcal_mol", pa.float64()),
        ("gb_kcal_mol", pa.float64()),
        ("sa_kcal_mol", pa.float64()),
        ("strain_kcal_mol", pa.float64()),
        ("iterations", pa.int32()),
        ("rmsd_angstrom", pa.float64()),
        ("platform", pa.string()),
        ("moved_atoms", pa.list_(pa.int32())),
        ("moved_xyz_angstrom", pa.list_(pa.float32())),
    ]
)

_worker: dict[str, Any] = {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--poses", type=Path, required=True, help="selected poses (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--scores", type=Path, required=True, help="scores to write (.parquet)")
    parser.add_argument("--minimised", type=Path, required=True, help="poses to write (.sdf.gz)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Score a shard."""
    given = settings_of(args)
    settings = Scoring.model_validate(given["scoring"])
    platform = choose_platform(settings.platform, settings.precision)
    log.info("OpenMM platform %s %s: %s", platform.name, platform.properties, platform.why)
    task = Task(
        stage="score",
        function=score_ligand,
        start=start_worker,
        start_args=(settings, args.receptor, platform),
        time_limit_s=settings.time_limit_s,
        receptor=args.receptor.name,
    )
    items = records_by_ligand(args.poses)
    model = [sha256(args.receptor / name) for name in ("parameters.npz", "coordinates.npz")]
    journal = Journal(args.scores, fingerprint(text_of(given), sha256(args.poses), *model))
    outcomes = list(run_batch(task, items, workers_of(args), journal))
    write_scores(outcomes, args.scores, args.minimised)
    write_events(args.events, (event for outcome in outcomes for event in outcome.events))
    journal.remove()


def start_worker(settings: Scoring, receptor: Path, platform: PlatformChoice) -> None:
    """Load receptor, force field and charge model, once per worker."""
    _worker.update(settings=settings, receptor=ReceptorModel.load(receptor), platform=platform)
    load_models()


def score_ligand(records: list[str]) -> Result:
    """Score the selected poses of one ligand.

    Raises
    ------
    LigandError
        No pose could be scored; the first pose's reason.
    """
    scored: list[dict[str, Any]] = []
    errors: list[tuple[Chem.Mol, LigandError]] = []
    parameters: dict[str, Parameters] = {}
    for mol in map(read_record, records):
        state = mol.GetProp("state")
        try:
            if state not in parameters:
                parameters[state] = ligand_parameters(mol)
            score = score_pose(
                _worker["receptor"],
                parameters[state],
                mol.GetConformer().GetPositions(),
                _worker["settings"],
                _worker["platform"],
            )
        except LigandError as error:
            errors.append((mol, error))
            continue
        scored.append(_scored(mol, score, _worker["platform"].name))
    if not scored:
        mol, first = errors[0]
        more = f" (and {len(errors) - 1} more poses)" if len(errors) > 1 else ""
        raise LigandError(first.reason, f"{mol.GetProp('_Name')}: {first.message}{more}")
    failures = [
        {
            "state": mol.GetProp("state"),
            "pose": mol.GetProp("pose"),
            "reason": each.reason,
            "message": each.message,
        }
        for mol, each in errors
    ]
    return {"poses": scored, "failures": failures}


def _scored(mol: Chem.Mol, score: PoseScore, platform: str) -> dict[str, Any]:
    terms = score.terms
    row = {
        "inchikey": mol.GetProp("inchikey"),
        "state": mol.GetProp("state"),
        "pose": int(mol.GetProp("pose")),
        "dg_mmgbsa_kcal_mol": terms.total_kcal_mol,
        "vdw_kcal_mol": terms.vdw_kcal_mol,
        "coulomb_kcal_mol": terms.coulomb_kcal_mol,
        "gb_kcal_mol": terms.gb_kcal_mol,
        "sa_kcal_mol": terms.sa_kcal_mol,
        "strain_kcal_mol": terms.strain_kcal_mol,
        "iterations": score.iterations,
        "rmsd_angstrom": score.rmsd_angstrom,
        "platform": platform,
    }
    moved = {
        "moved_atoms": score.moved_atoms.tolist(),
        "moved_xyz_angstrom": np.round(score.moved_angstrom, 4).ravel().tolist(),
    }
    minimised = Chem.Mol(mol)
    conformer = minimised.GetConformer()
    for index, xyz in enumerate(score.ligand_angstrom.tolist()):
        conformer.SetAtomPosition(index, Point3D(*xyz))
    tags = {name: row[name] for name in ("inchikey", "state", "pose")}
    return {"row": row | moved, "sdf": sd_record(minimised, mol.GetProp("_Name"), tags)}


def write_scores(outcomes: Iterable[Outcome], table: Path, sdf: Path) -> None:
    """Write scores and minimised poses, in the ligands' order."""
    poses = [pose for o in outcomes if o.result for pose in o.result["poses"]]
    with replace_whole(table) as partial:
        rows = [pose["row"] for pose in poses]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), partial)
    write_text_gz(sdf, "".join(pose["sdf"] for pose in poses))
