"""What a docking engine is: a ligand in, poses with scores out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rdkit import Chem

from screenmm.config.engines import engine_module
from screenmm.config.settings import Docking
from screenmm.core.errors import LigandError

if TYPE_CHECKING:
    from screenmm.devices.vulkan import SearchDevice


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
    scores : mapping of str to float or None
        The engine's own: columns of ``scores`` of its ``FACTS``.
    origin : str
        ``search``, ``template`` or ``library``: which way it came.
    template : str or None
        Name of the template that placed it.
    unplaced : LigandError or None
        Why no template placed it, where there are templates.
    """

    mol: Chem.Mol
    dock_score_kcal_mol: float | None = None
    cnn_score: float | None = None
    cnn_affinity_pk: float | None = None
    scores: Mapping[str, float | None] = field(default_factory=dict)
    origin: str = "search"
    template: str | None = None
    unplaced: LigandError | None = None


class Engine(Protocol):
    """What every engine offers."""

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


@dataclass(frozen=True)
class Site:
    """What an engine docks into, and on what.

    Parameters
    ----------
    receptor_pdbqt : Path
        Rigid receptor around the box.
    box : Box
    device : SearchDevice
        For an engine that reads ``docking.device``.
    run_seed : int
        Of the run, for an engine whose seed is fixed with its maps.
    """

    receptor_pdbqt: Path
    box: Box
    device: SearchDevice
    run_seed: int


def make_engine(settings: Docking, site: Site) -> Engine:
    """Make the engine that the config names, ready to dock; it knows of no templates.

    Parameters
    ----------
    settings : screenmm.config.settings.Docking
    site : Site
    """
    engine: Engine = engine_module(settings.engine).make(settings, site)
    return engine
