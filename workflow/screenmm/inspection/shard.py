"""Checks and interactions of each scored ligand's best pose in a shard."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.engines import check_cnn
from screenmm.config.settings import Inspection
from screenmm.execution.batch import Outcome, Task
from screenmm.execution.shard import run_shard
from screenmm.files.sdf import split_records
from screenmm.files.whole import replace_whole
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables import best_pose
from screenmm.tables.dictionary import DG, INSPECTED, MOVED, POSE_KEY, names
from screenmm.tables.schema import schema

if TYPE_CHECKING:
    from screenmm.inspection.inspector import Inspector

SCHEMA = schema(INSPECTED)


def inspect_shard(
    settings: Inspection,
    *,
    scores: Path,
    minimised: Path,
    receptor: Path,
    inspected: Path,
    events: Path,
    workers: int,
    asked: str,
    cnn: bool = False,
) -> None:
    """Inspect a shard.

    Parameters
    ----------
    settings : Inspection
        What is checked, and how.
    scores, minimised : Path
        Scores of a shard (.parquet) and its poses (.sdf.gz).
    receptor : Path
        Folder of the prepared receptor.
    inspected, events : Path
        Table and ledger rows (.parquet) to write.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.
    cnn : bool
        Whether the CNN is asked about the poses.

    Raises
    ------
    ConfigError
        It cannot be asked here.
    """
    if cnn:
        check_cnn()
    task = Task(
        stage="inspect",
        start=new_inspector,
        arguments=(settings, receptor, cnn),
        time_limit_s=settings.time_limit_s,
        receptor=receptor.name,
    )
    items = best_poses(scores, minimised)
    home = ReceptorFolder(receptor)
    inputs = [scores, minimised, home.structure, *home.model, *([home.pdbqt] if cnn else [])]
    with run_shard(task, items, inspected, asked, inputs, workers) as outcomes:
        write_inspected(outcomes, inspected)
        write_events(events, (event for outcome in outcomes for event in outcome.events))


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


def new_inspector(settings: Inspection, receptor: Path, cnn: bool) -> Inspector:
    """Load what inspects, in the worker alone: the stage itself needs none of its packages."""
    from screenmm.inspection.inspector import Inspector  # noqa: PLC0415

    return Inspector(settings, receptor, cnn)


def write_inspected(outcomes: Iterable[Outcome], table: Path) -> None:
    """Write one row per inspected ligand, in the ligands' order."""
    rows = [outcome.result for outcome in outcomes if outcome.result]
    with replace_whole(table) as partial:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), partial)
