"""What was understood of the library's labels and affinities."""

from __future__ import annotations

from pydantic import Field

from screenmm.metrics.part import Part


class LabelsRead(Part):
    """Activity labels as they were read."""

    column: str | None
    """Column or tag that the config names; null: none."""
    without: list[str] = Field(default_factory=list)
    """Files that lack it; earlier versions did not tell."""
    active: int
    """Records with label 1."""
    inactive: int
    """Records with label 0."""
    unreadable: int
    """Records whose label was not understood and left empty."""
    examples: list[str]
    """Some of these, as file:record and what is wrong."""


class AffinitiesRead(Part):
    """Measured affinities as they were read."""

    column: str | None
    """Column or tag that the config names; null: none."""
    without: list[str] = Field(default_factory=list)
    """Files that lack it; earlier versions did not tell."""
    unit: str
    """Unit of the column, from the config."""
    read: int
    """Records with an affinity."""
    unreadable: int
    """Records whose affinity was not understood and left empty."""
    examples: list[str]
    """Some of these, as file:record and what is wrong."""
    lowest_kcal_mol: float | None
    """Lowest affinity, kcal/mol; null without any."""
    highest_kcal_mol: float | None
    """Highest affinity, kcal/mol; null without any."""


class Annotations(Part):
    """What the library says of its molecules; empty where nothing is known of that."""

    labels: LabelsRead | None = None
    """Activity labels."""
    affinities: AffinitiesRead | None = None
    """Measured affinities."""
