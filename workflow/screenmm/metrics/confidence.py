"""Receptors that are predicted models."""

from __future__ import annotations

from screenmm.metrics.part import Part


class ModelConfidence(Part):
    """How sure a predicted model is of itself, and of its pocket."""

    verdict: str
    """How sure it is of its pocket, and whether a known ligand was found there, in short."""
    text: str
    """All of it in words."""
    why: str
    """What says that it is a predicted model."""
    pocket_plddt: float | None
    """Mean pLDDT around the pocket, 0 to 100; null where it is not known."""
    pocket_lowest_plddt: float | None
    """Lowest pLDDT around the pocket."""
    pocket_residues: int
    """Residues around the pocket whose pLDDT is known."""
    min_pocket_plddt: float | None
    """What the config asks of their mean; residues below it are doubtful."""
    doubtful: list[str]
    """Residues around the pocket that are doubtful."""
    pocket_pae_angstrom: float | None
    """Mean predicted aligned error of pairs of residues around the pocket, Å; null without PAE."""
    pocket_highest_pae_angstrom: float | None
    """Highest predicted aligned error of such a pair, Å."""
    rest_pae_angstrom: float | None
    """Mean predicted aligned error between them and the other residues, Å."""
    trimmed: int
    """Residues of low confidence that were taken out before anything else."""
    trimmed_near_pocket: int | None
    """Those of them that lay around the pocket; null where no residue of it is left."""
    trimmed_runs: list[str]
    """First and last residue of each stretch that was taken out."""

    @property
    def is_low(self) -> bool:
        """Whether its pocket is below what the config asks."""
        return (
            self.pocket_plddt is not None
            and self.min_pocket_plddt is not None
            and self.pocket_plddt < self.min_pocket_plddt
        )
