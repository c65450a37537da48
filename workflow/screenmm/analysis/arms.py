"""The learned arm beside the blind one and beside the library's neighbours of its best.

The share of accepted ideas among the docked has the posterior of a share, and accepted ideas per
CPU hour that of a rate, both with Jeffreys' prior; a ratio's interval is that of draws from both.
As elsewhere a molecule that failed was paid for, and is no idea.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np

from screenmm.analysis.ideas import Outcome
from screenmm.core.formats import number
from screenmm.core.seeds import seed_for
from screenmm.metrics.generation import ArmName, ArmRates, Comparison, Says, Times
from screenmm.rounds.audit import DRAWS, PERCENTILES
from screenmm.rounds.known import How

PRIOR = 0.5
ENDS = tuple(each / 100 for each in PERCENTILES)


class Arm(StrEnum):
    """Why a molecule was docked, as arms are compared."""

    LEARNED = "learned"
    BLIND = "blind"
    NEIGHBOUR = "neighbour"


ARMS: Mapping[Arm, tuple[How, ...]] = {
    Arm.LEARNED: (How.LEARNED, How.BOTH),
    Arm.BLIND: (How.BLIND, How.BOTH),
    Arm.NEIGHBOUR: (How.NEIGHBOUR,),
}
"""What counts for each arm; what both chose counts for both."""

OTHERS = {Arm.BLIND: "blind proposals", Arm.NEIGHBOUR: "neighbours of the library's best"}
ONE = {
    Arm.LEARNED: "learned proposal",
    Arm.BLIND: "blind proposal",
    Arm.NEIGHBOUR: "neighbour of the library's best",
}
AS_SAID: Mapping[Arm, Literal["blind", "neighbour"]] = {
    Arm.BLIND: "blind",
    Arm.NEIGHBOUR: "neighbour",
}
NAMES: Mapping[Arm, ArmName] = {
    Arm.LEARNED: "learned",
    Arm.BLIND: "blind",
    Arm.NEIGHBOUR: "neighbour",
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What an arm cost: its proposing, docking and scoring.

    Attributes
    ----------
    cpu_h : float
        CPU hours.
    price : float or None
        None without prices in the config.
    """

    cpu_h: float
    price: float | None = None


def rates(arm: Arm, judged: Sequence[tuple[How, Outcome]], spent: Spent | None = None) -> ArmRates:
    """Tell what an arm came to.

    Parameters
    ----------
    arm : Arm
    judged : sequence of (How, Outcome)
        Every docked idea, of all arms.
    spent : Spent, optional
        What the arm cost.
    """
    own = Counter(outcome for how, outcome in judged if how in ARMS[arm])
    docked, accepted = own.total(), own[Outcome.ACCEPTED]
    low, high = _ends_of_share(accepted, docked)
    hours = spent.cpu_h if spent is not None and spent.cpu_h > 0 else None
    price = None if spent is None else spent.price
    hour_low, hour_high = _ends_of_rate(accepted, hours)
    return ArmRates(
        arm=NAMES[arm],
        docked=docked,
        ranked=docked - own[Outcome.NOT_RANKED],
        accepted=accepted,
        outcomes={each.value: own[each] for each in Outcome if own[each]},
        per_100=100 * accepted / docked if docked else None,
        per_100_low=low,
        per_100_high=high,
        cpu_h=hours,
        price=price,
        per_cpu_h=None if hours is None else accepted / hours,
        per_cpu_h_low=hour_low,
        per_cpu_h_high=hour_high,
        cpu_h_each=hours / accepted if hours is not None and accepted else None,
        price_each=price / accepted if price is not None and accepted else None,
    )


def _ends_of_share(accepted: int, docked: int) -> tuple[float | None, float | None]:
    """Ends of the interval of accepted ideas per 100 docked."""
    if not docked:
        return None, None
    from scipy.stats import beta  # noqa: PLC0415  (heavy import)

    ends = beta.ppf(ENDS, accepted + PRIOR, docked - accepted + PRIOR)
    low, high = (100 * float(each) for each in ends)
    return (low if accepted else 0.0), (high if accepted < docked else 100.0)


