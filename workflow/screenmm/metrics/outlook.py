"""What a screen comes to, for who has five seconds."""

from __future__ import annotations

from enum import StrEnum

from screenmm.metrics.part import Part


class Word(StrEnum):
    """The verdict on a receptor's ranking in one word."""

    TRUST = "Trust"
    CAUTION = "Caution"
    DO_NOT_TRUST = "Do not trust"
    UNTESTED = "Untested"


class Concern(StrEnum):
    """What to be careful of."""

    UNTESTED = "untested"
    NOT_COMPARABLE = "not comparable"
    CHANCE = "chance"
    SIMPLE_PROPERTY = "simple property"
    NET_CHARGE = "net charge"
    FEW_KNOWN = "few known"
    OTHER_ORDER = "other order"
    ACTIVES_LOST = "actives lost"
    DOUBTFUL_ANSWERS = "doubtful answers"
    POSE_NOT_FOUND = "pose not found"
    POSE_UNTESTED = "pose untested"
    PICKS_FAIL_CHECKS = "picks fail checks"
    PICKS_NOT_SCORED = "picks not scored"
    PICKS_DO_NOT_BIND = "picks do not bind"
    PICKS_KNOWN = "picks known"
    FEW_RANKED = "few ranked"
    RECORDS_FAILED = "records failed"
    ONLY_PREDICTED = "only predicted"
    PREDICTED_MODEL = "predicted model"


class Caution(Part):
    """One thing to be careful of."""

    concern: Concern
    """What it is about."""
    text: str
    """The same in a sentence."""


class Outlook(Part):
    """What a receptor's ranking is worth, in short."""

    word: Word
    """The verdict."""
    why: str
    """What the word means, in a sentence."""
    cautions: list[Caution]
    """What to be careful of, the gravest first."""
