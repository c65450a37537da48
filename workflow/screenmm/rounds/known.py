"""What rounds so far have shown of a molecule."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """Why a molecule was docked."""

    RANDOM = "random"
    """Drawn by chance from the whole rest: a first batch, or one before there is a model."""
    START = "start"
    """Of a first batch that was given, or chosen to be diverse."""
    ACQUIRED = "acquired"
    """Among the best that the model predicted."""
    AUDIT = "audit"
    """Drawn by chance from what the model did not acquire."""
    NEIGHBOUR = "neighbour"
    """Of the library, and like its best: what searching around them finds without proposing."""
    LEARNED = "learned"
    """Generated from the best so far, and chosen by the model."""
    BLIND = "blind"
    """Generated from molecules drawn by chance, and chosen by chance."""
    BOTH = "both"
    """Generated, and chosen by both arms."""


BY_CHANCE = (How.RANDOM, How.AUDIT)
"""What was drawn by chance: the only molecules that say what chance finds."""


GENERATED = (How.LEARNED, How.BLIND, How.BOTH)
"""What was proposed: no part of the library, whose best, and whose chance, it says nothing of."""


@dataclass(frozen=True, slots=True)
class Docked:
    """A molecule that was docked, or was to be.

    Attributes
    ----------
    key : str
        InChIKey.
    round : int
        From 1.
    how : How
    value : float or None
        What it is judged by; smaller is better. None if it failed: it then counts as docked and
        as no hit, and teaches nothing.
    predicted : float or None
        What the model said before it was docked; None where there was no model.
    judged : bool
        False: it was docked, and not chosen to get a value. It is neither a failure nor known to
        be no hit.
    """

    key: str
    round: int
    how: How
    value: float | None
    predicted: float | None = None
    judged: bool = True
