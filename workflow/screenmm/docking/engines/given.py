"""Poses that come with the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screenmm.config.engines import EngineFacts
from screenmm.core.errors import LigandError, Reason

if TYPE_CHECKING:
    from rdkit import Chem

    from screenmm.config.settings import Docking
    from screenmm.docking.engine import DockedPose, Site

FACTS = EngineFacts(
    words="the library's SDF carries the poses",
    keys=frozenset(),
    # nothing but to pass poses on
    cpu_s=0.002,
    poses_from_library=True,
)


class Given:
    """Poses come with the library; they are checked to lie in the pocket."""

    def __init__(self, site: Site):
        import numpy as np  # noqa: PLC0415

        box = site.box
        self._center = np.asarray(box.center)
        self._half = np.asarray(box.size) / 2

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Take the pose as it is; see :class:`screenmm.docking.engine.Engine`."""
        from screenmm.docking.engine import DockedPose  # noqa: PLC0415

        centroid = mol.GetConformer().GetPositions().mean(axis=0)
        outside = abs(centroid - self._center) - self._half
        if outside.max() > 0:
            raise LigandError(
                Reason.POSE_OUTSIDE_POCKET,
                f"the pose's centre ({', '.join(f'{x:.1f}' for x in centroid)}) lies "
                f"{outside.max():.1f} Å outside the box around "
                f"({', '.join(f'{x:.1f}' for x in self._center)})",
            )
        return [DockedPose(mol, origin="library")]


def make(settings: Docking, site: Site) -> Given:
    """Make the engine ready; see :func:`screenmm.docking.engine.make_engine`."""
    return Given(site)
