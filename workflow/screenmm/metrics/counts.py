"""What went into a screen, and what became of it."""

from __future__ import annotations

from screenmm.metrics.part import Part


class ReceptorCounts(Part):
    """Fates of all records with one receptor, and what was made for it."""

    ranked: int
    """Records whose ligand is ranked."""
    filtered: int
    """Records that a filter took out."""
    duplicate: int
    """Records of a ligand that an earlier record has."""
    failed: int
    """Records that could not be read, prepared, docked or scored."""
    predicted: int = 0
    """Records that no round docked."""
    ranked_by_mmgbsa: int
    """Ranked ligands with an MM/GBSA energy."""
    poses_docked: int
    """Poses that docking kept."""
    poses_scored: int
    """Poses with an MM/GBSA energy."""

    @property
    def by_status(self) -> dict[str, int]:
        """Records by their fate."""
        return {
            "ranked": self.ranked,
            "filtered": self.filtered,
            "duplicate": self.duplicate,
            "failed": self.failed,
            "predicted": self.predicted,
        }


class ReasonCount(Part):
    """Records that were not ranked for one reason."""

    receptor: str
    """Receptor that they were not ranked for."""
    status: str
    """Their fate: filtered, duplicate or failed."""
    stage: str
    """Stage that took them out."""
    reason: str
    """Why."""
    records: int
    """How many."""


class LabelConflict(Part):
    """A ligand whose records have different labels."""

    name: str | None
    """Name of its first record with a label."""
    inchikey: str
    """Its InChIKey."""
    label: int
    """The label that counts: 1 active, 0 inactive."""


class LabelConflicts(Part):
    """Ligands whose records have different labels."""

    ligands: int
    """How many."""
    examples: list[LabelConflict]
    """The first of them, in library order."""


class AffinityConflict(Part):
    """A ligand whose records have different affinities."""

    name: str | None
    """Name of its first record with an affinity."""
    inchikey: str
    """Its InChIKey."""
    affinity_kcal_mol: float
    """The affinity that counts, kcal/mol."""
    low_kcal_mol: float
    """Lowest affinity of its records, kcal/mol."""
    high_kcal_mol: float
    """Highest affinity of its records, kcal/mol."""


class AffinityConflicts(Part):
    """Ligands whose records have different affinities."""

    ligands: int
    """How many."""
    examples: list[AffinityConflict]
    """The first of them, in library order."""


class Counts(Part):
    """Records, ligands, states and poses."""

    records: int
    """Records of the library."""
    standardised: int
    """Records with a standardised structure."""
    ligands: int
    """Distinct ligands."""
    states_docked: int
    """States (protomers, tautomers, stereoisomers) with a docked pose."""
    by_receptor: dict[str, ReceptorCounts]
    """Receptor, in config order, to its counts."""
    by_reason: list[ReasonCount]
    """Records that were not ranked, by receptor and reason, most records first."""
    conflicting_labels: LabelConflicts
    """Ligands whose records disagree on the label."""
    conflicting_affinities: AffinityConflicts
    """Ligands whose records disagree on the affinity."""

    @property
    def statuses(self) -> list[str]:
        """Fates that records of this run may have: ``predicted`` only where there were rounds."""
        of_all = [found.by_status for found in self.by_receptor.values()]
        return [
            status
            for status in (of_all[0] if of_all else {})
            if status != "predicted" or any(each[status] for each in of_all)
        ]
