"""What a campaign in rounds came to."""

from __future__ import annotations

from typing import Literal

from screenmm.metrics.part import Part

Helps = Literal["helps", "no_better_than_size", "does_not_help", "unknown"]


class RoundDone(Part):
    """One round.

    Of a molecule the objective counts: its docking score or its MM/GBSA energy, kcal/mol.
    """

    round: int
    """Its number, from 1."""
    chosen: int
    """Molecules of its batch that a model, or the user's seeds, or their diversity chose."""
    drawn: int
    """Molecules of its batch that were drawn at random."""
    valued: int
    """Molecules of its batch with a value of the objective."""
    best_kcal_mol: float | None
    """Best value so far; None where no molecule has one yet."""
    mean_of_best_kcal_mol: float | None
    """Mean of the best values so far, of as many as are the library's best."""
    new_among_best: int
    """How many of these best ones are of this round."""
    error_kcal_mol: float | None = None
    """Root mean square error of the model on molecules that it had not seen, drawn at random."""
    enrichment: float | None = None
    """How many times more hits the model's choice held than a random one."""
    enrichment_low: float | None = None
    """Lower end of its 95 % interval."""
    enrichment_high: float | None = None
    """Upper end of its 95 % interval."""
    recall_low: float | None = None
    """Lower bound of the recall: the part of the library's best that was found."""
    cpu_h: float | None = None
    """CPU hours of the round's jobs."""
    price: float | None = None
    """Their price; None without prices in the config."""


class Campaign(Part):
    """A campaign in rounds."""

    receptor: str
    """Receptor whose scores chose the batches."""
    objective: str
    """Column that a molecule was judged by."""
    library: int
    """Ligands of the library."""
    docked: int
    """Ligands of all batches."""
    predicted: int
    """Ligands that no round docked."""
    best: int
    """How many ligands are called the library's best: one in a hundred."""
    ended: str
    """Why no further round was made."""
    helps: Helps
    """Whether the model found more of the best than chance and size alone."""
    verdict: str
    """The same in a sentence, with the numbers."""
    recall_low: float | None
    """Lower bound of the recall at the end; None where nothing is known of it."""
    rounds: list[RoundDone]
    """Each round."""
