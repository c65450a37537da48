"""What a campaign in rounds docked, what it only predicted, and whether its model helped."""

from __future__ import annotations

from dataclasses import dataclass

from screenmm.metrics.rounds import Campaign
from screenmm.report.section import Context, Results, Section
from screenmm.tables.dictionary import DG, DOCK, words_of

SECTION = Section(title="Rounds", place=15)

PREDICTED_SHOWN = 20
"""Molecules that no round docked, best predicted first."""


@dataclass(frozen=True, kw_only=True)
class Rounds(Context):
    """Rounds.

    Attributes
    ----------
    campaign : Campaign
    objective : str
        What a molecule was judged by, in words.
    has_price : bool
        Whether the rounds' price is known.
    several_receptors : bool
        Whether it must be said whose scores chose the batches.
    best_predicted : list of dict
        Molecules that no round docked: name, key, predicted value and its interval.
    """

    campaign: Campaign
    objective: str
    has_price: bool
    several_receptors: bool
    best_predicted: list[dict[str, object]]


def context(results: Results) -> Rounds | None:
    """Gather the section; None where every ligand was docked."""
    campaign = results.metrics.rounds
    if campaign is None:
        return None
    rows = results.con.execute(
        """
        SELECT arg_min(coalesce(nullif(name, ''), inchikey), ordinal) AS name, inchikey,
            any_value(predicted_kcal_mol) AS predicted,
            any_value(predicted_low_kcal_mol) AS low, any_value(predicted_high_kcal_mol) AS high
        FROM predictions JOIN membership USING (inchikey) JOIN sources USING (record)
        WHERE receptor = ? AND predicted_kcal_mol IS NOT NULL
        GROUP BY inchikey ORDER BY predicted, inchikey LIMIT ?
        """,
        [campaign.receptor, PREDICTED_SHOWN],
    )
    names = ("name", "inchikey", "predicted", "low", "high")
    return Rounds(
        campaign=campaign,
        objective=words_of((DG, DOCK))[campaign.objective],
        has_price=any(each.price is not None for each in campaign.rounds),
        several_receptors=len(results.receptors) > 1,
        best_predicted=[dict(zip(names, row, strict=True)) for row in rows.fetchall()],
    )
