"""AutoDock Vina."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from screenmm.config.engines import Effort, EngineFacts
from screenmm.core.errors import LigandError, Reason

if TYPE_CHECKING:
    from rdkit import Chem

    from screenmm.config.settings import Docking
    from screenmm.docking.engine import DockedPose, Site

FACTS = EngineFacts(
    words="AutoDock Vina 1.2",
    keys=frozenset({"poses", "exhaustiveness", "templates", "reference_template"}),
    # 4.8 per search run
    efforts={
        "fast": Effort("exhaustiveness 1", 4.8, {"exhaustiveness": 1}),
        "standard": Effort("exhaustiveness 8", 38.4, {"exhaustiveness": 8}),
        "thorough": Effort("exhaustiveness 32", 153.6, {"exhaustiveness": 32}),
    },
    cpu_s_grows_with="exhaustiveness",
    packages=("vina",),
    get="pip install vina (PyPI has it for Python up to 3.12), or conda install -c conda-forge "
    "vina",
)


class Vina:
    """AutoDock Vina 1.2 [1]_; its maps are built once for all ligands.

    The seed is that of the maps' object, so one seed serves all ligands of a run; each
    search starts from it anew and does not depend on the ligands before.

    References
    ----------
    .. [1] J. Eberhardt et al., J. Chem. Inf. Model. 61, 3891 (2021).
    """

    def __init__(self, settings: Docking, site: Site):
        import vina  # noqa: PLC0415

        self._poses = settings.poses
        self._search = settings.by_effort
        self._vina = vina.Vina(sf_name="vina", cpu=1, seed=site.run_seed, verbosity=0)
        self._vina.set_receptor(str(site.receptor_pdbqt))
        self._vina.compute_vina_maps(center=list(site.box.center), box_size=list(site.box.size))

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Dock one state; see :class:`screenmm.docking.engine.Engine`."""
        from screenmm.docking.engine import DockedPose  # noqa: PLC0415
        from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt  # noqa: PLC0415

        text = ligand_pdbqt(mol)
        with contextlib.redirect_stdout(io.StringIO()):
            try:
                self._vina.set_ligand_from_string(text)
                self._vina.dock(n_poses=self._poses, **self._search)
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

    def refine(self, ligand: str, starts: Sequence[str], seed: int) -> list[tuple[float, str]]:
        """Optimise starts; see :class:`screenmm.docking.placement.engine.Refiner`."""
        refined = []
        with tempfile.TemporaryDirectory(prefix="screenmm.") as folder:
            path = Path(folder) / "pose.pdbqt"
            with contextlib.redirect_stdout(io.StringIO()):
                for start in starts:
                    try:
                        self._vina.set_ligand_from_string(start)
                        score = float(self._vina.optimize()[0])
                        self._vina.write_pose(str(path), overwrite=True)
                    except (RuntimeError, ValueError, TypeError):
                        continue  # outside the box
                    refined.append((score, path.read_text()))
        return refined


def make(settings: Docking, site: Site) -> Vina:
    """Make the engine ready; see :func:`screenmm.docking.engine.make_engine`."""
    return Vina(settings, site)
