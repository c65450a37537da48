"""What a run's metrics say of its known answers: whether there are any, and what is doubtful."""

from __future__ import annotations

from collections.abc import Callable

from screenmm.analysis.controls import KINDS
from screenmm.analysis.metrics import Metrics
from screenmm.library.annotations import absence_words, unreadable_words
from screenmm.results.known import conflict_words


def has_controls(metrics: Metrics) -> bool:
    """Whether some ranked ligand of some receptor has a known answer."""
    return any(found[kind] for found in metrics["controls"].values() for kind in KINDS)


def doubts(metrics: Metrics, shown: Callable[[str], str] = str) -> list[str]:
    """Say which answers disagree, could not be read or are missing; empty where all is well.

    Parameters
    ----------
    metrics : dict
        From :func:`screenmm.analysis.metrics.make_metrics`.
    shown : callable
        Gives a name as it may be shown. Examples of unreadable cells are bounded and quoted
        where they were found.
    """
    annotations = metrics.get("annotations", {})
    return [
        *conflict_words(metrics["counts"], shown),
        *unreadable_words(annotations),
        *absence_words(annotations),
    ]
