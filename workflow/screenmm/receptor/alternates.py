"""Alternate locations: one residue, one conformer, and never atoms of two labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from screenmm.receptor.names import NUCLEOTIDES
from screenmm.receptor.places import UNLABELLED, Place, molecules
from screenmm.receptor.records import Record
from screenmm.receptor.sidechains import template_positions
from screenmm.receptor.synonyms import AMINO_ACIDS, standard_name

LINK = 2.0  # Å, longest bond between neighbours whose alternates belong together


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
    def rank(self) -> tuple[int, bool, bool, float]:
        """Higher is better."""
        return -self.fragments, self.complete, self.backbone, round(self.occupancy, 3)

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
    backbone, to be completed later. Neighbours whose alternates meet at a bond take one
    label, chosen together.
    """
    options = [_conformers(place) for place in places]
    sites: list[Site] = []
    for run in _linked(places, options):
        best = _best_label(run)
        for place, conformers in run:
            sites.append(_site(place, conformers, best))
    return sites


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


def _linked(
    places: Sequence[Place], options: list[list[Conformer]]
) -> Iterator[list[tuple[Place, list[Conformer]]]]:
    """Runs of places whose alternates have the same labels and meet at a bond."""
    run: list[tuple[Place, list[Conformer]]] = []
    for place, conformers in zip(places, options, strict=True):
        if run and not _meet(run[-1], (place, conformers)):
            yield run
            run = []
        run.append((place, conformers))
    if run:
        yield run


def _meet(one: tuple[Place, list[Conformer]], other: tuple[Place, list[Conformer]]) -> bool:
    labels = [{each.label for each in conformers} for _, conformers in (one, other)]
    if len(labels[0]) < 2 or labels[0] != labels[1]:
        return False
    if any(len({each.residue for each in conformers}) > 1 for _, conformers in (one, other)):
        return False
    for tail, head in (("C", "N"), ("O3'", "P")):
        ends = [each for each in one[0].records if each.name == tail and each.altloc]
        starts = [each for each in other[0].records if each.name == head and each.altloc]
        if any(np.linalg.norm(np.subtract(a.xyz, b.xyz)) < LINK for a in ends for b in starts):
            return True
    return False


def _best_label(run: list[tuple[Place, list[Conformer]]]) -> str | None:
    """Label that serves a whole run of linked neighbours; None for a single place."""
    if len(run) < 2:
        return None
    by_label: dict[str, list[Conformer]] = {}
    for _, conformers in run:
        for each in conformers:
            by_label.setdefault(each.label, []).append(each)

    def rank(label: str) -> tuple[int, int, int, float]:
        own = by_label[label]
        mean = float(np.mean([each.occupancy for each in own]))
        pieces = sum(each.fragments for each in own)
        complete = sum(each.complete for each in own)
        return -pieces, complete, sum(each.backbone for each in own), round(mean, 3)

    return max(sorted(by_label), key=rank)


def _site(place: Place, conformers: list[Conformer], label: str | None) -> Site:
    ordered = sorted(conformers, key=lambda each: each.label)
    chosen = (
        max(ordered, key=lambda each: each.rank)
        if label is None
        else next(each for each in ordered if each.label == label)
    )
    kept = {each.index for each in chosen.records}
    left_out = [each for each in place.records if each.index not in kept]
    note = _note(chosen, ordered, label is not None) if len(conformers) > 1 else ""
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
