"""Whether a screen's scores can be trusted on its targets."""

from __future__ import annotations

from enum import StrEnum

from screenmm.metrics.controls import Kind
from screenmm.metrics.part import Part


class Level(StrEnum):
    """What the scores of a target are worth."""

    BEATS_SIZE = "beats size"
    UNCLEAR = "unclear"
    SIZE_WINS = "size wins"
    TRIVIAL_WINS = "a trivial property wins"
    NO_BETTER_THAN_CHANCE = "no better than chance"
    UNKNOWN = "unknown"


class Judgement(Part):
    """What one kind of control says."""

    kind: Kind
    """The kind of control."""
    level: Level
    """What the scores are worth."""
    best: str | None
    """The best score; null where nothing can be compared."""
    text: str
    """The same in words."""


class Verdict(Part):
    """What the controls of one receptor say."""

    text: str
    """All of it in words."""
    kinds: list[Judgement]
    """By each kind of control that the receptor has."""
    notes: list[str]
    """What the controls leave out or take for granted."""
