"""The dialog with all that is known of one ligand, which the hit tables fill and open."""

from __future__ import annotations

from screenmm.report.section import Context, Results, Section

SECTION = Section(title="", place=90, in_main=False)


def context(results: Results) -> Context:
    """Nothing: scripts fill it."""
    return Context()
