"""Whom the screen lost: properties, scaffolds and loss rates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screenmm.analysis.verdict import score_words
from screenmm.bias.described import PROPERTIES
from screenmm.bias.losses import LOSSES
from screenmm.metrics import bias as metrics
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Bias", place=50)


@dataclass(frozen=True, kw_only=True)
class Bias(Context):
    """The bias report.

    Attributes
    ----------
    bias : metrics.Bias
        As in the metrics.
    losses, words : mapping of str to str
        What each loss means; what each score and property is called.
    """

    bias: metrics.Bias
    losses: Mapping[str, str]
    words: Mapping[str, str]


def context(results: Results) -> Bias | None:
    """Gather the report; None where the run has none."""
    found = results.metrics.bias
    if found is None:
        return None
    words = score_words() | {name: each.words for name, each in PROPERTIES.items()}
    return Bias(bias=found, losses=LOSSES, words=words)
