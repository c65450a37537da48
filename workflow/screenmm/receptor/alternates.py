"""Alternate locations: one residue, one conformer, and never atoms of two labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from screenmm.receptor.names import NUCLEOTIDES
from screenmm.receptor.places import UNLABELLED, Place, molecules
from screenmm.receptor.records import Record
from screenmm.receptor.sidechains import template_positions
from screenmm.residues.synonyms import AMINO_ACIDS, standard_name

LINK = 2.0  # Å, longest bond between neighbours whose alternates belong together
Score = tuple[int, int, int, int, int]
"""Strain and rank of a choice, summed over places; higher is better."""


@dataclass
class Conformer:
    """One way to read a place: atoms without a label, and those of one label.

    Attributes
    ----------
    fragments : int
        Pieces without a bond between them: more than one where atoms with the label do not
        fit those without.
    complete : bool
        No heavy atom is missing that the residue's type, or another conformer, has.
    backbone : bool
        N, CA and C are there, where the residue's type has them.
    occupancy : float
        Mean over the atoms with the label.
    """

    residue: str
    label: str
    records: list[Record]
    occupancy: float
    fragments: int = 1
    complete: bool = True
    backbone: bool = True

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Higher is better; occupancies in thousandths, whose sums are exact."""
        return -self.fragments, self.complete, self.backbone, round(1000 * self.occupancy)

    def find(self, name: str) -> Record | None:
        """Atom by name, or None."""
        return next((each for each in self.records if each.name == name), None)

    @property
    def shown(self) -> str:
        """Label with its occupancy."""
        return f"{self.label} {self.occupancy:.2f}"


@dataclass
class Site:
    """A place with its conformer chosen.

    Attributes
    ----------
    left_out : list of Record
        Of the other conformers.
    note : str
        What was chosen and from what; empty where there was no choice.
    """

    place: Place
    residue: str
    records: list[Record]
    left_out: list[Record] = field(default_factory=list)
    note: str = ""


def choose_conformers(places: Sequence[Place]) -> list[Site]:
    """Choose one conformer for every place.

    Of those that hold together, the complete one with the highest mean occupancy, ties by
    label; where none is complete, the one with the highest occupancy among those with a
    backbone, to be completed later. Neighbours that a bond joins are chosen together: so
    that it is a bond, and with one label where they share labels.
    """
    options = [sorted(_conformers(place), key=lambda each: each.label) for place in places]
    return [
        _site(place, conformers, chosen)
        for place, conformers, chosen in zip(places, options, _best_path(options), strict=True)
    ]


def _conformers(place: Place) -> list[Conformer]:
    common = [each for each in place.records if not each.altloc]
    keys = list(dict.fromkeys(
        (each.residue, each.altloc) for each in place.records if each.altloc
    ))  # fmt: skip
    if not keys:
        return [Conformer(place.records[0].residue, "", place.records, 1.0)]
    found = []
    for residue, label in keys:
        own = [each for each in place.records if (each.residue, each.altloc) == (residue, label)]
        shared = [each for each in common if each.residue == residue]
        records = sorted([*shared, *own], key=lambda each: each.index)
        found.append(
            Conformer(residue, label, records, float(np.mean([each.occupancy for each in own])))
        )
    for conformer in found:
        _judge(conformer, found)
    return found


def _judge(conformer: Conformer, others: list[Conformer]) -> None:
    heavy = [each for each in conformer.records if each.is_heavy]
    names = {each.name for each in heavy}
    conformer.fragments = len(molecules(heavy)) if heavy else 1
    standard = standard_name(conformer.residue)[0]
    if standard in AMINO_ACIDS:
        conformer.backbone = {"N", "CA", "C"} <= names
        # other programs call some atoms otherwise: count them, of the same element
        wanted = template_positions(standard).keys() - {"OXT"}
        conformer.complete = wanted <= names or (
            conformer.backbone and len(names) >= len(wanted) and not _lacks(names, others)
        )
    else:
        conformer.backbone = standard not in NUCLEOTIDES or "C1'" in names or "C1*" in names
        conformer.complete = not _lacks(names, [each for each in others
                                                if each.residue == conformer.residue])  # fmt: skip


