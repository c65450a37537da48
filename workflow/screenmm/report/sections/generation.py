"""What molecules that were proposed came to: whether learning helped, and the best of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from screenmm.analysis.found_again import NEAR
from screenmm.analysis.ideas import WORDS
from screenmm.metrics.generation import Ancestor, Generation, Properties
from screenmm.report.depict import draw
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Ideas", place=16)

GROUPS = {
    "learned": "Learned",
    "blind": "Blind",
    "both": "Both",
    "neighbour": "Neighbours",
    "library_best": "The library's best",
    "library": "The library's first batch",
}
"""Arms and what stands beside them, in words."""


@dataclass(frozen=True, kw_only=True)
class Shown(Context):
    """Ideas.

    Attributes
    ----------
    made : Generation
        As in the metrics.
    groups, reasons : mapping of str to str
        Words of arms, and of what idea came to.
    near : float
        Similarity of a close neighbour.
    outcomes : sequence of str
        What ideas came to, of which there is at least one.
    drawings : mapping of str to Markup
        Structures by InChIKey.
    has_hours, has_price : bool
        Whether anything is known of the arms' costs.
    several_receptors : bool
        Whether it must be said by whose ranking they are judged.
    properties, drift : sequence of Properties
        Beside the library, and round by round.
    """

    made: Generation
    groups: Mapping[str, str]
    reasons: Mapping[str, str]
    near: float
    outcomes: Sequence[str]
    drawings: Mapping[str, Markup]
    has_hours: bool
    has_price: bool
    several_receptors: bool
    properties: Sequence[Properties]
    drift: Sequence[Properties]


def context(results: Results) -> Shown | None:
    """Gather the section; None where nothing was proposed."""
    made = results.metrics.generation
    if made is None:
        return None
    smiles = {each.inchikey: each.smiles for each in made.ideas}
    smiles |= {each.inchikey: each.smiles for each in _all(made.tree)}
    return Shown(
        made=made,
        groups=GROUPS,
        reasons={str(outcome): words for outcome, words in WORDS.items()},
        near=NEAR,
        outcomes=[str(each) for each in WORDS if any(each in arm.outcomes for arm in made.arms)],
        drawings={key: draw(text) for key, text in smiles.items()},
        has_hours=any(arm.cpu_h is not None for arm in made.arms),
        has_price=any(arm.price is not None for arm in made.arms),
        several_receptors=len(results.receptors) > 1,
        properties=made.properties,
        drift=made.drift,
    )


def _all(ancestor: Ancestor | None) -> Iterator[Ancestor]:
    """A molecule and all of its ancestors."""
    if ancestor is None:
        return
    yield ancestor
    for parent in ancestor.parents:
        yield from _all(parent)
