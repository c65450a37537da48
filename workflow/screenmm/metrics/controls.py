"""How well each score separates known actives and follows known affinities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from screenmm.metrics.measures import BaselineMeasure, Measure
from screenmm.metrics.part import Part

Kind = Literal["classification", "correlation"]
Direction = Literal[1, -1]


class BaselineSeparation(Part):
    """How well a trivial property separates the same ligands, and the score's lead."""

    direction: Direction
    """1 where larger counts as better, -1 where smaller does."""
    roc_auc: BaselineMeasure
    """Area under the ROC curve."""
    pr_auc: BaselineMeasure
    """Average precision."""
    log_auc: BaselineMeasure
    """Area under the ROC curve over the logarithm of the false positive rate."""
    bedroc_20: BaselineMeasure
    """BEDROC with α 20."""
    ef_1_percent: BaselineMeasure
    """Enrichment factor of the best 1 %."""
    ef_5_percent: BaselineMeasure
    """Enrichment factor of the best 5 %."""
    ef_10_percent: BaselineMeasure
    """Enrichment factor of the best 10 %."""


class BaselineAgreement(Part):
    """How well a trivial property follows affinity on the same ligands, and the score's lead."""

    direction: Direction
    """1 where larger counts as better, -1 where smaller does."""
    spearman: BaselineMeasure
    """Spearman's correlation."""
    pearson: BaselineMeasure
    """Pearson's correlation."""
    kendall: BaselineMeasure
    """Kendall's tau-b."""


class Separation(Part):
    """How well a score separates known actives from inactives."""

    n: int
    """Ligands with a label and the score."""
    actives: int
    """Actives among them."""
    resamples: int | None = None
    """Resamples that the intervals come from; left out where nothing can be measured."""
    roc_auc: Measure
    """Area under the ROC curve; 0.5 by chance."""
    pr_auc: Measure
    """Average precision; the share of actives by chance."""
    log_auc: Measure
    """Area under the ROC curve over the logarithm of the false positive rate; 0.14 by chance."""
    bedroc_20: Measure
    """BEDROC with α 20."""
    ef_1_percent: Measure
    """Enrichment factor of the best 1 %: how many times more actives than by chance."""
    ef_5_percent: Measure
    """Enrichment factor of the best 5 %."""
    ef_10_percent: Measure
    """Enrichment factor of the best 10 %."""
    direction: Direction | None = None
    """Of a trivial property: 1 where larger counts as better, -1 where smaller does."""
    baselines: dict[str, BaselineSeparation] = Field(default_factory=dict)
    """Trivial properties on the same ligands."""
    fitted_on: int | None = None
    """Of a fitted consensus: ligands that its weights come from; the others are measured."""
    weights: dict[str, float] | None = None
    """Of a fitted consensus: score, in standard deviations, to its weight."""


class Agreement(Part):
    """How well a score follows measured affinity."""

    n: int
    """Ligands with an affinity and the score."""
    resamples: int | None = None
    """Resamples that the intervals come from; left out where nothing can be measured."""
    spearman: Measure
    """Spearman's correlation."""
    pearson: Measure
    """Pearson's correlation."""
    kendall: Measure
    """Kendall's tau-b."""
    direction: Direction | None = None
    """Of a trivial property: 1 where larger counts as better, -1 where smaller does."""
    baselines: dict[str, BaselineAgreement] = Field(default_factory=dict)
    """Trivial properties on the same ligands."""
    fitted_on: int | None = None
    """Of a fitted consensus: ligands that its weights come from; the others are measured."""
    weights: dict[str, float] | None = None
    """Of a fitted consensus: score, in standard deviations, to its weight."""


Scored = Separation | Agreement
"""A score's measures, of either kind."""


class Rival(Part):
    """A score in a contest, by ROC-AUC or Spearman's correlation."""

    value: float
    """Its value."""
    low: float | None
    """Low end of its 95 % interval; null where there is none."""
    high: float | None
    """High end of its 95 % interval; null where there is none."""
    interval_reason: str | None = None
    """Why there is no interval."""


class TrivialRival(Rival):
    """A trivial property in a contest."""

    direction: Direction
    """1 where larger counts as better, -1 where smaller does."""


class Lead(Part):
    """A score's lead over a trivial property."""

    lead: float
    """The score's value less the property's."""
    low: float | None
    """Low end of its 95 % interval; null where there is none."""
    high: float | None
    """High end of its 95 % interval; null where there is none."""
    interval_reason: str | None = None
    """Why there is no interval."""


class Contest(Part):
    """All scores against what is trivial, on the same ligands; empty where there are none.

    Intervals of scores and of leads hold for all scores at once.
    """

    n: int = 0
    """Ligands with a known answer and every score."""
    actives: int | None = None
    """Actives among them, where the answer is a label."""
    reason: str | None = None
    """Why nothing can be compared."""
    scores: dict[str, Rival] = Field(default_factory=dict)
    """Scores by name."""
    trivial: dict[str, TrivialRival] = Field(default_factory=dict)
    """Trivial properties by name, each with an interval of its own."""
    leads: dict[str, dict[str, Lead]] = Field(default_factory=dict)
    """Score to property to its lead."""


class Common(Part):
    """Measures on the ligands that have every score."""

    classification: dict[str, Separation]
    """Score to how well it separates actives."""
    correlation: dict[str, Agreement]
    """Score to how well it follows affinity."""


class Unranked(Part):
    """Labelled ligands without a rank, which take no part in the controls."""

    actives: int
    """With label 1."""
    inactives: int
    """With label 0."""


class Controls(Part):
    """Controls of one receptor."""

    classification: dict[str, Separation]
    """Score, trivial property and fitted consensus to how well it separates actives."""
    correlation: dict[str, Agreement]
    """The same to how well it follows affinity."""
    common: Common
    """The scores that the verdict chooses between, and size, on the ligands that have all."""
    contest: dict[Kind, Contest]
    """Kind of control to what its verdict is given by."""
    unranked: Unranked
    """Labelled ligands without a rank."""
    presumed_inactive: bool
    """Whether ligands without a label count as inactive."""

    @property
    def measured(self) -> dict[Kind, Mapping[str, Scored]]:
        """Kind of control to scores and their measures."""
        return {"classification": self.classification, "correlation": self.correlation}
