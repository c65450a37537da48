"""The scores of a target against each other and against what is trivial, on the same ligands.

The best of several scores was chosen on the ligands that it is measured on, so its intervals
here are simultaneous: they hold for all scores at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from screenmm.metrics.controls import Lead, Rival
from screenmm.metrics.measures import Interval
from screenmm.statistics.resampling import simultaneous


class Measured(NamedTuple):
    """A measure of one score; larger is better.

    Parameters
    ----------
    value : float
    draws : numpy.ndarray
        The measure in every resample; resamples are shared by all scores.
    """

    value: float
    draws: np.ndarray


class Outcome(NamedTuple):
    """What a contest comes to. Intervals are of 95 %.

    Parameters
    ----------
    scores : dict of str to Rival
        Intervals are simultaneous over the scores.
    trivial : dict of str to Rival
    leads : dict
        Score to property to its lead; intervals are simultaneous over the scores.
    """

    scores: dict[str, Rival]
    trivial: dict[str, Rival]
    leads: dict[str, dict[str, Lead]]


def contest(
    scores: Mapping[str, Measured], trivial: Mapping[str, Measured], no_interval: str = ""
) -> Outcome:
    """Compare scores with trivial properties.

    Parameters
    ----------
    scores : mapping of str to Measured
        The rivals.
    trivial : mapping of str to Measured
        Properties such as the heavy-atom count.
    no_interval : str
        Why there are no resamples; empty where there are.
    """
    own = _bands(scores, no_interval)
    leads: dict[str, dict[str, Lead]] = {name: {} for name in scores}
    for other, its in trivial.items():
        ahead = {
            name: Measured(each.value - its.value, each.draws - its.draws)
            for name, each in scores.items()
        }
        for name, found in _bands(ahead, no_interval).items():
            leads[name][other] = Lead(lead=ahead[name].value, **found.given)
    alone = {name: _bands({name: its}, no_interval)[name] for name, its in trivial.items()}
    return Outcome(
        scores={name: _rival(each, own[name]) for name, each in scores.items()},
        trivial={name: _rival(its, alone[name]) for name, its in trivial.items()},
        leads=leads,
    )


def _rival(measured: Measured, found: Interval) -> Rival:
    return Rival(value=measured.value, **found.given)


def _bands(rivals: Mapping[str, Measured], no_interval: str) -> dict[str, Interval]:
    """Give the interval of each of several values."""
    if no_interval:
        none = Interval(low=None, high=None, interval_reason=no_interval)
        return dict.fromkeys(rivals, none)
    draws = np.array([each.draws for each in rivals.values()])
    return dict(zip(rivals, simultaneous(draws), strict=True))
