"""Receptors that are predicted models: what of them can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screenmm.metrics.confidence import ModelConfidence
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Predicted structures", place=12)


@dataclass(frozen=True, kw_only=True)
class Predicted(Context):
    """Predicted models.

    Attributes
    ----------
    models : mapping of str to ModelConfidence
        By receptor, as in the metrics.
    """

    models: Mapping[str, ModelConfidence]


def context(results: Results) -> Predicted | None:
    """Take them from the metrics; None where no receptor is a model."""
    models = results.metrics.models
    return Predicted(models=models) if models else None
