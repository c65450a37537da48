"""Every state of a shard, docked into one receptor."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem

from screenmm.config.engines import check_cnn, engines
from screenmm.config.settings import Docking
from screenmm.core.columns import Column
from screenmm.core.errors import LigandError, Reason
from screenmm.core.seeds import seed_for
from screenmm.devices.vulkan import choose_search_device
from screenmm.docking.cnn import with_cnn
from screenmm.docking.engine import Box, DockedPose, Site
from screenmm.docking.placement.engine import engine_for
from screenmm.execution.batch import Outcome, Result, Task
from screenmm.execution.shard import run_shard
from screenmm.execution.usage import device_held
from screenmm.files.sdf import read_record, records_by_ligand, sd_record
from screenmm.files.whole import replace_whole, write_text_gz
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import CAME, DOCKED, POSES, names
from screenmm.tables.dictionary import poses as poses_of
from screenmm.tables.schema import schema

log = logging.getLogger(__name__)


def dock_shard(
    settings: Docking,
    seed: int,
    *,
    states: Path,
    receptor: Path,
    poses: Path,
    table: Path,
    events: Path,
    workers: int,
    asked: str,
    cnn: bool = False,
    most_states: int | None = None,
) -> None:
    """Dock a shard.

    Parameters
    ----------
    settings : Docking
        Engine, and what it reads.
    seed : int
        Of the run.
    states : Path
        States of a shard (.sdf.gz).
    receptor : Path
        Folder of the prepared receptor.
    poses, table, events : Path
        Poses (.sdf.gz), their scores and ledger rows (.parquet) to write.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.
    cnn : bool
        Whether the CNN is asked about poses that the engine gave without its opinion.
    most_states : int, optional
        Docked of each ligand, its first ones; all by default.

    Raises
    ------
    ConfigError
        It cannot be asked here.
    """
    if cnn:
        check_cnn()
    uses_device = "device" in engines()[settings.engine].keys
    device = choose_search_device(settings.device if uses_device else "cpu")
    log.info("docking with %s on %s %s: %s", settings.engine, device.kind, device.name, device.why)
    pdbqt, pocket = ReceptorFolder(receptor).docked_into
    task = Task(
        stage="dock",
        start=Docker,
        arguments=(settings, Site(pdbqt, Box.load(pocket), device, seed), cnn),
        time_limit_s=settings.time_limit_s,
        receptor=receptor.name,
    )
    items = [(ligand, of_it[:most_states]) for ligand, of_it in records_by_ligand(states)]
    inputs = [states, pdbqt, pocket, *settings.templates]
    held = device_held("Vulkan", device.name) if device.kind == "gpu" else nullcontext()
    with held, run_shard(task, items, poses, asked, inputs, workers) as outcomes:
        write_poses(outcomes, poses, table, poses_of(settings.engine))
        write_events(events, (event for outcome in outcomes for event in outcome.events))


class Docker:
    """An engine, once per worker: its receptor and grids serve every ligand.

    Parameters
    ----------
    settings : Docking
    site : Site
    cnn : bool
        Whether the CNN is asked about poses that the engine gave without its opinion.
    """

    def __init__(self, settings: Docking, site: Site, cnn: bool = False) -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)  # engines print their search parameters per ligand
        self._engine = engine_for(settings, site)
        self._name = settings.engine
        self._seed = site.run_seed
        self._asked_about = site.receptor_pdbqt.read_text() if cnn else None

    def __call__(self, records: list[str]) -> Result:
        """Dock the states of one ligand.

        Raises
        ------
        LigandError
            No state could be docked; the first state's reason.
        """
        poses: list[dict[str, Any]] = []
        errors: list[tuple[str, LigandError]] = []
        noted: list[dict[str, Any]] = []
        for text in records:
            mol = read_record(text)
            state = mol.GetProp("_Name")
            try:
                found = self._engine.dock(mol, seed_for(self._seed, "dock", state))
            except LigandError as error:
                errors.append((state, error))
                continue
            if why := found[0].unplaced:
                freely = LigandError(why.reason, f"{why.message}: docked freely")
                noted.append(_failure(state, freely))
            if self._asked_about is not None:
                found, without = with_cnn(self._asked_about, found)
                noted += [_failure(state, error, pose=place) for place, error in without]
            poses += [
                pose_record(self._name, mol, rank, pose) for rank, pose in enumerate(found, 1)
            ]
        if not poses:
            no_state = ("", LigandError(Reason.MISSING_POSE, "no state"))
            state, first = errors[0] if errors else no_state
            more = f" (and {len(errors) - 1} more states)" if len(errors) > 1 else ""
            raise LigandError(first.reason, f"{state}: {first.message}{more}")
        failures = [_failure(state, error) for state, error in errors]
        return {"poses": poses, "failures": failures + noted}


def _failure(state: str, error: LigandError, **of: int) -> dict[str, Any]:
    """A failure of a state, or of a pose of it, as the ledger takes it."""
    return {"state": state, **of, "reason": error.reason, "message": error.message}


def pose_record(engine: str, mol: Chem.Mol, rank: int, pose: DockedPose) -> dict[str, Any]:
    """Row and SD record of a pose.

    Parameters
    ----------
    engine : str
        Name of the engine.
    mol : rdkit.Chem.Mol
        The state that was docked.
    rank : int
        Of the pose among the state's, counted from 1.
    pose : DockedPose
    """
    state = mol.GetProp("_Name")
    row = {
        "inchikey": mol.GetProp("inchikey"),
        "state": state,
        "pose": rank,
        "smiles": mol.GetProp("smiles"),
        "engine": engine,
        **{name: getattr(pose, name) for name in names((*CAME, *DOCKED))},
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
