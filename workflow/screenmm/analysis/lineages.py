"""The ancestors of a proposal, as a tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screenmm.analysis.molecules import Molecule, Origin
from screenmm.metrics.generation import Ancestor

MOST_GENERATIONS = 8
"""Generations that a tree goes back."""


@dataclass(frozen=True)
class Family:
    """What is known of the molecules of a tree.

    Attributes
    ----------
    origins : mapping of str to Origin
        Of the proposals.
    docked : mapping of str to Molecule
    names, smiles : mapping of str to str
        By InChIKey.
    """

    origins: Mapping[str, Origin]
    docked: Mapping[str, Molecule]
    names: Mapping[str, str]
    smiles: Mapping[str, str]


def relatives(key: str, origins: Mapping[str, Origin]) -> set[str]:
    """A molecule and all of its ancestors, as far as a tree goes back."""
    found, last = {key}, {key}
    for _ in range(MOST_GENERATIONS):
        parents = {each for own in last & origins.keys() for each in origins[own].parents or ()}
        last = parents - found
        found |= last
    return found


def tree(key: str, family: Family) -> Ancestor:
    """Tell where a molecule came from.

    Parameters
    ----------
    key : str
        InChIKey.
    family : Family
        Of its :func:`relatives`.

    Returns
    -------
    Ancestor
        What came up before is not told again, so that the tree ends however the lineage is
        woven.
    """
    return _branch(key, family, set(), MOST_GENERATIONS)


def _branch(key: str, family: Family, told: set[str], generations: int) -> Ancestor:
    origin, known = family.origins.get(key), family.docked.get(key)
    parents = [] if origin is None else list(dict.fromkeys(origin.parents or ()))
    cut = bool(parents) and (key in told or generations == 0)
    told.add(key)
    return Ancestor(
        inchikey=key,
        name=family.names.get(key, key),
        smiles=(known.smiles if known else None) or family.smiles.get(key),
        rank=known.rank if known else None,
        proposed_in=origin.proposed_in if origin else None,
        proposer=origin.proposer if origin else "",
        operation=origin.operation if origin else "",
        reaction=(origin.reaction if origin else None) or "",
        blocks=list((origin.blocks if origin else None) or ()),
        parents=[_branch(each, family, told, generations - 1) for each in (() if cut else parents)],
        cut=cut,
    )
