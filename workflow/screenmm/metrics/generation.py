"""What molecules that were proposed came to, beside chance and beside the library."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from screenmm.metrics.part import Part

ArmName = Literal["learned", "blind", "neighbour"]
Says = Literal["helps", "not_told_apart", "worse", "unknown"]
Beyond = Literal["known_active", "first_batch"]
Group = Literal["learned", "blind", "neighbour", "library_best", "library"]


class ArmRates(Part):
    """What one arm came to.

    A molecule that both arms chose counts for both.
    """

    arm: ArmName
    """Proposals that the model chose, proposals drawn by chance, or the best's neighbours."""
    docked: int
    """Its molecules that were docked, or were to be."""
    ranked: int
    """How many of them are ranked."""
    accepted: int
    """How many of them are accepted ideas."""
    outcomes: dict[str, int]
    """Why they are or are not accepted, to how many."""
    per_100: float | None
    """Accepted ideas per 100 docked; None where none was docked."""
    per_100_low: float | None
    """Lower end of its 95 % interval."""
    per_100_high: float | None
    """Upper end of its 95 % interval."""
    cpu_h: float | None
    """CPU hours of its proposing, docking and scoring; None where they are not known."""
    price: float | None
    """Their price; None without prices in the config."""
    per_cpu_h: float | None
    """Accepted ideas per CPU hour."""
    per_cpu_h_low: float | None
    """Lower end of its 95 % interval."""
    per_cpu_h_high: float | None
    """Upper end of its 95 % interval."""
    cpu_h_each: float | None
    """CPU hours per accepted idea; None where there is none."""
    price_each: float | None
    """Price per accepted idea."""


class Times(Part):
    """How many times as many ideas were accepted, with its 95 % interval."""

    value: float | None
    """None where the others have no accepted idea."""
    low: float | None
    """Lower end; None where nothing is known."""
    high: float | None
    """Upper end; None where there is none, as the others have no accepted idea."""


class Comparison(Part):
    """The learned arm beside another one."""

    against: Literal["blind", "neighbour"]
    """The other arm."""
    says: Says
    """Whether learning helps: ahead, or behind, by all that is known."""
    text: str
    """The same in a sentence, with the numbers."""
    per_docked: Times
    """Accepted ideas per molecule docked, as a ratio."""
    per_cpu_h: Times | None
    """Accepted ideas per CPU hour, as a ratio; None where the hours are not known."""


class Properties(Part):
    """Medians of ranked molecules."""

    group: Group
    """Whose they are."""
    round: int | None
    """Round that docked them; None: of all rounds."""
    molecules: int
    """How many are ranked."""
    heavy_atoms: float | None
    """Heavy atoms."""
    logp: float | None
    """Crippen's logP."""
    formal_charge: float | None
    """Net charge of the docked state."""
    strain_kcal_mol: float | None
    """Strain of the ligand; of those with MM/GBSA."""
    sa_score: float | None
    """Synthetic accessibility: 1 easy to 10 hard."""
    checks_passed: float | None
    """Part of the inspected poses that pass all checks."""


class Idea(Part):
    """A generated molecule, and whether it is accepted."""

    inchikey: str
    """Its key."""
    name: str
    """Its name."""
    smiles: str | None
    """Of the parent structure."""
    round: int
    """Round that docked it."""
    drawn: Literal["learned", "blind", "both"]
    """Arms that chose it."""
    proposer: str
    """Proposer that wrote it."""
    operation: str
    """What the proposer did."""
    parents: list[str]
    """Names of the molecules that it came from."""
    reaction: str
    """Reaction that makes it; empty: none is known."""
    blocks: list[str]
    """SMILES of the building blocks."""
    route: str
    """A route from the building blocks, in words; empty: none is known."""
    sa_score: float | None
    """Synthetic accessibility: 1 easy to 10 hard."""
    rank: int
    """Its rank."""
    rank_low: int | None
    """Lower end of the rank's 95 % interval."""
    rank_high: int | None
    """Upper end of the rank's 95 % interval."""
    outcome: str
    """``accepted``, or why it is not."""
    why: str
    """The same in words."""


class Ancestor(Part):
    """A molecule of a lineage, with those that it came from."""

    inchikey: str
    """Its key."""
    name: str
    """Its name."""
    smiles: str | None
    """Of the parent structure; None where it was never docked."""
    rank: int | None
    """Its rank; None where it has none."""
    proposed_in: int | None
    """Round that proposed it; None: it is of the library."""
    proposer: str
    """Proposer that wrote it; empty: it is of the library."""
    operation: str
    """What the proposer did."""
    reaction: str
    """Reaction that makes it; empty: none is known."""
    blocks: list[str]
    """SMILES of the building blocks."""
    parents: list[Ancestor]
    """What it came from."""
    cut: bool
    """Whether it has ancestors that are not listed here: they are elsewhere, or too far back."""


class Left(Part):
    """Proposals that were left out for one reason."""

    status: str
    """Filtered, duplicate or failed."""
    reason: str
    """Why, as a fixed word."""
    proposals: int
    """How many."""


class BestKnown(Part):
    """What an accepted idea must lie beyond, besides its parents."""

    inchikey: str
    """Its key."""
    name: str
    """Its name."""
    kind: Beyond
    """The best ranked known active, or without one the best ranked of the first batch."""
    rank: int
    """Its rank."""
    rank_low: int
    """Lower end of the rank's 95 % interval."""
    rank_high: int
    """Upper end of the rank's 95 % interval."""


class FoundAgain(Part):
    """Known molecules that the campaign was not told of, and that an arm came upon.

    Stereochemistry is not asked for.
    """

    arm: ArmName
    """Whose molecules."""
    held_out: int
    """How many were held out."""
    proposed: int
    """How many of them are among its proposals."""
    docked: int
    """How many of them it docked."""
    near: int
    """How many have a close neighbour, or themselves, among what it docked."""


class Generation(Part):
    """Molecules that were proposed: how many are accepted, and whether learning helped.

    An idea is accepted when its rank's interval lies beyond those of its parents and of the best
    known active, its pose passes all checks, and size, logP and net charge do not explain it.
    """

    receptor: str
    """Receptor by whose ranking they are judged."""
    kept: int
    """Proposals that could be docked, as molecules."""
    docked: int
    """How many of them were, or were to be."""
    left: list[Left]
    """Proposals that were left out, by reason."""
    best_known: BestKnown | None
    """What ideas must lie beyond; None where no such ligand has an interval of its rank."""
    explained: float | None
    """Part of the spread of what the ranking follows that size, logP and net charge explain."""
    explained_ligands: int
    """Ligands on which that was fitted; zero: they were too few."""
    arms: list[ArmRates]
    """Each arm."""
    comparisons: list[Comparison]
    """The learned arm beside each of the others."""
    ideas: list[Idea]
    """The best generated molecules: accepted ones first, then by rank."""
    found_again: list[FoundAgain] = Field(default_factory=list)
    """Of the molecules that were held out, by arm; empty where none were."""
    tree: Ancestor | None
    """Where the best accepted idea came from, or without one the best ranked proposal."""
    properties: list[Properties]
    """Of each arm in all rounds, of as many of the library's best, and of the first batch."""
    drift: list[Properties]
    """Of each arm in each round."""
