"""What of a ΔΔG can be told apart from noise, and which variants lose which ligand.

A computed ΔΔG differs from 0 for three reasons: the mutation does something, the start of the
minimisations was another one, and a side chain that is built anew does not come to lie where it
was. The second is seen in the replicas, the third in null variants: residues of the same pocket,
built anew as they are, of which every ΔΔG should be 0. An interval holds both. It does not hold
the error of the method itself, which ``docs/variants.md`` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import stdtrit

SLOPE = 0.3
"""Measured ΔΔG per computed one, through the origin: fitted on 60 mutations of seven complexes
(``benchmarks/README.md``). MM/GBSA exaggerates what a mutation does."""

PRIOR_SD_KCAL_MOL = 0.5
"""Unscaled ΔΔG of null variants elsewhere: above the root mean square of those of seven complexes,
0.4 with a largest of 1.1, since large ones are rare."""

PRIOR_RESIDUES = 4
"""How many residues of a run it counts for: one run has too few to know its own rare outliers."""

CONFIDENCE = 0.95

KEPT_WITHIN_KCAL_MOL = 1.0
"""A ligand whose whole interval lies within this of 0 is kept: a factor of five in affinity."""


class Call(StrEnum):
    """What can be said of a ΔΔG."""

    WEAKER = "weaker"
    STRONGER = "stronger"
    NOT_TOLD_APART = "not told apart"


class Marker(StrEnum):
    """What a variant does to a ligand, for a table of biomarkers."""

    LOST = "lost"
    KEPT = "kept"
    GAINED = "gained"
    UNTOLD = "untold"


@dataclass(frozen=True)
class Noise:
    """What null variants seem to do.

    Parameters
    ----------
    sd_kcal_mol : float
        Root mean square of their unscaled ΔΔG, with what is known of other runs.
    residues : int
        Different residues that were built anew, and those that other runs count for.
    """

    sd_kcal_mol: float
    residues: int

    @classmethod
    def of(cls, nulls: Mapping[str, Sequence[float]]) -> Noise:
        """Noise of null variants.

        Parameters
        ----------
        nulls : mapping of str to sequence of float
            Unscaled ΔΔG of each ligand, by residue, kcal/mol.
        """
        squares = [float(np.mean(np.square(each))) for each in nulls.values() if len(each)]
        residues = len(squares) + PRIOR_RESIDUES
        total = sum(squares) + PRIOR_RESIDUES * PRIOR_SD_KCAL_MOL**2
        return cls(float(np.sqrt(total / residues)), residues)


@dataclass(frozen=True)
class Effect:
    """A ΔΔG with its interval and its call, scaled, kcal/mol."""

    ddg_kcal_mol: float
    low_kcal_mol: float
    high_kcal_mol: float
    call: Call

    @property
    def marker(self) -> Marker:
        """What it means for the ligand."""
        if self.call is not Call.NOT_TOLD_APART:
            return Marker.LOST if self.call is Call.WEAKER else Marker.GAINED
        widest = max(abs(self.low_kcal_mol), abs(self.high_kcal_mol))
        return Marker.KEPT if widest <= KEPT_WITHIN_KCAL_MOL else Marker.UNTOLD


def effect_of(replicas: Sequence[float], noise: Noise) -> Effect:
    """Interval and call of a ΔΔG.

    Parameters
    ----------
    replicas : sequence of float
        Unscaled ΔΔG of the pose and of its replicas, kcal/mol.
    noise : Noise
        Of the same run.

    Returns
    -------
    Effect
    """
    values = np.asarray(replicas, dtype=float)
    mean = float(values.mean())
    # without a replica nothing is known of the start: as much as of the rest
    alone = noise.sd_kcal_mol**2
    variance = float(values.var(ddof=1)) / len(values) if len(values) > 1 else alone
    sd = float(np.sqrt(variance + noise.sd_kcal_mol**2))
    factor = stdtrit(noise.residues, (1 + CONFIDENCE) / 2)
    low, high = (SLOPE * (mean + sign * factor * sd) for sign in (-1, 1))
    call = Call.NOT_TOLD_APART
    if low > 0:
        call = Call.WEAKER
    elif high < 0:
        call = Call.STRONGER
    return Effect(SLOPE * mean, low, high, call)
