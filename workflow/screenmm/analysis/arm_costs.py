"""What each arm of a campaign cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from screenmm.analysis.arms import ARMS, Arm, Spent
from screenmm.rounds.known import How

PROPOSES = (Arm.LEARNED, Arm.BLIND)
"""Arms that proposing and vetting are done for."""


def arm_costs(
    batches: Mapping[int, Sequence[How]],
    rounds: Mapping[int, Spent],
    proposing: Mapping[int, Spent],
) -> dict[Arm, Spent]:
    """Share the costs of rounds among the arms.

    Proposing and vetting are paid by the arms that propose, each by its molecules that were
    docked; all else in a round, by molecule of its batch. What both arms chose is paid by both, as
    it counts for both.

    Parameters
    ----------
    batches : mapping of int to sequence of How
        Round to why each molecule of its batch was docked.
    rounds : mapping of int to Spent
        Round to what all of its jobs used, for each round with a batch.
    proposing : mapping of int to Spent
        Round to what its jobs that propose and vet used, a part of the former; none of a round in
        which nothing was proposed.
    """
    found = dict.fromkeys(Arm, np.zeros(2))
    for number, batch in batches.items():
        if not batch:
            continue
        whole = _pair(rounds[number])
        ahead = _pair(proposing[number]) if number in proposing else np.zeros(2)
        counts = {arm: sum(how in hows for how in batch) for arm, hows in ARMS.items()}
        proposed = sum(counts[arm] for arm in PROPOSES)
        for arm, count in counts.items():
            # docking by molecule, proposing by the molecules that came of it
            share = count / len(batch)
            of_proposing = count / proposed if arm in PROPOSES and proposed else 0.0
            found[arm] = found[arm] + share * (whole - ahead) + of_proposing * ahead
    return {
        arm: Spent(cpu_h, None if math.isnan(price) else price)
        for arm, (cpu_h, price) in ((arm, both.tolist()) for arm, both in found.items())
    }


def _pair(spent: Spent) -> np.ndarray:
    """CPU hours and price; a price that is not known makes every sum with it unknown."""
    return np.array([spent.cpu_h, math.nan if spent.price is None else spent.price])
