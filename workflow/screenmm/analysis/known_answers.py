"""What a run's metrics say of its known answers: whether there are any, and what is doubtful."""

from __future__ import annotations

from collections.abc import Callable

from screenmm.library.annotations import absence_words, unreadable_words
from screenmm.metrics.model import Metrics
from screenmm.results.known import conflict_words


def has_controls(metrics: Metrics) -> bool:
    """Whether some ranked ligand of some receptor has a known answer."""
    return any(any(found.measured.values()) for found in metrics.controls.values())


def doubts(metrics: Metrics, shown: Callable[[str], str] = str) -> list[str]:
    """Say which answers disagree, could not be read or are missing; empty where all is well.

    Parameters
    ----------
    metrics : Metrics
        Of the run.
    shown : callable
        Gives a name as it may be shown. Examples of unreadable cells are bounded and quoted
        where they were found.
    """
    counts = metrics.counts
    return [
        *conflict_words(counts.conflicting_labels, counts.conflicting_affinities, shown),
        *unreadable_words(metrics.annotations),
        *absence_words(metrics.annotations),
    ]
