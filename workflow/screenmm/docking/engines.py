"""Docking engines behind one interface: a ligand in, poses with scores out."""

from __future__ import annotations

import contextlib
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from rdkit import Chem

from screenmm.config.settings import Docking
from screenmm.core.errors import LigandError, PlatformError, Reason
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt

GPU_FAILED = re.compile(
    r"gpu search unavailable|GPU device request failed|(device|context) (is )?lost", re.IGNORECASE
)
"""What rustina says of a GPU that does not compute, and not of a ligand."""


@dataclass(frozen=True)
class Box:
    """Search space, Å."""

    center: tuple[float, float, float]
    size: tuple[float, float, float]

    @classmethod
    def load(cls, path: Path) -> Box:
        """Read from a ``pocket.json``."""
        pocket = json.loads(path.read_text())
        return cls(tuple(pocket["center_angstrom"]), tuple(pocket["size_angstrom"]))


@dataclass(frozen=True)
class DockedPose:
    """One docked pose; scores an engine does not give are None.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens, docked coordinates.
    dock_score_kcal_mol : float or None
        Empirical score.
    cnn_score : float or None
        Probability that the pose is right (GNINA CNN).
    cnn_affinity_pk : float or None
        Affinity as pK (GNINA CNN).
    """

    mol: Chem.Mol
    dock_score_kcal_mol: float | None = None
    cnn_score: float | None = None
    cnn_affinity_pk: float | None = None


class Engine(Protocol):
    """What every engine offers."""

    name: str

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock one state.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            All hydrogens, one conformer.
        seed : int
            Of the search.

        Returns
        -------
        list of DockedPose
            Best first by the engine's own order.

        Raises
        ------
        LigandError
            No pose could be made.
        """
        ...


class Rustina:
    """rustina: QuickVina2-style search on Vinardo grids with GNINA's CNN.

    Its function that returns several poses builds its grids at each call: about a tenth
    of a second of some eight CPU seconds a ligand.
    """

    name = "rustina"

    def __init__(self, receptor_pdbqt: str, box: Box, settings: Docking, device: SearchDevice):
        self._receptor = receptor_pdbqt
        self._poses = settings.poses
        keys = ("cx", "cy", "cz", "sx", "sy", "sz")
        self._search: dict[str, Any] = dict(zip(keys, box.center + box.size, strict=True))
        if device.kind == "gpu":
            self._search["search_mode"] = "gpu"

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock one state; see :class:`Engine`."""
        import rustina  # noqa: PLC0415  (only where this engine is used)

        pool = max(10, self._poses)
        try:
            found = rustina.dock(
                self._receptor,
                ligand_pdbqt(mol),
                **self._search,
                seed=seed,
                threads=1,
                num_modes=self._poses,
                pose_pool_size=pool,
                # every pose that may be returned gets its CNN scores
                cnn_pool_size=pool,
            )
        except (RuntimeError, ValueError) as error:
            if "search_mode" in self._search and GPU_FAILED.search(str(error)):
                raise PlatformError(
                    f"rustina: {error}. Restart the driver or the machine and run again: "
                    "finished ligands are kept; or set docking.device to cpu"
                ) from error
            raise LigandError(Reason.DOCKING_FAILED, f"rustina: {error}") from error
        if not found:
            raise LigandError(Reason.DOCKING_FAILED, "rustina found no pose in the box")
        mols = poses_from_pdbqt(mol, [pose["pdbqt"] for pose in found])
        return [
            DockedPose(pose_mol, pose["affinity"], pose["cnn_score"], pose["cnn_affinity"])
            for pose_mol, pose in zip(mols, found, strict=True)
        ]


class Vina:
    """AutoDock Vina 1.2 [1]_; its maps are built once for all ligands.

    The seed is that of the maps' object, so one seed serves all ligands of a run; each
    search starts from it anew and does not depend on the ligands before.

    References
    ----------
    .. [1] J. Eberhardt et al., J. Chem. Inf. Model. 61, 3891 (2021).
    """

    name = "vina"

    def __init__(self, receptor_pdbqt: Path, box: Box, settings: Docking, run_seed: int):
        import vina  # noqa: PLC0415  (only where this engine is used)

        self._poses = settings.poses
        self._exhaustiveness = settings.exhaustiveness
        self._vina = vina.Vina(sf_name="vina", cpu=1, seed=run_seed, verbosity=0)
        self._vina.set_receptor(str(receptor_pdbqt))
        self._vina.compute_vina_maps(center=list(box.center), box_size=list(box.size))

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock one state; see :class:`Engine`."""
        text = ligand_pdbqt(mol)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                self._vina.set_ligand_from_string(text)
                self._vina.dock(exhaustiveness=self._exhaustiveness, n_poses=self._poses)
                models = self._vina.poses(n_poses=self._poses, energy_range=100.0)
                energies = self._vina.energies(n_poses=self._poses, energy_range=100.0)
            except (RuntimeError, ValueError, TypeError) as error:
                raise LigandError(Reason.DOCKING_FAILED, f"vina: {error}") from error
        texts = [
            model.lstrip().split("\n", 1)[1] for model in models.split("ENDMDL") if "ATOM" in model
        ]
        if not texts:
            raise LigandError(Reason.DOCKING_FAILED, "vina found no pose in the box")
        mols = poses_from_pdbqt(mol, texts)
        return [DockedPose(pose, float(row[0])) for pose, row in zip(mols, energies, strict=True)]


class Given:
    """Poses come with the library; they are checked to lie in the pocket."""

    name = "given"

    def __init__(self, box: Box):
        self._center = np.asarray(box.center)
        self._half = np.asarray(box.size) / 2

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Take the pose as it is; see :class:`Engine`."""
        centroid = mol.GetConformer().GetPositions().mean(axis=0)
        outside = np.abs(centroid - self._center) - self._half
        if outside.max() > 0:
            raise LigandError(
                Reason.POSE_OUTSIDE_POCKET,
                f"the pose's centre ({', '.join(f'{x:.1f}' for x in centroid)}) lies "
                f"{outside.max():.1f} Å outside the box around "
                f"({', '.join(f'{x:.1f}' for x in self._center)})",
            )
        return [DockedPose(mol)]


def make_engine(
    settings: Docking, receptor_pdbqt: Path, box: Box, device: SearchDevice, run_seed: int
) -> Engine:
    """Make the engine that the config names, ready to dock.

    Parameters
    ----------
    settings : screenmm.config.settings.Docking
    receptor_pdbqt : Path
        Rigid receptor around the box.
    box : Box
    device : SearchDevice
        For rustina.
    run_seed : int
        For vina, whose seed is fixed with its maps.
    """
    if settings.engine == "rustina":
        return Rustina(receptor_pdbqt.read_text(), box, settings, device)
    if settings.engine == "vina":
        return Vina(receptor_pdbqt, box, settings, run_seed)
    return Given(box)
