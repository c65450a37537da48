"""The scores of a target against each other and against what is trivial, on the same ligands.

The best of several scores was chosen on the ligands that it is measured on, so its intervals
here are simultaneous: they hold for all scores at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from screenmm.statistics.resampling import simultaneous

Value = dict[str, Any]


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


def contest(
    scores: Mapping[str, Measured], trivial: Mapping[str, Measured], no_interval: str = ""
) -> Value:
    """Compare scores with trivial properties.

    Parameters
    ----------
    scores : mapping of str to Measured
        The rivals.
    trivial : mapping of str to Measured
        Properties such as the heavy-atom count.
    no_interval : str
        Why there are no resamples; empty where there are.

    Returns
    -------
    dict
        ``scores`` (name to ``value``, ``low`` and ``high``, simultaneous over the scores),
        ``trivial`` (name to ``value``, ``low`` and ``high``) and ``leads`` (score to property to
        ``lead``, ``low`` and ``high``, simultaneous over the scores). Intervals are of 95 %;
        ends that cannot be had are None, with ``interval_reason``.
    """
    own = _bands(scores, no_interval)
    leads: dict[str, dict[str, Value]] = {name: {} for name in scores}
    for other, its in trivial.items():
        ahead = {
            name: Measured(each.value - its.value, each.draws - its.draws)
            for name, each in scores.items()
        }
        for name, found in _bands(ahead, no_interval).items():
            leads[name][other] = {"lead": ahead[name].value, **found}
    alone = {name: _bands({name: its}, no_interval)[name] for name, its in trivial.items()}
    return {
        "scores": {name: {"value": each.value, **own[name]} for name, each in scores.items()},
        "trivial": {name: {"value": its.value, **alone[name]} for name, its in trivial.items()},
        "leads": leads,
    }


def _bands(rivals: Mapping[str, Measured], no_interval: str) -> dict[str, Value]:
    """Give the interval of each of several values."""
    if no_interval:
        return {
            name: {"low": None, "high": None, "interval_reason": no_interval} for name in rivals
        }
    draws = np.array([each.draws for each in rivals.values()])
    return dict(zip(rivals, simultaneous(draws), strict=True))
