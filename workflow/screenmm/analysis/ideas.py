"""Which ideas are accepted, and why the others are not.

An idea is a molecule that was docked because it was proposed, or because it is like the library's
best. It is accepted when

- its rank's 95 % interval lies beyond that of every parent, and beyond that of the best known
  active;
- its pose passes all checks;
- size, logP and net charge do not explain it: what is left of its score, once they are taken out
  by a linear fit, is better than what is left of each ligand that its rank was compared with.

The best known active is the best ranked ligand of the library that is labelled active, or has a
measured affinity and is not labelled inactive. Without one it is the best ranked molecule of the
first batch, which nothing learned had chosen. Only ligands whose rank has an interval are compared
with: a parent without one failed, was not docked or was not scored, and the best known active alone
is left to judge by. So it is for neighbours, which have no parent.

What cannot be shown is not claimed: without an interval, an inspected pose, a best known active
or a fit an idea is not accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from screenmm.metrics.generation import Beyond
from screenmm.rounds.known import GENERATED, How

FEWEST_FITTED = 10
"""Ligands without which size, logP and net charge are not fitted."""

SAME = 1e-9
"""Residuals that differ by less are the same, and descriptors that spread by less do not vary."""


class Outcome(StrEnum):
    """Whether an idea is accepted, or the first reason why it is not."""

    ACCEPTED = "accepted"
    NOT_RANKED = "not_ranked"
    """It failed, or its pose was ruled out."""
    NO_INTERVAL = "no_interval"
    """Its rank has no interval: it was not scored, or the ranking does without MM/GBSA."""
    NOT_BEYOND_PARENT = "not_beyond_parent"
    NOT_BEYOND_BEST_KNOWN = "not_beyond_best_known"
    POSE_NOT_CHECKED = "pose_not_checked"
    """Its pose could not be inspected."""
    POSE_CHECK_FAILED = "pose_check_failed"
    EXPLAINED = "explained_by_size_logp_charge"
    """They explain its lead, or too few ligands tell what they do."""


WORDS = {
    Outcome.ACCEPTED: "accepted",
    Outcome.NOT_RANKED: "not ranked",
    Outcome.NO_INTERVAL: "its rank has no interval",
    Outcome.NOT_BEYOND_PARENT: "not beyond a parent",
    Outcome.NOT_BEYOND_BEST_KNOWN: "not beyond the best known",
    Outcome.POSE_NOT_CHECKED: "its pose was not checked",
    Outcome.POSE_CHECK_FAILED: "its pose fails a check",
    Outcome.EXPLAINED: "explained by size, logP and charge",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a ligand stands.

    Attributes
    ----------
    key : str
        InChIKey.
    rank, low, high : int or None
        Its rank with the 95 % interval; None where there is none.
    checks_pass : bool or None
        Whether its pose passes all checks; None where it was not inspected.
    residual : float or None
        What is left of its score, larger being better.
    """

    key: str
    rank: int | None = None
    low: int | None = None
    high: int | None = None
    checks_pass: bool | None = None
    residual: float | None = None

    @property
    def is_comparable(self) -> bool:
        """Whether its rank has an interval."""
        return self.low is not None and self.high is not None

    def lies_beyond(self, other: Standing) -> bool:
        """Whether its rank's interval ends before that of the other begins."""
        return self.high is not None and other.low is not None and self.high < other.low


def judge(idea: Standing, parents: Sequence[Standing], best_known: Standing | None) -> Outcome:
    """Judge an idea.

    Parameters
    ----------
    idea : Standing
    parents : sequence of Standing
        What it came from; those without an interval of their rank are passed over.
    best_known : Standing or None
        What it must lie beyond in any case; None: there is none, and nothing is accepted.
    """
    return next(_objections(idea, parents, best_known), Outcome.ACCEPTED)


