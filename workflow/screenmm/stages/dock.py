"""Stage ``dock``: every state of a shard into one receptor."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.engines import engines
from screenmm.config.settings import Docking
from screenmm.core.columns import Column
from screenmm.core.errors import LigandError, Reason
from screenmm.core.seeds import seed_for
from screenmm.devices.vulkan import choose_search_device
from screenmm.docking.engine import Box, DockedPose, Engine, Site, make_engine
from screenmm.execution.batch import Journal, Outcome, Result, Task, fingerprint, run_batch
from screenmm.execution.usage import device_held
from screenmm.files.sdf import read_record, records_by_ligand, sd_record
from screenmm.files.whole import replace_whole, sha256, write_text_gz
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    text_of,
    workers_of,
)
from screenmm.tables.dictionary import DOCKED, POSES, names
from screenmm.tables.dictionary import poses as poses_of
from screenmm.tables.schema import schema

log = logging.getLogger(__name__)

_worker: dict[str, Any] = {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--states", type=Path, required=True, help="states of a shard (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--poses", type=Path, required=True, help="poses to write (.sdf.gz)")
    parser.add_argument("--table", type=Path, required=True, help="their scores (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Dock a shard."""
    given = settings_of(args)
    settings = Docking.model_validate(given["docking"])
    uses_device = "device" in engines()[settings.engine].keys
    device = choose_search_device(settings.device if uses_device else "cpu")
    log.info("docking with %s on %s %s: %s", settings.engine, device.kind, device.name, device.why)
    pdbqt, pocket = ReceptorFolder(args.receptor).docked_into
    task = Task(
        stage="dock",
        function=dock_ligand,
        start=start_worker,
        start_args=(settings, Site(pdbqt, Box.load(pocket), device, given["seed"])),
        time_limit_s=settings.time_limit_s,
        receptor=args.receptor.name,
    )
    items = records_by_ligand(args.states)
    journal = Journal(
        args.poses, fingerprint(text_of(given), sha256(args.states), sha256(pdbqt), sha256(pocket))
    )
    with device_held("Vulkan", device.name) if device.kind == "gpu" else nullcontext():
        outcomes = list(run_batch(task, items, workers_of(args), journal))
    write_poses(outcomes, args.poses, args.table, poses_of(settings.engine))
    write_events(args.events, (event for outcome in outcomes for event in outcome.events))
    journal.remove()


def start_worker(settings: Docking, site: Site) -> None:
    """Make the engine, once per worker: its receptor and grids serve every ligand."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)  # engines print their search parameters per ligand
    _worker.update(engine=make_engine(settings, site), name=settings.engine, seed=site.run_seed)


def dock_ligand(records: list[str]) -> Result:
    """Dock the states of one ligand.

    Raises
    ------
    LigandError
        No state could be docked; the first state's reason.
    """
    engine: Engine = _worker["engine"]
    poses: list[dict[str, Any]] = []
    errors: list[tuple[str, LigandError]] = []
    for text in records:
        mol = read_record(text)
        state = mol.GetProp("_Name")
        try:
            found = engine.dock(mol, seed_for(_worker["seed"], "dock", state))
        except LigandError as error:
            errors.append((state, error))
            continue
        poses += [
            _pose(
                _worker["name"], mol.GetProp("inchikey"), mol.GetProp("smiles"), state, rank, pose
            )
            for rank, pose in enumerate(found, start=1)
        ]
    if not poses:
        no_state = ("", LigandError(Reason.MISSING_POSE, "no state"))
        state, first = errors[0] if errors else no_state
        more = f" (and {len(errors) - 1} more states)" if len(errors) > 1 else ""
        raise LigandError(first.reason, f"{state}: {first.message}{more}")
    failures = [
        {"state": state, "reason": each.reason, "message": each.message} for state, each in errors
    ]
    return {"poses": poses, "failures": failures}


def _pose(
    engine: str, inchikey: str, smiles: str, state: str, rank: int, pose: DockedPose
) -> dict[str, Any]:
    row = {
        "inchikey": inchikey,
        "state": state,
        "pose": rank,
        "smiles": smiles,
        "engine": engine,
        **{name: getattr(pose, name) for name in names(DOCKED)},
        **own_scores(engine, pose),
    }
    return {"row": row, "sdf": sd_record(pose.mol, f"{state}_p{rank}", row)}


def own_scores(engine: str, pose: DockedPose) -> dict[str, float | None]:
    """Scores of a pose that only its engine gives.

    Raises
    ------
    ValueError
        The engine gives one that it does not declare.
    """
    declared = names(engines()[engine].scores)
    if unknown := sorted(set(pose.scores) - set(declared)):
        raise ValueError(
            f"engine {engine} gives {', '.join(unknown)}, which its FACTS do not declare: "
            "add a Column for each to their scores"
        )
    return {name: pose.scores.get(name) for name in declared}


def write_poses(
    outcomes: Iterable[Outcome], sdf: Path, table: Path, columns: Sequence[Column] = POSES
) -> None:
    """Write poses and their scores, in the ligands' order."""
    poses = [pose for o in outcomes if o.result for pose in o.result["poses"]]
    with replace_whole(table) as partial:
        rows = [pose["row"] for pose in poses]
        pq.write_table(pa.Table.from_pylist(rows, schema=schema(columns)), partial)
    write_text_gz(sdf, "".join(pose["sdf"] for pose in poses))
