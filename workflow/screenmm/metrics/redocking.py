"""Whether the reference ligand was found again."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from screenmm.metrics.part import Part


class RedockedPose(Part):
    """A pose of the reference ligand."""

    pose: int
    """Its number, best docked first."""
    dock_score_kcal_mol: float
    """Docking score, kcal/mol."""
    rmsd_angstrom: float
    """RMSD of the docked pose to the reference, Å."""
    dg_mmgbsa_kcal_mol: float | None
    """MM/GBSA energy, kcal/mol; null where it could not be scored."""
    rmsd_minimised_angstrom: float | None
    """RMSD of the minimised pose to the reference, Å; null where it could not be minimised."""


class Redocking(Part):
    """What docking the reference ligand of a receptor again came to."""

    status: Literal["done", "not_done"]
    """Whether there are poses to compare."""
    reason: str | None
    """Why there are none; null where there are some."""
    ligand: str | None
    """The reference ligand in words."""
    engine: str
    """Docking engine."""
    of_relative: bool = False
    """Whether it is the ligand of a related structure (``pocket.like``), of another protein."""
    poses: int
    """Poses that were compared."""
    top_rmsd_angstrom: float | None
    """RMSD of the pose that docking puts first, Å."""
    best_rmsd_angstrom: float | None
    """Lowest RMSD of all docked poses, Å."""
    top_rmsd_minimised_angstrom: float | None
    """RMSD of the pose that docking puts first, minimised, Å."""
    best_rmsd_minimised_angstrom: float | None
    """Lowest RMSD of all minimised poses, Å."""
    mmgbsa_top_rmsd_angstrom: float | None
    """RMSD of the minimised pose that MM/GBSA puts first, Å."""
    passed: bool | None
    """Whether the best docked pose is within the limit; null without poses, and where it is but the
    pocket was fitted to the ligand."""
    text: str
    """All of it in words."""
    fitted: bool = False
    """Whether side chains of the receptor were turned away from this ligand."""
    receptor: str | None = None
    """The receptor."""
    inchikey: str | None = None
    """InChIKey of the ligand as it was docked."""
    smiles: str | None = None
    """SMILES of the ligand as it was docked."""
    limit_angstrom: float | None = None
    """Largest RMSD of the best docked pose that passes, Å."""
    each_pose: list[RedockedPose] = Field(default_factory=list)
    """Every pose, best docked first."""