def _ends_of_rate(accepted: int, hours: float | None) -> tuple[float | None, float | None]:
    """Ends of the interval of accepted ideas per CPU hour."""
    if hours is None:
        return None, None
    from scipy.stats import gamma  # noqa: PLC0415  (heavy import)

    low, high = (float(each) / hours for each in gamma.ppf(ENDS, accepted + PRIOR))
    return (low if accepted else 0.0), high


def compare(learned: ArmRates, other: ArmRates, seed: int) -> Comparison:
    """Compare the learned arm with another one.

    Parameters
    ----------
    learned, other : ArmRates
        From :func:`rates`.
    seed : int
        Of the run: the draws derive from it.
    """
    arm = Arm(other.arm)
    empty = [each for each in (learned, other) if not each.docked]
    if empty:
        lacking = ONE[Arm(empty[0].arm)]
        text = f"Whether learning is ahead of {OTHERS[arm]} is not known: no {lacking} was docked."
        nothing = Times(value=None, low=None, high=None)
        return Comparison(
            against=AS_SAID[arm], says="unknown", text=text, per_docked=nothing, per_cpu_h=None
        )
    rng = np.random.default_rng(seed_for(seed, "ideas", arm))
    per_docked = _times(learned, other, rng, by_hour=False)
    known = learned.cpu_h is not None and other.cpu_h is not None
    per_cpu_h = _times(learned, other, rng, by_hour=True) if known else None
    says = verdict([each for each in (per_docked, per_cpu_h) if each is not None])
    return Comparison(
        against=AS_SAID[arm],
        says=says,
        text=_sentence(learned, other, says, per_docked, per_cpu_h),
        per_docked=per_docked,
        per_cpu_h=per_cpu_h,
    )


def _times(learned: ArmRates, other: ArmRates, rng: np.random.Generator, *, by_hour: bool) -> Times:
    """How many times as many ideas the learned arm had accepted, by draws."""
    draws, shown = [], []
    for arm in (learned, other):
        if by_hour and arm.cpu_h is not None:
            draws.append(rng.gamma(arm.accepted + PRIOR, size=DRAWS) / arm.cpu_h)
            shown.append(arm.accepted / arm.cpu_h)
        else:
            missed = arm.docked - arm.accepted
            draws.append(rng.beta(arm.accepted + PRIOR, missed + PRIOR, DRAWS))
            shown.append(arm.accepted / arm.docked)
    low, high = np.percentile(draws[0] / np.maximum(draws[1], np.finfo(float).tiny), PERCENTILES)
    if not other.accepted:
        return Times(value=None, low=float(low), high=None)
    return Times(value=shown[0] / shown[1], low=float(low), high=float(high))


def verdict(measures: Sequence[Times]) -> Says:
    """Say whether learning helps: all measures must say so, or that it is worse.

    Parameters
    ----------
    measures : sequence of Times
        At least one. A measure says so where its interval excludes one.
    """
    if all(each.low is not None and each.low > 1 for each in measures):
        return "helps"
    if all(each.high is not None and each.high < 1 for each in measures):
        return "worse"
    return "not_told_apart"


def _sentence(
    learned: ArmRates, other: ArmRates, says: Says, per_docked: Times, per_cpu_h: Times | None
) -> str:
    others = OTHERS[Arm(other.arm)]
    head = {
        "helps": f"Learning helps, beside {others}",
        "worse": f"Learning is worse than {others}",
        "not_told_apart": f"Learning and {others} are not told apart",
    }[says]
    counts = (
        f"{learned.accepted} of {learned.docked} learned proposals that were docked are accepted "
        f"({number(learned.per_100, 1)} per 100), and {other.accepted} of {other.docked} {others} "
        f"({number(other.per_100, 1)} per 100)"
    )
    if not learned.accepted and not other.accepted:
        return f"{head}: {counts}."
    told = f"{_in_words(per_docked)} per molecule docked"
    if per_cpu_h is not None:
        told += f", {_in_words(per_cpu_h)} per CPU hour"
    return f"{head}: {counts}. That is {told}."


def _in_words(times: Times) -> str:
    if times.value is None:
        return f"at least {number(times.low, 2)} times as many"
    ends = f"{number(times.low, 2)} to {number(times.high, 2)}"
    return f"{number(times.value, 2)} times ({ends}) as many"
