"""What the screen comes to, in five seconds: a word, what to buy, what to be careful of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from screenmm.analysis.known_answers import has_controls
from screenmm.analysis.picks import pick
from screenmm.metrics.outlook import Concern, Outlook
from screenmm.report.depict import draw
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="At a glance", place=5)

SHOWN = 6
"""Picks on the first screen; the section on picks has all."""

PLACES = {
    Concern.POSE_NOT_FOUND: "summary",
    Concern.POSE_UNTESTED: "summary",
    Concern.PICKS_FAIL_CHECKS: "picks",
    Concern.PICKS_NOT_SCORED: "picks",
    Concern.PICKS_DO_NOT_BIND: "picks",
    Concern.PICKS_KNOWN: "picks",
    Concern.NET_CHARGE: "bias",
    Concern.FEW_RANKED: "summary",
    Concern.RECORDS_FAILED: "ledger",
    Concern.ONLY_PREDICTED: "rounds",
    Concern.PREDICTED_MODEL: "predicted",
}
"""Section with the numbers behind a concern; all others are of the controls."""


@dataclass(frozen=True, slots=True)
class Glance:
    """One receptor at a glance.

    Attributes
    ----------
    receptor : str
    outlook : Outlook
        The word and the cautions, as in the metrics.
    picks : list of dict
        The first picks, each with its ``drawing``.
    all_picks : int
        How many there are.
    """

    receptor: str
    outlook: Outlook
    picks: list[dict[str, Any]]
    all_picks: int


@dataclass(frozen=True, kw_only=True)
class AtAGlance(Context):
    """All receptors at a glance.

    Attributes
    ----------
    glances : list of Glance
        In config order.
    places : mapping of Concern to str
        Section with the numbers behind each concern.
    """

    glances: list[Glance]
    places: Mapping[Concern, str]


def context(results: Results) -> AtAGlance:
    """Take the outlooks from the metrics, and draw the first picks."""
    of_controls = "controls" if has_controls(results.metrics) else "summary"
    return AtAGlance(
        glances=[_glance(results, receptor) for receptor in results.receptors],
        places={concern: PLACES.get(concern, of_controls) for concern in Concern},
    )


def _glance(results: Results, receptor: str) -> Glance:
    rows = pick(results.con, receptor, results.settings.ranking.picks)
    return Glance(
        receptor=receptor,
        outlook=results.metrics.outlook[receptor],
        picks=[
            row | {"drawing": draw(row["state_smiles"] or row["smiles"])} for row in rows[:SHOWN]
        ],
        all_picks=len(rows),
    )
