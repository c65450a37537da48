"""What a screen cost."""

from __future__ import annotations

from screenmm.metrics.part import Part


class Used(Part):
    """What some jobs used together."""

    jobs: int
    """How many jobs."""
    wall_s: float
    """Wall time summed over jobs, s."""
    cpu_s: float
    """CPU time, s."""
    core_s: float
    """Cores held × time, s."""
    gpu_s: float
    """Time in which a GPU was held, s."""
    energy_kwh: float
    """Energy, kWh: measured, or estimated from times and the config's powers."""
    price: float | None
    """Price in the currency of the costs; null where the config has no price."""


class RuleUsed(Used):
    """What the jobs of one rule used."""

    longest_s: float
    """Wall time of the longest job, s."""
    max_rss_mb: float
    """Largest memory of one job, MB."""


class PerItem(Part):
    """What one thing cost, on average."""

    count: int
    """How many of these things there are."""
    cpu_s: float
    """CPU time per thing, s."""
    gpu_s: float
    """GPU time per thing, s."""
    energy_kwh: float
    """Energy per thing, kWh."""
    price: float | None
    """Price per thing; null where the config has no price."""


class RunCosts(Part):
    """All costs of the run."""

    total: Used
    """Of the jobs that made the results that are there."""
    replaced: Used
    """Of jobs that failed, were interrupted, or whose results were replaced since."""
    currency: str
    """Currency of all prices."""
    energy_source: str
    """How the energy is known, in words."""
    per: dict[str, PerItem]
    """Costs per ligand, scored ligand and hit."""
