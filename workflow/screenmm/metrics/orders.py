"""What a receptor's ranking follows, and what is known of that order."""

from __future__ import annotations

from screenmm.metrics.part import Part


class OrderEvidence(Part):
    """How an order did on targets with known answers, beside docking alone; means over them."""

    targets: int
    """How many targets."""
    roc_auc: float
    """ROC-AUC; of a series with measured affinities the share of pairs that are put right."""
    roc_auc_docking: float
    """The same by each ligand's lowest docking score."""
    roc_auc_lead_low: float
    """Low end of the 95 % interval of the lead over docking; ligands and targets are drawn."""
    roc_auc_lead_high: float
    """High end of that interval."""
    bedroc_20: float
    """BEDROC with α 20; of a series, of its best third."""
    bedroc_20_docking: float
    """The same by each ligand's lowest docking score."""
    bedroc_20_lead_low: float
    """Low end of the 95 % interval of the lead over docking; ligands and targets are drawn."""
    bedroc_20_lead_high: float
    """High end of that interval."""


class RankingOrder(Part):
    """The order of one receptor's ranking."""

    asked: str
    """Order that the config asks for."""
    followed: str
    """Order that the ranking follows."""
    joins: list[str]
    """Scores that it joins, if it is a consensus."""
    score: str
    """Column that it follows."""
    lacking: list[str]
    """Columns without a number, for which other orders were passed over."""
    evidence: OrderEvidence | None
    """What was measured of it on targets with known answers; null where nothing was."""
    text: str
    """All of it in words."""
