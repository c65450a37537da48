"""Targets with several structures."""

from __future__ import annotations

from typing import Literal

from screenmm.metrics.controls import Kind
from screenmm.metrics.measures import Measure
from screenmm.metrics.part import Part


class EnsembleControl(Part):
    """How well an ensemble and each of its structures rank the known ligands that all have."""

    kind: Kind
    """Labels, or measured affinities."""
    measure: str
    """``roc_auc`` or ``spearman``."""
    n: int
    """Known ligands that have the score in every structure."""
    ensemble: Measure
    """Of the joined score."""
    members: dict[str, Measure]
    """Receptor to that of its own score."""


class Ensemble(Part):
    """One score of each ligand over several structures of a target."""

    text: str
    """What it came to, in words."""
    members: list[str]
    """Its receptors."""
    how: Literal["best", "boltzmann"]
    """How scores are joined, as ``ranking.ensemble`` says."""
    score: str
    """Column of the ranking that is joined."""
    ligands: int
    """Ligands with a score in any structure."""
    scored_in_all: int
    """Those that have it in every structure."""
    won: dict[str, int]
    """Receptor to the ligands that score best in it, of those that have the score in all."""
    agreement: float | None
    """Mean of Spearman's correlations between the structures; null with fewer than 3 ligands."""
    controls: list[EnsembleControl]
    """How well known ligands are ranked."""
