"""What inspects poses, in a worker: it needs ProLIF and PoseBusters, which take seconds to load."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from rdkit import Chem

from screenmm.config.settings import Inspection
from screenmm.core.errors import MACHINE_FAULTS, LigandError, Reason, ScreenMMError
from screenmm.docking.cnn import Opinion, ask_cnn
from screenmm.docking.pdbqt import ReceptorPdbqt
from screenmm.execution.batch import Result
from screenmm.files.sdf import read_record
from screenmm.inspection.interactions import find_interactions, new_fingerprint
from screenmm.inspection.pose_checks import check_pose, new_checker
from screenmm.inspection.receptor_molecule import ReceptorMolecule, load_receptor
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import CNN_MINIMISED, INTERACTION, POSE_KEY, names

T = TypeVar("T")


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
            From :func:`screenmm.inspection.shard.best_poses`.

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