def _objections(
    idea: Standing, parents: Sequence[Standing], best_known: Standing | None
) -> Iterator[Outcome]:
    """Why it is not accepted, what counts most first."""
    compared = [each for each in parents if each.is_comparable]
    if idea.rank is None:
        yield Outcome.NOT_RANKED
    if not idea.is_comparable:
        yield Outcome.NO_INTERVAL
    if not all(idea.lies_beyond(each) for each in compared):
        yield Outcome.NOT_BEYOND_PARENT
    if best_known is None or not idea.lies_beyond(best_known):
        yield Outcome.NOT_BEYOND_BEST_KNOWN
    if idea.checks_pass is None:
        yield Outcome.POSE_NOT_CHECKED
    elif not idea.checks_pass:
        yield Outcome.POSE_CHECK_FAILED
    beaten = compared if best_known is None else [*compared, best_known]
    if not all(_leads(idea, each) for each in beaten):
        yield Outcome.EXPLAINED


def _leads(idea: Standing, other: Standing) -> bool:
    """Whether more is left of the idea's score than of the other's."""
    if idea.residual is None or other.residual is None:
        return False
    return idea.residual > other.residual + SAME


def best_known_of(
    library: Iterable[tuple[Standing, bool, bool]],
) -> tuple[Standing, Beyond] | None:
    """Find what every idea must lie beyond.

    Parameters
    ----------
    library : iterable of (Standing, bool, bool)
        Ligands of the library, each with whether it is a known active, and whether it is of the
        first batch.

    Returns
    -------
    (Standing, str) or None
        The best ranked, and what it is; None where none of them has an interval of its rank.
    """
    there = [each for each in library if each[0].is_comparable and each[0].rank is not None]
    by_rank = sorted(there, key=lambda each: each[0].rank or 0)
    known = next((own for own, is_known, _ in by_rank if is_known), None)
    if known is not None:
        return known, "known_active"
    first = next((own for own, _, is_first in by_rank if is_first), None)
    return None if first is None else (first, "first_batch")


def is_known_active(label: int | None, affinity_kcal_mol: float | None) -> bool:
    """Whether a ligand is labelled active, or measured and not labelled inactive."""
    return label == 1 or (label is None and affinity_kcal_mol is not None)


def is_first_batch(drawn: How | None, number: int | None) -> bool:
    """Whether a molecule is of the library's part of the first batch."""
    return number == 1 and drawn not in (*GENERATED, How.NEIGHBOUR, None)


@dataclass(frozen=True)
class Left:
    """What is left of scores once size, logP and net charge are taken out.

    Attributes
    ----------
    residuals : ndarray, shape (n,)
        NaN where a ligand lacks its score or a descriptor, or where nothing was fitted.
    ligands : int
        On how many it was fitted; zero: they were too few.
    explained : float or None
        Part of their spread that is explained.
    """

    residuals: np.ndarray
    ligands: int
    explained: float | None


def residuals(values: np.ndarray, descriptors: np.ndarray, of_library: np.ndarray) -> Left:
    """Take size, logP and net charge out of scores by linear least squares.

    Parameters
    ----------
    values : ndarray, shape (n,)
        What the ranking follows, larger being better; NaN where there is none.
    descriptors : ndarray, shape (n, 3)
        Heavy atoms, logP and net charge.
    of_library : ndarray of bool, shape (n,)
        Ligands of the library: the fit is theirs alone where there are ``FEWEST_FITTED`` of them,
        so that what was proposed says nothing of what is to be expected. Else it is that of all.
    """
    whole = np.isfinite(values) & np.isfinite(descriptors).all(axis=1)
    fitted = whole & of_library
    if fitted.sum() < FEWEST_FITTED:
        fitted = whole
    if fitted.sum() < FEWEST_FITTED:
        return Left(np.full(len(values), np.nan), 0, None)
    middle, spread = descriptors[fitted].mean(axis=0), descriptors[fitted].std(axis=0)
    scaled = (descriptors - middle) / np.where(spread > SAME, spread, 1.0)
    design = np.column_stack([np.ones(len(values)), scaled])
    # the shortest solution: a descriptor that does not vary tells nothing, of others neither
    weights = np.linalg.lstsq(design[fitted], values[fitted], rcond=None)[0]
    left = np.where(whole, values - design @ weights, np.nan)
    total = float(np.var(values[fitted]))
    explained = 1 - float(np.mean(left[fitted] ** 2)) / total if total > 0 else None
    return Left(left, int(fitted.sum()), explained)
