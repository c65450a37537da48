"""Why records were not ranked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from screenmm.analysis.metrics import reasons
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Ledger", place=60)


@dataclass(frozen=True, kw_only=True)
class Ledger(Context):
    """Reasons.

    Attributes
    ----------
    reasons : list of dict
        From :func:`screenmm.analysis.metrics.reasons`.
    """

    reasons: list[dict[str, Any]]


def context(results: Results) -> Ledger:
    """Count the records by reason."""
    return Ledger(reasons=reasons(results.con))
