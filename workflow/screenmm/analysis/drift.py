"""Properties of proposals, beside those of the library and round by round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from screenmm.analysis.arms import ARMS, NAMES
from screenmm.analysis.ideas import is_first_batch
from screenmm.analysis.molecules import Molecule, Origin, logp_of, sa_score_of, some_of
from screenmm.metrics.generation import Group, Properties
from screenmm.rounds.known import GENERATED

MOST = 1000
"""Molecules up to which all of a group are described; of more, so many, chosen by their key."""


def properties(
    docked: Sequence[Molecule], origins: Mapping[str, Origin]
) -> tuple[list[Properties], list[Properties]]:
    """Tell the properties of what was ranked.

    Parameters
    ----------
    docked : sequence of Molecule
        All of a campaign.
    origins : mapping of str to Origin
        Of the proposals.

    Returns
    -------
    whole, by_round : list of Properties
        Of each arm, of as many of the library's best as there are generated molecules, and of the
        library as its first batch shows it; and of each arm in each round. What no molecule is
        ranked of is left out.
    """
    ranked = [each for each in docked if each.rank is not None]
    library = [each for each in ranked if each.drawn not in GENERATED]
    generated = len(ranked) - len(library)
    best = sorted(library, key=lambda each: each.rank or 0)[:generated]
    first = [each for each in library if is_first_batch(each.drawn, each.round)]
    arms: dict[Group, list[Molecule]] = {
        NAMES[arm]: [each for each in ranked if each.drawn in hows] for arm, hows in ARMS.items()
    }
    groups: dict[Group, list[Molecule]] = arms | {"library_best": best, "library": first}
    whole = [_medians(name, None, own, origins) for name, own in groups.items() if own]
    by_round = [
        _medians(name, number, [each for each in own if each.round == number], origins)
        for name, own in arms.items()
        for number in sorted({each.round for each in own if each.round is not None})
    ]
    return whole, by_round


def _medians(
    group: Group, number: int | None, own: Sequence[Molecule], origins: Mapping[str, Origin]
) -> Properties:
    some = some_of(own, MOST)
    checked = [each.checks_pass for each in some if each.checks_pass is not None]
    return Properties(
        group=group,
        round=number,
        molecules=len(own),
        heavy_atoms=_median(each.heavy_atoms for each in some),
        logp=_median(logp_of([each.smiles for each in some])),
        formal_charge=_median(each.formal_charge for each in some),
        strain_kcal_mol=_median(each.strain_kcal_mol for each in some),
        sa_score=_median(_sa_score(each, origins) for each in some),
        checks_passed=sum(checked) / len(checked) if checked else None,
    )


def _sa_score(molecule: Molecule, origins: Mapping[str, Origin]) -> float | None:
    """As the lineage has it, else computed."""
    origin = origins.get(molecule.key)
    if origin is not None and origin.sa_score is not None:
        return origin.sa_score
    return sa_score_of(molecule.smiles)


def _median(values: Iterable[float | None]) -> float | None:
    there = [each for each in values if each is not None]
    return float(median(there)) if there else None
