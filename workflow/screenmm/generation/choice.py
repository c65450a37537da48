"""Which proposals are judged, and from which molecules come the next: by learning, or by chance.

What chance decides follows from keys and a seed, so that nothing depends on the order in which
molecules are given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf, isfinite

from rdkit.Chem.Scaffolds import MurckoScaffold

from screenmm.core.seeds import seed_for
from screenmm.generation.proposal import Known

BATCH = "generation.batch"
PARENTS = "generation.parents"
"""What draws are for, beside a molecule's key."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A proposal that may be judged.

    Parameters
    ----------
    key : str
        InChIKey.
    smiles : str
        Standardised.
    parents : tuple of str
        Keys of the molecules it came from; empty where it has none.
    predicted : float or None
        What a model expects of it; smaller is better. None: no model was asked.
    preferred : bool
        Whether it comes before those that are not.
    """

    key: str
    smiles: str
    parents: tuple[str, ...]
    predicted: float | None
    preferred: bool = True


def choose_learned(
    candidates: Iterable[Candidate], size: int, per_scaffold: int, per_parent: int, seed: int
) -> list[Candidate]:
    """Choose the best predicted, a few of each kind.

    Parameters
    ----------
    candidates : iterable of Candidate
        Each key once.
    size : int
        Most that are chosen. Fewer are where the limits leave no more: places stay empty rather
        than that all of a batch is one idea.
    per_scaffold : int
        Most of one Bemis-Murcko scaffold; molecules without rings are not limited.
    per_parent : int
        Most that came from one molecule; one of several parents counts for each of them.
    seed : int
        For the order of those that no prediction tells apart; those without one come last.

    Returns
    -------
    list of Candidate
        In the order of choice.
    """
    ordered = sorted(
        candidates,
        key=lambda each: (
            not each.preferred,
            inf if each.predicted is None else each.predicted,
            *_draw(each.key, seed, BATCH),
        ),
    )
    return _within(ordered, size, per_scaffold, per_parent)


def choose_blind(
    candidates: Iterable[Candidate], size: int, per_scaffold: int, per_parent: int, seed: int
) -> list[Candidate]:
    """Choose by chance, within the limits of :func:`choose_learned`.

    Parameters
    ----------
    candidates : iterable of Candidate
        Each key once; what is predicted of them is not looked at.
    size, per_scaffold, per_parent : int
        See :func:`choose_learned`.
    seed : int
        Of the draw.

    Returns
    -------
    list of Candidate
        In the order of choice.
    """
    ordered = sorted(
        candidates, key=lambda each: (not each.preferred, *_draw(each.key, seed, BATCH))
    )
    return _within(ordered, size, per_scaffold, per_parent)


def best_parents(known: Iterable[Known], count: int, per_scaffold: int) -> list[Known]:
    """Molecules of the best values, a few of each scaffold.

    Parameters
    ----------
    known : iterable of Known
        Each key once. Those without a value, which failed or were not judged, are passed over.
    count : int
        Most that are chosen; fewer are where the limit leaves no more.
    per_scaffold : int
        Most of one Bemis-Murcko scaffold; molecules without rings are not limited.

    Returns
    -------
    list of Known
        The best first; of equal values the smaller key.
    """
    judged = [
        (each.value, each.key, each)
        for each in known
        if each.value is not None and isfinite(each.value)
    ]
    chosen: list[Known] = []
    of_scaffold: Counter[str] = Counter()
    for _, _, each in sorted(judged, key=lambda one: one[:2]):
        if len(chosen) >= count:
            break
        core = scaffold(each.smiles)
        if core and of_scaffold[core] >= per_scaffold:
            continue
        of_scaffold[core] += 1
        chosen.append(each)
    return chosen


def blind_parents(known: Iterable[Known], count: int, seed: int, round_number: int) -> list[Known]:
    """Molecules drawn by chance, others in each round.

    Parameters
    ----------
    known : iterable of Known
        Each key once; their values are not looked at.
    count : int
        Most that are drawn.
    seed : int
        Of the run.
    round_number : int

    Returns
    -------
    list of Known
        In the order of the draw.
    """
    drawn = sorted(known, key=lambda each: _draw(each.key, seed, PARENTS, str(round_number)))
    return drawn[: max(count, 0)]


def shared_out(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many proposals each proposer is asked for.

    Parameters
    ----------
    count : int
        Of all together.
    shares : mapping of str to float
        What each has, relative to the others; taken as written in decimals, so that 0.1 and 0.2
        are 0.3.

    Returns
    -------
    dict of str to int
        By name. Whole parts first, then one each to those of the largest remainders, of equal
        ones to the name that comes first; the sum is ``count``.

    Raises
    ------
    ValueError
        The count is below zero, a share is negative or no number, or none is above zero.
    """
    if count < 0:
        raise ValueError(f"{count} proposals cannot be shared out: give 0 or more")
    wrong = {name: share for name, share in shares.items() if not (isfinite(share) and share >= 0)}
    if wrong or not any(shares.values()):
        raise ValueError(
            f"shares {wrong or dict(shares)}: give each a number of 0 or more, "
            "and at least one of them more than 0"
        )
    parts = {name: Fraction(str(shares[name])) for name in sorted(shares)}
    whole = sum(parts.values())
    due = {name: count * part / whole for name, part in parts.items()}
    found = {name: int(each) for name, each in due.items()}
    rest = sorted(due, key=lambda name: (found[name] - due[name], name))
    for name in rest[: count - sum(found.values())]:
        found[name] += 1
    return found


def scaffold(smiles: str) -> str:
    """Bemis-Murcko scaffold (1996, 10.1021/jm9602928) without stereo; empty without rings."""
    return str(MurckoScaffold.MurckoScaffoldSmiles(smiles=smiles))


def _draw(key: str, seed: int, *parts: str) -> tuple[int, str]:
    """Place of a molecule among those drawn by chance."""
    return seed_for(seed, *parts, key, bits=52), key


def _within(
    ordered: Sequence[Candidate], size: int, per_scaffold: int, per_parent: int
) -> list[Candidate]:
    """The first of some order that the limits allow."""
    chosen: list[Candidate] = []
    of_scaffold: Counter[str] = Counter()
    of_parent: Counter[str] = Counter()
    for each in ordered:
        if len(chosen) >= size:
            break
        if any(of_parent[parent] >= per_parent for parent in each.parents):
            continue
        core = scaffold(each.smiles)
        if core and of_scaffold[core] >= per_scaffold:
            continue
        of_scaffold[core] += 1
        of_parent.update(set(each.parents))
        chosen.append(each)
    return chosen
