"""Measures of scores, with their 95 % intervals or the reason why there is none."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from screenmm.metrics.part import Part


class Interval(Part):
    """A 95 % interval."""

    low: float | None
    """Its low end; null where there is no interval."""
    high: float | None
    """Its high end; null where there is no interval."""
    interval_reason: str | None = None
    """Why there is no interval, or why it has no width."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.low is None and not self.interval_reason:
            raise ValueError("an interval without ends says why: interval_reason is missing")
        return self


class Measure(Part):
    """A measure of one score; larger is better."""

    value: float | None
    """Its value; null where it cannot be had."""
    reason: str | None = None
    """Why it cannot be had."""
    low: float | None = None
    """Low end of its 95 % interval; null where there is none."""
    high: float | None = None
    """High end of its 95 % interval; null where there is none."""
    interval_reason: str | None = None
    """Why there is no interval, or why it has no width."""

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if self.value is None and not self.reason:
            raise ValueError("a measure without a value says why: reason is missing")
        return self

    def with_interval(self, found: Interval) -> Self:
        """Give the same value with an interval."""
        return self.model_copy(update=found.given)


class BaselineMeasure(Part):
    """A measure of a trivial property, and a score's lead over it on the same ligands."""

    value: float | None
    """The property's own value; null where it cannot be had."""
    reason: str | None = None
    """Why it cannot be had."""
    lead: float | None = None
    """The score's value less the property's; left out where either has none."""
    low: float | None = None
    """Low end of the lead's 95 % interval; null where there is none."""
    high: float | None = None
    """High end of the lead's 95 % interval; null where there is none."""
    interval_reason: str | None = None
    """Why there is no interval."""
