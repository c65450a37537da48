"""Placement by template alone, refined by AutoDock Vina's local optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screenmm.config.engines import EngineFacts
from screenmm.core.errors import LigandError, Reason
from screenmm.docking.engines import vina

if TYPE_CHECKING:
    from rdkit import Chem

    from screenmm.config.settings import Docking
    from screenmm.docking.engine import DockedPose, Site

FACTS = EngineFacts(
    words="the core held where a reference ligand's lies, the rest sampled, AutoDock Vina's local "
    "optimisation; docks nothing freely",
    keys=frozenset({"poses", "templates", "reference_template"}),
    # 29 ligands of the JACS series, on a busy machine
    cpu_s=3.3,
    only_places=True,
    packages=vina.FACTS.packages,
    get=vina.FACTS.get,
)


class Template(vina.Vina):
    """Vina without its search: a ligand that no template places has no pose."""

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        """Refuse; see :class:`screenmm.docking.engine.Engine`."""
        raise LigandError(Reason.NOT_PLACED, "")


def make(settings: Docking, site: Site) -> Template:
    """Make the engine ready; see :func:`screenmm.docking.engine.make_engine`."""
    return Template(settings, site)