def _lacks(names: set[str], others: list[Conformer]) -> bool:
    return any(
        not {each.name for each in other.records if each.is_heavy} <= names for other in others
    )


def _best_path(options: Sequence[list[Conformer]]) -> list[Conformer]:
    """Conformers with the least strain between neighbours, then the best ranks (Viterbi)."""
    totals: list[list[Score]] = []
    origins: list[list[int]] = []
    before: list[Conformer] = []
    for conformers in options:
        strains = _strains(before, conformers)
        reached = [
            [_sum(total, (-strains[i][j], 0, 0, 0, 0)) for i, total in enumerate(totals[-1])]
            if totals
            else [(0, 0, 0, 0, 0)]
            for j in range(len(conformers))
        ]
        # the first of equals: labels are in order
        origins.append([max(range(len(each)), key=each.__getitem__) for each in reached])
        totals.append(
            [_sum(max(each), (0, *own.rank)) for each, own in zip(reached, conformers, strict=True)]
        )
        before = conformers
    path: list[Conformer] = []
    here = max(range(len(totals[-1])), key=totals[-1].__getitem__) if totals else 0
    for conformers, origin in zip(reversed(options), reversed(origins), strict=True):
        path.append(conformers[here])
        here = origin[here]
    return path[::-1]


def _sum(one: Score, other: Score) -> Score:
    a, b, c, d, e = (x + y for x, y in zip(one, other, strict=True))
    return a, b, c, d, e


def _strains(before: list[Conformer], after: list[Conformer]) -> list[list[int]]:
    """Faults of each pair of conformers: a bond that others have, or one label, is missing."""
    strains = [[0] * len(after) for _ in before]
    if len(before) * len(after) < 2:
        return strains
    labels = {each.label for each in before} & {each.label for each in after}
    for tail, head in (("C", "N"), ("O3'", "P")):
        ends, starts = ([each.find(name) for each in conformers]
                        for name, conformers in ((tail, before), (head, after)))  # fmt: skip
        lengths = np.array([[_distance(one, other) for other in starts] for one in ends])
        if np.nanmin(lengths, initial=np.inf) >= LINK:
            continue
        for i, j in product(range(len(before)), range(len(after))):
            one, other = ends[i], starts[j]
            strains[i][j] += bool(lengths[i, j] >= LINK)
            if one is not None and other is not None and one.altloc and other.altloc:
                pair = {before[i].label, after[j].label}
                strains[i][j] += len(pair) > 1 and bool(pair & labels)
    return strains


def _distance(one: Record | None, other: Record | None) -> float:
    """Å; nan where an atom is missing."""
    if one is None or other is None:
        return float("nan")
    return float(np.linalg.norm(np.subtract(one.xyz, other.xyz)))


def _site(place: Place, conformers: list[Conformer], chosen: Conformer) -> Site:
    kept = {each.index for each in chosen.records}
    left_out = [each for each in place.records if each.index not in kept]
    linked = chosen.rank < max(each.rank for each in conformers)
    note = _note(chosen, conformers, linked) if len(conformers) > 1 else ""
    return Site(place, chosen.residue, chosen.records, left_out, note)


def _note(chosen: Conformer, ordered: list[Conformer], linked: bool) -> str:
    others = [each.residue for each in ordered if each.residue != chosen.residue]
    if others:
        return f"kept {chosen.residue}; left out {', '.join(dict.fromkeys(others))}"
    shown = f"mean occupancy {', '.join(each.shown for each in ordered)}"
    if chosen.label.startswith(UNLABELLED):
        return f"atoms stand twice without a label: kept the copy {chosen.label} ({shown})"
    why = ""
    if round(chosen.occupancy, 3) < max(round(each.occupancy, 3) for each in ordered):
        why = ", as its neighbours" if linked else ", the complete one"
    if any(each.complete and each.fragments > chosen.fragments for each in ordered):
        why = ", as the others' atoms do not fit those without a label"
    return f"kept {chosen.label}{why} ({shown})"
