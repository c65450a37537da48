"""Two arms of generated molecules: one learns from what was judged, the other knows nothing of it.

Both have the same proposers, the same checks and the same budget. Their difference is what
learning brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from screenmm.core.seeds import seed_for
from screenmm.generation.choice import best_parents, blind_parents
from screenmm.generation.proposal import Known, Proposal, Proposer


class Arm(StrEnum):
    """How ideas come about."""

    LEARNED = "learned"
    """From the best so far; proposers see what was judged, and a model chooses."""
    BLIND = "blind"
    """From molecules drawn by chance; proposers see no value, and chance chooses."""


def propose_for(
    arm: Arm,
    name: str,
    proposer: Proposer,
    pool: Sequence[Known],
    judged: Sequence[Known],
    count: int,
    parents: int,
    per_scaffold: int,
    seed: int,
    round_number: int,
) -> list[Proposal]:
    """Let a proposer propose for an arm.

    Parameters
    ----------
    arm : Arm
    name : str
        Of the proposer.
    proposer : Proposer
    pool : sequence of Known
        Molecules that may be parents, each key once. For the blind arm they are the library's and
        the arm's own, whether judged or not.
    judged : sequence of Known
        What the learning arm's proposer is taught; the blind arm's is taught nothing.
    count : int
        Most proposals.
    parents : int
        How many molecules it starts from.
    per_scaffold : int
        Most of these of one scaffold, in the arm that learns.
    seed : int
        Of the run.
    round_number : int

    Returns
    -------
    list of Proposal
    """
    if arm is Arm.LEARNED:
        chosen, taught = best_parents(pool, parents, per_scaffold), judged
    else:
        chosen, taught = blind_parents(pool, parents, seed, round_number), ()
    return proposer.propose(chosen, taught, count, arm_seed(name, arm, seed, round_number))


def arm_seed(name: str, arm: Arm, seed: int, round_number: int) -> int:
    """Seed of what a proposer proposes for an arm in a round, by the seed of the run."""
    return seed_for(seed, "propose", name, str(arm), str(round_number))
