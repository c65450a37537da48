"""Why a ranking is ordered as it is, in words."""

from __future__ import annotations

from collections.abc import Mapping

from screenmm.metrics.orders import OrderEvidence, RankingOrder
from screenmm.results.orders import AUTO_BY, Followed, evidence


def ordering(
    followed: Followed, measured: Mapping[str, OrderEvidence] | None = None
) -> RankingOrder:
    """Say what a receptor's ranking follows, and what is known of that order.

    Parameters
    ----------
    followed : Followed
        From :func:`screenmm.results.orders.orders_of`.
    measured : mapping of str to OrderEvidence, optional
        By the orders' names; the package's own table without it.
    """
    order = followed.order
    found = (evidence() if measured is None else measured).get(order.name)
    return RankingOrder(
        asked=followed.asked,
        followed=order.by,
        joins=list(order.joins),
        score=order.column.name,
        lacking=list(followed.lacking),
        evidence=found,
        text=" ".join((_what(followed), _how_good(found))),
    )


def _what(followed: Followed) -> str:
    who = "auto" if followed.asked == AUTO_BY else f"ranking.by: {followed.asked}"
    return f"Ordered by {followed.ranked_by} ({who}); ligands without it come behind."


def _how_good(found: OrderEvidence | None) -> str:
    if found is None:
        return "How this order does on other targets was not measured."
    return (
        f"On {found.targets} targets with known answers this order had a mean ROC-AUC of "
        f"{found.roc_auc:.2f}, docking alone {found.roc_auc_docking:.2f} (95 % interval of the "
        f"lead {_signed(found.roc_auc_lead_low)} to {_signed(found.roc_auc_lead_high)}), and a "
        f"mean BEDROC of {found.bedroc_20:.2f}, docking alone {found.bedroc_20_docking:.2f} "
        f"({_signed(found.bedroc_20_lead_low)} to {_signed(found.bedroc_20_lead_high)})."
    )


def _signed(value: float) -> str:
    """Give a difference with its sign."""
    return f"{value:+.2f}".replace("-", "−")
