"""rustina: QuickVina2-style search on Vinardo grids with GNINA's CNN."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from screenmm.config.engines import Effort, EngineFacts
from screenmm.core.errors import LigandError, PlatformError, Reason

if TYPE_CHECKING:
    from rdkit import Chem

    from screenmm.config.settings import Docking
    from screenmm.docking.engine import DockedPose, Site

FACTS = EngineFacts(
    words="QuickVina2-style search with GNINA CNN",
    keys=frozenset({"poses", "device", "effort", "templates", "reference_template"}),
    efforts={
        "fast": Effort("1 run", 3.0),
        # 7.2 for each of the demo's 40 states, 10.2 for 8 larger ones
        "standard": Effort("16 runs that race", 8.0),
        "thorough": Effort("8 runs, each to its end", 20.0),
    },
    packages=("rustina",),
    get="pip install rustina",
    cnn=True,
)

SEARCH: Mapping[str, Mapping[str, Any]] = {
    "fast": {"search_mode": "qvina2", "runs": 1},
    "standard": {},
    "thorough": {"search_mode": "qvina2", "runs": 8},
}
"""rustina's parameters of each effort on a CPU."""

GPU_SEARCH: Mapping[str, Mapping[str, Any]] = {
    "fast": {"search_mode": "gpu", "gpu_profile": "fast"},
    "standard": {"search_mode": "gpu"},
    "thorough": {"search_mode": "gpu", "gpu_profile": "deep"},
}
"""The same on a GPU."""

GPU_FAILED = re.compile(
    r"gpu search unavailable|GPU device request failed|(device|context) (is )?lost", re.IGNORECASE
)
"""What rustina says of a GPU that does not compute, and not of a ligand."""

SEARCHED_BESIDE = 10
"""Poses of a search that come with those that were only refined, and are dropped."""

COARSE_ANGSTROM = 1.0
"""Spacing of that search's grid; what is refined feels the receptor's atoms, no grid."""


class Rustina:
    """rustina: QuickVina2-style search on Vinardo grids with GNINA's CNN.

    Its function that returns several poses builds its grids at each call: about a tenth
    of a second of some eight CPU seconds a ligand.
    """

    def __init__(self, settings: Docking, site: Site):
        self._receptor = site.receptor_pdbqt.read_text()
        self._poses = settings.poses
        keys = ("cx", "cy", "cz", "sx", "sy", "sz")
        self._box: dict[str, Any] = dict(zip(keys, site.box.center + site.box.size, strict=True))
        self._on_gpu = site.device.kind == "gpu"
        self._search = self._box | dict((GPU_SEARCH if self._on_gpu else SEARCH)[settings.effort])

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock one state; see :class:`screenmm.docking.engine.Engine`."""
        import rustina  # noqa: PLC0415

        from screenmm.docking.engine import DockedPose  # noqa: PLC0415
        from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt  # noqa: PLC0415

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
            if self._on_gpu and GPU_FAILED.search(str(error)):
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

    def refine(self, ligand: str, starts: Sequence[str], seed: int) -> list[tuple[float, str]]:
        """Optimise starts; see :class:`screenmm.docking.placement.engine.Refiner`.

        rustina refines beside a search alone, so the shortest one runs, and is not looked at.
        """
        import rustina  # noqa: PLC0415

        most = len(starts) + SEARCHED_BESIDE
        try:
            found = rustina.dock(
                self._receptor,
                ligand,
                **self._box,
                search_mode="qvina2",
                runs=1,
                spacing=COARSE_ANGSTROM,
                seed=seed,
                threads=1,
                num_modes=most,
                pose_pool_size=most,
                skip_cnn=True,
                seed_poses=list(starts),
            )
        except (RuntimeError, ValueError) as error:
            raise LigandError(Reason.DOCKING_FAILED, f"rustina: {error}") from error
        refined = {
            pose["seed_index"]: (pose["affinity"], pose["pdbqt"])
            for pose in found
            if "seed_index" in pose
        }
        return [refined[index] for index in sorted(refined)]


def make(settings: Docking, site: Site) -> Rustina:
    """Make the engine ready; see :func:`screenmm.docking.engine.make_engine`."""
    return Rustina(settings, site)
