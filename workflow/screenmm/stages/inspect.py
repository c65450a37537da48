"""Stage ``inspect``: checks and interactions of each scored ligand's best pose in a shard."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.settings import Inspection
from screenmm.core.errors import MACHINE_FAULTS, LigandError, Reason, ScreenMMError
from screenmm.execution.batch import Journal, Outcome, Result, Task, fingerprint, run_batch
from screenmm.files.sdf import read_record, split_records
from screenmm.files.whole import replace_whole, sha256
from screenmm.inspection.interactions import find_interactions, new_fingerprint
from screenmm.inspection.pose_checks import check_pose, new_checker
from screenmm.inspection.receptor_molecule import load_receptor
from screenmm.results import best_pose
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    text_of,
    workers_of,
)
from screenmm.tables.dictionary import DG, INSPECTED, INTERACTION, MOVED, POSE_KEY, names
from screenmm.tables.schema import schema

SCHEMA = schema(INSPECTED)

T = TypeVar("T")

_worker: dict[str, Any] = {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--scores", type=Path, required=True, help="scores of a shard (.parquet)")
    parser.add_argument("--minimised", type=Path, required=True, help="its poses (.sdf.gz)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--inspected", type=Path, required=True, help="table to write (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Inspect a shard."""
    given = settings_of(args)
    settings = Inspection.model_validate(given["inspection"])
    home = ReceptorFolder(args.receptor)
    inputs = [args.scores, args.minimised, home.structure, *home.model]
    journal = Journal(args.inspected, fingerprint(text_of(given), *map(sha256, inputs)))
    task = Task(
        stage="inspect",
        function=inspect_pose,
        start=start_worker,
        start_args=(settings, args.receptor),
        time_limit_s=settings.time_limit_s,
        receptor=args.receptor.name,
    )
    items = best_poses(args.scores, args.minimised)
    outcomes = list(run_batch(task, items, workers_of(args), journal))
    write_inspected(outcomes, args.inspected)
    write_events(args.events, (event for outcome in outcomes for event in outcome.events))
    journal.remove()


def best_poses(scores: Path, minimised: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each ligand's pose of lowest MM/GBSA energy, the one that it is ranked by.

    Parameters
    ----------
    scores : Path
        Scores of a shard.
    minimised : Path
        Its poses.

    Returns
    -------
    list of (InChIKey, dict)
        With the SD ``record``, and ``moved_atoms`` and ``moved_xyz_angstrom`` of the receptor.
    """
    columns = names((*POSE_KEY, DG))
    best = best_pose.best_poses(pq.read_table(scores, columns=columns).to_pylist())
    titles = {f"{state}_p{pose}": key for key, (state, pose) in best.items()}
    records = {
        titles[title]: record
        for record in split_records(minimised)
        if (title := record.split("\n", 1)[0]) in titles
    }
    return [
        (key, {**row, "record": records[key]})
        for row in pq.read_table(scores, columns=names(MOVED)).to_pylist()
        if (row["state"], row["pose"]) == best.get(key := row["inchikey"])
    ]


def start_worker(settings: Inspection, receptor: Path) -> None:
    """Read the receptor, once per worker."""
    _worker.update(
        receptor=load_receptor(receptor),
        fingerprint=new_fingerprint(),
        checker=new_checker(settings.energy_conformers),
    )


def inspect_pose(item: dict[str, Any]) -> Result:
    """Check one pose and find its interactions.

    Parameters
    ----------
    item : dict
        From :func:`best_poses`.

    Returns
    -------
    dict
        Row of the table. Of what failed the lists are None, and ``failures`` says why.

    Raises
    ------
    LigandError
        The record cannot be read, or neither could be done.
    """
    receptor = _worker["receptor"]
    positions = receptor.moved(item["moved_atoms"], item["moved_xyz_angstrom"])
    title = f"{item['state']}_p{item['pose']}"
    try:
        ligand = read_record(item["record"])
    except Exception as error:
        raise _failed(Reason.INSPECTION_FAILED, title, error) from error
    interactions = _tried(
        Reason.INTERACTIONS_UNKNOWN,
        f"{title}: interactions",
        lambda: find_interactions(_worker["fingerprint"], receptor, positions, ligand),
    )
    checks = _tried(
        Reason.POSE_CHECKS_UNKNOWN,
        f"{title}: pose checks",
        lambda: check_pose(_worker["checker"], receptor, positions, ligand),
    )
    failures = [each for each in (interactions, checks) if isinstance(each, LigandError)]
    if len(failures) == 2:
        raise LigandError(
            Reason.INSPECTION_FAILED, "; ".join(each.message for each in failures)
        ) from failures[0]
    result: Result = {key: item[key] for key in names(POSE_KEY)}
    if not isinstance(checks, LigandError):
        result |= {"check_name": list(checks), "passed": list(checks.values())}
    if not isinstance(interactions, LigandError):
        result |= {
            name: [asdict(each)[name] for each in interactions] for name in names(INTERACTION)
        }
    return result | {
        "failures": [
            {
                "reason": each.reason,
                "message": each.message,
                "state": item["state"],
                "pose": item["pose"],
            }
            for each in failures
        ]
    }


def _tried(reason: Reason, subject: str, work: Callable[[], T]) -> T | LigandError:
    """What a half of the inspection came to: the other half is worth keeping without it."""
    try:
        return work()
    except Exception as error:
        return _failed(reason, subject, error)


def _failed(reason: Reason, subject: str, error: Exception) -> LigandError:
    """An error as the ledger has it.

    Raises
    ------
    OSError, MemoryError, ScreenMMError
        It is the machine's fault, not the pose's.
    """
    if isinstance(error, (*MACHINE_FAULTS, ScreenMMError)):
        raise error
    said = " ".join(str(error).split())[:300]
    return LigandError(reason, f"{subject}: {type(error).__name__}: {said}")


def write_inspected(outcomes: Iterable[Outcome], table: Path) -> None:
    """Write one row per inspected ligand, in the ligands' order."""
    rows = [outcome.result for outcome in outcomes if outcome.result]
    with replace_whole(table) as partial:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), partial)
