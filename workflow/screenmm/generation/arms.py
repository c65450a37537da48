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

GROUPS = 4
"""Groups of parents that a proposer is asked with, until it has proposed enough: some molecules
can be changed by no reaction, and an arm whose best are such would lose its budget."""


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
) -> list[tuple[Proposal, int]]:
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
        How many molecules it starts from. Where they give too few proposals, as many others follow,
        the next best or the next drawn, up to :data:`GROUPS` times.
    per_scaffold : int
        Most parents of one scaffold, all groups together, in the arm that learns.
    seed : int
        Of the run.
    round_number : int

    Returns
    -------
    list of (Proposal, int)
        Without repeats of one another by their SMILES; each with the seed that the proposer was
        given.
    """
    if arm is Arm.LEARNED:
        ordered, taught = best_parents(pool, GROUPS * parents, per_scaffold), judged
    else:
        ordered, taught = blind_parents(pool, GROUPS * parents, seed, round_number), ()
    found: dict[str, tuple[Proposal, int]] = {}
    for group in range(GROUPS):
        chosen = ordered[group * parents : (group + 1) * parents]
        # a proposer that makes all of blocks needs no parents
        if len(found) >= count or (group and not chosen):
            break
        own_seed = seed_for(seed, "propose", name, str(arm), str(round_number), str(group))
        for each in proposer.propose(chosen, taught, count - len(found), own_seed):
            found.setdefault(each.smiles, (each, own_seed))
    return list(found.values())
