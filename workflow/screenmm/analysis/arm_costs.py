"""What each arm of a campaign cost."""

from __future__ import annotations

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
        Round to what all of its jobs used; those that are not known cost nothing.
    proposing : mapping of int to Spent
        Round to what its jobs that propose and vet used: a part of the former.
    """
    found = dict.fromkeys(Arm, (0.0, 0.0))
    priced = all(each.price is not None for each in rounds.values())
    for number, batch in batches.items():
        if not batch:
            continue
        whole = _pair(rounds.get(number))
        ahead = _pair(proposing.get(number))
        counts = {arm: sum(how in hows for how in batch) for arm, hows in ARMS.items()}
        proposed = sum(counts[arm] for arm in PROPOSES)
        for arm, count in counts.items():
            # docking by molecule, proposing by the molecules that came of it
            share = count / len(batch)
            of_proposing = count / proposed if arm in PROPOSES and proposed else 0.0
            own = (share * (whole - ahead) + of_proposing * ahead).tolist()
            found[arm] = (found[arm][0] + own[0], found[arm][1] + own[1])
    return {
        arm: Spent(cpu_h, price if priced and rounds else None)
        for arm, (cpu_h, price) in found.items()
    }


def _pair(spent: Spent | None) -> np.ndarray:
    return np.zeros(2) if spent is None else np.array([spent.cpu_h, spent.price or 0.0])
