"""Why records were not ranked."""

from __future__ import annotations

from dataclasses import dataclass

from screenmm.analysis.metrics import LeftOut, reasons
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Ledger", place=60)


@dataclass(frozen=True, kw_only=True)
class Ledger(Context):
    """Reasons.

    Attributes
    ----------
    reasons : list of LeftOut
    """

    reasons: list[LeftOut]


def context(results: Results) -> Ledger:
    """Count the records by reason."""
    return Ledger(reasons=reasons(results.con))
