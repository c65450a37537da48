"""Measuring scores on ligands whose answer is known, with intervals and leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from screenmm.metrics.controls import (
    Agreement,
    BaselineAgreement,
    BaselineSeparation,
    Contest,
    Direction,
    Kind,
    Scored,
    Separation,
    TrivialRival,
)
from screenmm.metrics.measures import BaselineMeasure, Interval, Measure
from screenmm.statistics.contest import Measured, contest
from screenmm.statistics.measures import (
    CLASSIFICATION,
    CORRELATION,
    PERCENTS,
    Draws,
    Steps,
    classification_draws,
    classification_measures,
    correlation_draws,
    correlation_measures,
)
from screenmm.statistics.resampling import interval, resampled_counts, resamples_for

KINDS: dict[Kind, tuple[str, ...]] = {"classification": CLASSIFICATION, "correlation": CORRELATION}
"""Measures of each kind of control."""

DECISIVE: dict[Kind, str] = {"classification": "roc_auc", "correlation": "spearman"}
"""Measure that scores are compared by, of each kind."""

CHANCE: dict[Kind, float] = {"classification": 0.5, "correlation": 0.0}
"""What the decisive measure is by chance."""

MIN_CLASS = 5
"""Actives, and inactives, below which a measure has no interval."""

MIN_INTERVAL = 8
"""Ligands with affinity below which a measure has no interval."""

KENDALL_BOOTSTRAP = 400
"""Ligands up to which Kendall's tau is resampled: its cost grows with their square."""


@dataclass(frozen=True)
class Known:
    """Ligands of a receptor whose answer is known.

    Parameters
    ----------
    kind : str
        ``classification`` or ``correlation``.
    keys : list of str
        InChIKeys.
    truth : numpy.ndarray
        1 for active and 0 for inactive, or the strength of binding; larger is better.
    columns : dict
        Scores, then baselines, by name, larger is better; NaN where missing.
    """

    kind: Kind
    keys: list[str]
    truth: np.ndarray
    columns: dict[str, np.ndarray]

    @property
    def groups(self) -> np.ndarray:
        """Classes that a resample keeps the sizes of."""
        return self.truth if self.kind == "classification" else np.zeros(len(self.truth))

    def part(self, mask: np.ndarray) -> Known:
        """Only some of the ligands."""
        keys = [key for key, kept in zip(self.keys, mask, strict=True) if kept]
        columns = {name: values[mask] for name, values in self.columns.items()}
        return Known(self.kind, keys, self.truth[mask], columns)


def _none(reason: str) -> Measure:
    return Measure(value=None, reason=reason)


def _head(known: Known) -> dict[str, Any]:
    """How many ligands there are, and actives among them where the answer is a label."""
    head: dict[str, Any] = {"n": len(known.truth)}
    if known.kind == "classification":
        head["actives"] = int(known.truth.sum())
    return head


def _scored(known: Known, **measures: Any) -> Scored:
    model = Separation if known.kind == "classification" else Agreement
    return model(**_head(known), **measures)


def unmeasured(known: Known, reason: str) -> Scored:
    """Say of every measure of a score why there is none."""
    return _scored(known, **dict.fromkeys(KINDS[known.kind], _none(reason)))


def _impossible(known: Known) -> str:
    """Say why no measure exists; empty where there are some."""
    n = len(known.truth)
    if known.kind == "classification":
        actives = int(known.truth.sum())
        if actives in (0, n):
            missing = "actives" if actives == 0 else "inactives"
            return f"no {missing} among {n} labelled ligands with this score"
    elif n < 3:
        return f"{n} ligand{'' if n == 1 else 's'} with affinity and this score; 3 are needed"
    elif np.ptp(known.truth) == 0:
        return "all affinities are equal"
    return ""


def _no_interval(known: Known) -> str:
    """Say why no measure has an interval; empty where they have one."""
    n = len(known.truth)
    if known.kind == "classification":
        actives = int(known.truth.sum())
        for count, name in ((actives, "actives"), (n - actives, "inactives")):
            if count < MIN_CLASS:
                return f"{count} {name}; {MIN_CLASS} are needed for an interval"
    elif n < MIN_INTERVAL:
        return f"{n} ligands; {MIN_INTERVAL} are needed for an interval"
    return ""


def _points(known: Known, score: np.ndarray) -> dict[str, Measure]:
    """Every measure of one score, or the reason why there is none."""
    n = len(score)
    if known.kind == "correlation":
        if np.ptp(score) == 0:
            return dict.fromkeys(CORRELATION, _none("all values are equal"))
        found = correlation_measures(known.truth, score)
    else:
        found = classification_measures(known.truth == 1, score)
    out = {
        name: Measure(value=value) if np.isfinite(value) else _none("all values are nearly equal")
        for name, value in found.items()
    }
    if known.kind == "classification":
        for percent in PERCENTS:
            if n * percent < 100:
                short = f"{percent} % of {n} ligands is less than one ligand"
                out[f"ef_{percent}_percent"] = _none(short)
    return out


