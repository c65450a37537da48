"""Checks and interactions of each scored ligand's best pose in a shard."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem

from screenmm.config.engines import check_cnn
from screenmm.config.settings import Inspection
from screenmm.core.errors import MACHINE_FAULTS, LigandError, Reason, ScreenMMError
from screenmm.docking.cnn import Opinion, ask_cnn
from screenmm.docking.pdbqt import ReceptorPdbqt
from screenmm.execution.batch import Outcome, Result, Task
from screenmm.execution.shard import run_shard
from screenmm.files.sdf import read_record, split_records
from screenmm.files.whole import replace_whole
from screenmm.inspection.interactions import find_interactions, new_fingerprint
from screenmm.inspection.pose_checks import check_pose, new_checker
from screenmm.inspection.receptor_molecule import ReceptorMolecule, load_receptor
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables import best_pose
from screenmm.tables.dictionary import (
    CNN_MINIMISED,
    DG,
    INSPECTED,
    INTERACTION,
    MOVED,
    POSE_KEY,
    names,
)
from screenmm.tables.schema import schema

SCHEMA = schema(INSPECTED)

T = TypeVar("T")


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
        start=Inspector,
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


class Inspector:
    """Receptor, fingerprint and checks, once per worker.

    Parameters
    ----------
    settings : Inspection
    receptor : Path
        Folder of the prepared receptor.
    cnn : bool
        Whether the CNN is asked about the poses.
    """

    def __init__(self, settings: Inspection, receptor: Path, cnn: bool = False) -> None:
        self._receptor = load_receptor(receptor)
        self._pdbqt = _receptor_pdbqt(receptor, self._receptor) if cnn else None
        self._fingerprint = new_fingerprint()
        self._checker = new_checker(settings.energy_conformers)

    def __call__(self, item: dict[str, Any]) -> Result:
        """Check one pose, find its interactions and ask the CNN about it.

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
            The record cannot be read, or neither checks nor interactions are known.
        """
        positions = self._receptor.moved(item["moved_atoms"], item["moved_xyz_angstrom"])
        title = f"{item['state']}_p{item['pose']}"
        try:
            ligand = read_record(item["record"])
        except Exception as error:
            raise _failed(Reason.INSPECTION_FAILED, title, error) from error
        interactions = _tried(
            Reason.INTERACTIONS_UNKNOWN,
            f"{title}: interactions",
            lambda: find_interactions(self._fingerprint, self._receptor, positions, ligand),
        )
        checks = _tried(
            Reason.POSE_CHECKS_UNKNOWN,
            f"{title}: pose checks",
            lambda: check_pose(self._checker, self._receptor, positions, ligand),
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
        opinion = self._opinion(title, positions, ligand)
        if isinstance(opinion, LigandError):
            failures.append(opinion)
        elif opinion is not None:
            said = (opinion.cnn_score, opinion.cnn_affinity_pk)
            result |= dict(zip(names(CNN_MINIMISED), said, strict=True))
        narrow = {"state": item["state"], "pose": item["pose"]}
        told = [{"reason": each.reason, "message": each.message, **narrow} for each in failures]
        return result | {"failures": told}

    def _opinion(
        self, title: str, positions: np.ndarray, ligand: Chem.Mol
    ) -> Opinion | LigandError | None:
        """What the CNN says of a pose in the receptor as it is then; None: it is not asked."""
        if self._pdbqt is None:
            return None
        try:
            return ask_cnn(self._pdbqt.at(positions), ligand)
        except LigandError as error:
            return LigandError(error.reason, f"{title}: {error.message}")


def _receptor_pdbqt(folder: Path, receptor: ReceptorMolecule) -> ReceptorPdbqt:
    return ReceptorPdbqt(ReceptorFolder(folder).pdbqt.read_text(), receptor.positions_angstrom)


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
