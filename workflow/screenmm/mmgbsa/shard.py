"""The selected poses of a shard, minimised and scored with OpenMM."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import openmm
import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem
from rdkit.Geometry import Point3D

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError, PlatformError
from screenmm.core.seeds import seed_for
from screenmm.devices.driver_errors import device_failed, driver_remedy
from screenmm.devices.lease import lease_platform
from screenmm.devices.platforms import GPU_PLATFORMS, PlatformChoice, failure_of
from screenmm.execution.batch import Outcome, Result, Task
from screenmm.execution.shard import run_shard
from screenmm.files.sdf import read_record, records_by_ligand, sd_record
from screenmm.files.whole import replace_whole, write_text_gz
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.forcefield.parameter_cache import ParameterCache, cache_file
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa.own_device import in_words, settle, works
from screenmm.mmgbsa.packing import is_out_of_memory
from screenmm.mmgbsa.score import Pose, PoseScore, jittered, score_poses
from screenmm.receptor.model import ReceptorModel
from screenmm.run.ledger import write_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import DG, OWN_KERNELS, RESIDUE_TERMS, SCORES, TERMS, names
from screenmm.tables.schema import schema

log = logging.getLogger(__name__)

GPU_PACK = 64
"""Complexes in a Context on a GPU, unless its memory is too small."""

EXIT_DEVICE = 70
"""Exit status of a worker whose GPU failed."""

SCORE_SCHEMA = schema(SCORES)


def score_shard(
    settings: Scoring,
    seed: int,
    *,
    poses: Path,
    receptor: Path,
    scores: Path,
    minimised: Path,
    events: Path,
    workers: int,
    asked: str,
) -> None:
    """Score a shard.

    Parameters
    ----------
    settings : Scoring
        Minimisation, solvent and device.
    seed : int
        Of the run.
    poses : Path
        Selected poses (.sdf.gz).
    receptor : Path
        Folder of the prepared receptor.
    scores, minimised, events : Path
        Scores (.parquet), poses (.sdf.gz) and ledger rows (.parquet) to write.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.
    """
    items = records_by_ligand(poses)
    inputs = [poses, *ReceptorFolder(receptor).model]
    with lease_platform(settings.platform, settings.precision) as platform:
        log.info("OpenMM platform %s %s: %s", platform.name, platform.properties, platform.why)
        pack_size = complexes_per_pack(settings, platform)
        task = Task(
            stage="score",
            start=Scorer,
            arguments=(settings, seed, receptor, platform, pack_size, works(platform)),
            time_limit_s=settings.time_limit_s,
            receptor=receptor.name,
            pack_size=max(1, pack_size // complexes_per_ligand(items, settings)),
        )
        with run_shard(task, items, scores, asked, inputs, workers) as outcomes:
            write_scores(outcomes, scores, minimised)
            write_events(events, (event for outcome in outcomes for event in outcome.events))


def complexes_per_pack(settings: Scoring, platform: PlatformChoice) -> int:
    """How many complexes are minimised in one Context."""
    if settings.pack_size != "auto":
        return settings.pack_size
    return GPU_PACK if platform.name in GPU_PLATFORMS else 1


def complexes_per_ligand(items: list[tuple[str, list[str]]], settings: Scoring) -> int:
    """Most complexes that a ligand of the shard has: its poses and their replicas."""
    poses = max((len(records) for _, records in items), default=1)
    return poses * (1 + settings.jitter_replicas)


class Scorer:
    """Receptor, force field and charge model, once per worker.

    Parameters
    ----------
    settings : Scoring
    seed : int
        Of the run.
    receptor : Path
        Folder of the prepared receptor.
    platform : PlatformChoice
    pack_size : int
        Complexes in a Context.
    own_kernels : bool
        Whether our own kernels run on the platform's device.

    Raises
    ------
    PlatformError
        The GPU does not compute any more: a worker that replaces one which its driver took
        along finds out here, before it blames a ligand.
    """

    def __init__(
        self,
        settings: Scoring,
        seed: int,
        receptor: Path,
        platform: PlatformChoice,
        pack_size: int,
        own_kernels: bool,
    ) -> None:
        failure = failure_of(platform) if platform.name in GPU_PLATFORMS else ""
        if failure:
            raise PlatformError(
                f"platform {platform.name} does not compute here: {failure}. To mend it: "
                f"{driver_remedy(failure)}; finished ligands are kept"
            )
        self._settings = settings
        self._seed = seed
        self._receptor = ReceptorModel.load(receptor)
        self._platform = platform
        self._pack_size = pack_size
        self._cache = ParameterCache(cache_file())
        settle(platform, own_kernels)
        load_models()

    def __call__(self, items: list[list[str]]) -> list[Result | LigandError]:
        """Score the selected poses of several ligands.

        Parameters
        ----------
        items : list of list of str
            SD records of each ligand's poses.

        Returns
        -------
        list of dict or LigandError
            For each ligand its scored poses; or, when none could be scored, why the first
            could not.
        """
        ligands = [[read_record(record) for record in records] for records in items]
        mols = [mol for ligand in ligands for mol in ligand]
        try:
            scored = iter(self._score(mols))
        except openmm.OpenMMException as error:
            if is_out_of_memory(error) or not device_failed(str(error)):
                raise
            # what the driver did to this process's contexts is not known: a new one goes on
            log.error("the GPU failed: %s. %s", error, driver_remedy(str(error)))
            logging.shutdown()
            os._exit(EXIT_DEVICE)
        return [self._result(ligand, [next(scored) for _ in ligand]) for ligand in ligands]

    def _score(self, mols: list[Chem.Mol]) -> list[list[PoseScore | LigandError]]:
        """Score poses: of each the pose itself, then its replicas."""
        states: dict[str, Parameters | LigandError] = {}
        poses: list[list[Pose]] = []
        for mol in mols:
            state = mol.GetProp("state")
            if state not in states:
                states[state] = self._parameters(mol)
            parameters = states[state]
            if isinstance(parameters, LigandError):
                poses.append([])
                continue
            pose = Pose(parameters, mol.GetConformer().GetPositions())
            seed = seed_for(self._seed, "jitter", mol.GetProp("_Name"))
            poses.append([pose, *jittered(pose, self._settings, seed)])
        scores = iter(
            score_poses(
                self._receptor,
                [pose for replicas in poses for pose in replicas],
                self._settings,
                self._platform,
                self._pack_size,
            )
        )
        found: list[list[PoseScore | LigandError]] = []
        for mol, replicas in zip(mols, poses, strict=True):
            parameters = states[mol.GetProp("state")]
            failed = [parameters] if isinstance(parameters, LigandError) else []
            found.append([*failed, *(next(scores) for _ in replicas)])
        return found

    def _parameters(self, mol: Chem.Mol) -> Parameters | LigandError:
        limit_s = self._settings.parametrisation_time_limit_s
        try:
            return ligand_parameters(mol, cache=self._cache, time_limit_s=limit_s)
        except LigandError as error:
            return error

    def _result(
        self, ligand: list[Chem.Mol], scores: list[list[PoseScore | LigandError]]
    ) -> Result | LigandError:
        """Put the poses of a ligand together."""
        poses = []
        errors: list[tuple[Chem.Mol, LigandError]] = []
        for mol, (first, *replicas) in zip(ligand, scores, strict=True):
            if isinstance(first, LigandError):
                errors.append((mol, first))
            else:
                row = self._row(mol, first, [r for r in replicas if isinstance(r, PoseScore)])
                poses.append({"row": row, "sdf": _minimised(mol, first, row)})
        if not poses:
            mol, error = errors[0]
            more = f" (and {len(errors) - 1} more poses)" if len(errors) > 1 else ""
            return LigandError(error.reason, f"{mol.GetProp('_Name')}: {error.message}{more}")
        failures = [
            {
                "state": mol.GetProp("state"),
                "pose": mol.GetProp("pose"),
                "reason": each.reason,
                "message": each.message,
            }
            for mol, each in errors
        ]
        return {"poses": poses, "failures": failures}

    def _row(self, mol: Chem.Mol, score: PoseScore, replicas: list[PoseScore]) -> dict[str, Any]:
        """Row of the table of scores."""
        terms, parts = score.terms, score.contributions
        labels = self._receptor.residue_labels
        return {
            "inchikey": mol.GetProp("inchikey"),
            "state": mol.GetProp("state"),
            "pose": int(mol.GetProp("pose")),
            DG.name: terms.total_kcal_mol,
            **{name: getattr(terms, name) for name in names(TERMS)},
            "replicas_kcal_mol": [each.terms.total_kcal_mol for each in replicas],
            "iterations": score.iterations,
            "minimisation": score.end.name.lower(),
            "rmsd_angstrom": score.rmsd_angstrom,
            "platform": self._platform.name,
            OWN_KERNELS.name: in_words(p for each in (score, *replicas) for p in each.ran_on),
            "residue": [str(label) for label in labels[parts.residues]],
            **{
                name: np.round(parts.kcal_mol[:, place], 5).tolist()
                for place, name in enumerate(names(RESIDUE_TERMS))
            },
            "ligand_gb_kcal_mol": float(parts.ligand_kcal_mol[0]),
            "ligand_sa_kcal_mol": float(parts.ligand_kcal_mol[1]),
            "moved_atoms": score.moved_atoms.tolist(),
            "moved_xyz_angstrom": np.round(score.moved_angstrom, 4).ravel().tolist(),
        }


def _minimised(mol: Chem.Mol, score: PoseScore, row: dict[str, Any]) -> str:
    """SD record of the pose where it ended."""
    minimised = Chem.Mol(mol)
    conformer = minimised.GetConformer()
    for index, xyz in enumerate(score.ligand_angstrom.tolist()):
        conformer.SetAtomPosition(index, Point3D(*xyz))
    tags = {name: row[name] for name in ("inchikey", "state", "pose")}
    return sd_record(minimised, mol.GetProp("_Name"), tags)


def write_scores(outcomes: Iterable[Outcome], table: Path, sdf: Path) -> None:
    """Write scores and minimised poses, in the ligands' order."""
    poses = [pose for o in outcomes if o.result for pose in o.result["poses"]]
    with replace_whole(table) as partial:
        rows = [pose["row"] for pose in poses]
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), partial)
    write_text_gz(sdf, "".join(pose["sdf"] for pose in poses))