def _drawn(known: Known, names: Sequence[str], seed: int) -> dict[str, Draws]:
    """Measures of each score in every resample; all scores share the resamples."""
    n = len(known.truth)
    found: dict[str, list[Draws]] = {name: [] for name in names}
    separates = known.kind == "classification"
    steps = {name: Steps.of(known.truth == 1, known.columns[name]) for name in names if separates}
    for counts in resampled_counts(known.groups, resamples_for(n), seed):
        for name in names:
            found[name].append(
                classification_draws(steps[name], counts)
                if separates
                else correlation_draws(
                    known.truth, known.columns[name], counts, kendall=n <= KENDALL_BOOTSTRAP
                )
            )
    return {
        name: {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
        for name, blocks in found.items()
    }


def _fieller(tau: float, n: int) -> Interval:
    """Closed 95 % interval of Kendall's tau (Fieller, Hartley and Pearson 1957)."""
    if abs(tau) >= 1:
        return Interval(low=tau, high=tau, interval_reason="a perfect order has no spread")
    middle, width = np.arctanh(tau), 1.96 * np.sqrt(0.437 / (n - 4))
    return Interval(low=float(np.tanh(middle - width)), high=float(np.tanh(middle + width)))


def _with_interval(point: Measure, draws: Draws, name: str, n: int, reason: str) -> Measure:
    if point.value is None:
        return point
    if reason:
        return point.with_interval(Interval(low=None, high=None, interval_reason=reason))
    found = interval(draws[name]) if name in draws else _fieller(point.value, n)
    return point.with_interval(found)


def _against(
    point: dict[str, Measure],
    draws: Draws,
    other: dict[str, Measure],
    its_draws: Draws,
    reason: str,
) -> dict[str, BaselineMeasure]:
    """Measures of a baseline, and by how much a score beats them on the same ligands."""
    out = {}
    for name, its in other.items():
        own = point[name].value
        if its.value is None or own is None:
            out[name] = BaselineMeasure(**its.given)
            continue
        if reason:
            found = Interval(low=None, high=None, interval_reason=reason)
        elif name in draws:
            found = interval(draws[name] - its_draws[name])
        else:
            unsure = f"not resampled above {KENDALL_BOOTSTRAP} ligands"
            found = Interval(low=None, high=None, interval_reason=unsure)
        out[name] = BaselineMeasure(value=its.value, lead=own - its.value, **found.given)
    return out


@dataclass(frozen=True)
class Measures:
    """Measures of some scores of the same ligands, and of the baselines.

    Parameters
    ----------
    known : Known
    names : sequence of str
        The scores; ``points`` and ``draws`` have the baselines as well.
    directions : dict
        Baseline to 1, or to -1 where its reverse ranks these ligands better and is measured.
    points : dict
        Score to measure, without intervals.
    draws : dict
        Score to measure to its values in all resamples; empty without resamples.
    reason : str
        Why nothing can be measured; empty where something can.
    unsure : str
        Why there are no intervals; empty where there are some.
    """

    known: Known
    names: Sequence[str]
    directions: dict[str, Direction]
    points: dict[str, dict[str, Measure]]
    draws: dict[str, Draws]
    reason: str
    unsure: str


def _directions(known: Known, baselines: Sequence[str]) -> dict[str, Direction]:
    """In which direction each baseline that all ligands have ranks them better."""
    decisive, chance = DECISIVE[known.kind], CHANCE[known.kind]
    out: dict[str, Direction] = {}
    for name in baselines:
        if np.isfinite(known.columns[name]).all():
            value = _points(known, known.columns[name])[decisive].value
            out[name] = -1 if value is not None and value < chance else 1
    return out


def measure(known: Known, names: Sequence[str], baselines: Sequence[str], seed: int) -> Measures:
    """Measure some scores of the same ligands, and the baselines, in shared resamples.

    Parameters
    ----------
    known : Known
        Ligands that have all these scores.
    names, baselines : sequence of str
        Columns of ``known``.
    seed : int
        Of the resamples.
    """
    if reason := _impossible(known):
        return Measures(known, names, {}, {}, {}, reason, reason)
    directions = _directions(known, baselines)
    turned = {name: sign * known.columns[name] for name, sign in directions.items()}
    known = replace(known, columns=known.columns | turned)
    every = list(dict.fromkeys([*names, *directions]))
    points = {name: _points(known, known.columns[name]) for name in every}
    unsure = _no_interval(known)
    draws: dict[str, Draws] = {name: {} for name in every} if unsure else _drawn(known, every, seed)
    return Measures(known, names, directions, points, draws, "", unsure)


def told(made: Measures) -> dict[str, Scored]:
    """Each score's measures with intervals, and by how much it beats the baselines.

    Baselines are compared with the other baselines, too.
    """
    if made.reason:
        return dict.fromkeys(made.names, unmeasured(made.known, made.reason))
    return {name: _told(made, name) for name in made.names}


def _told(made: Measures, name: str) -> Scored:
    known, points, draws, unsure = made.known, made.points, made.draws, made.unsure
    n, directions = len(known.truth), made.directions
    baseline = BaselineSeparation if known.kind == "classification" else BaselineAgreement
    return _scored(
        known,
        **{
            measure: _with_interval(point, draws[name], measure, n, unsure)
            for measure, point in points[name].items()
        },
        resamples=0 if unsure else resamples_for(n),
        **({"direction": directions[name]} if name in directions else {}),
        baselines={
            other: baseline(
                direction=direction,
                **_against(points[name], draws[name], points[other], draws[other], unsure),
            )
            for other, direction in directions.items()
            if other != name
        },
    )


def judged(made: Measures, rivals: Sequence[str]) -> Contest:
    """Compare rivals with chance and the baselines: what a verdict is given by."""
    head, decisive = _head(made.known), DECISIVE[made.known.kind]
    if made.reason:
        return Contest(**head, reason=made.reason)

    def measured(names: Sequence[str]) -> dict[str, Measured]:
        return {
            name: Measured(value, made.draws[name].get(decisive, np.empty(0)))
            for name in names
            if (value := made.points[name][decisive].value) is not None
        }

    scores = measured(rivals)
    if not scores:
        return Contest(**head, reason=made.points[rivals[0]][decisive].reason)
    found = contest(scores, measured(list(made.directions)), made.unsure)
    trivial = {
        name: TrivialRival(**its.given, direction=made.directions[name])
        for name, its in found.trivial.items()
    }
    return Contest(**head, scores=found.scores, trivial=trivial, leads=found.leads)
