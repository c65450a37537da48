"""What variants of a receptor do to its best ligands, and how much of that is noise."""

from __future__ import annotations

from screenmm.metrics.measures import Measure
from screenmm.metrics.part import Part


class VariantEntries(Part):
    """What became of the entries: their sum is what was read."""

    read: int
    """Entries of the list and the files, those of other genes among them."""
    modelled: int
    """Those that name a variant that was modelled."""
    left_out: int
    """Those that name a variant that was left out."""
    unusable: dict[str, int]
    """Why an entry names no variant, to how many."""


class NullVariants(Part):
    """Residues built anew as they are: every ΔΔG of theirs should be 0."""

    residues: int
    """How many residues."""
    scored: int
    """Pairs of such a residue and a ligand that were scored."""
    within: int
    """How many of these have 0 within their interval."""
    rms_kcal_mol: float | None
    """Root mean square of their unscaled ΔΔG; None where none was scored."""


class VariantMarks(Part):
    """What became of the ligands in one variant."""

    variant: str
    """As T315I; of several residues by number, joined by +."""
    charge_change: int
    """Formal charge of the variant less the wild type's, e."""
    lost: int
    """Ligands that bind weaker."""
    kept: int
    """Ligands whose whole interval lies near 0."""
    gained: int
    """Ligands that bind stronger."""
    untold: int
    """Ligands of which nothing can be told."""
    failed: int
    """Ligands that could not be scored."""


class VariantPredictor(Part):
    """How well something follows measured ΔΔG; larger measures are better."""

    words: str
    """What it is."""
    pearson: Measure
    """Correlation with the measured ΔΔG."""
    spearman: Measure
    """The same of ranks."""
    roc_auc: Measure
    """How well it tells the resistant pairs, those that bind ten times weaker, from the others."""
    lead: Measure | None = None
    """How far the computed ΔΔG are ahead of it in Pearson's correlation; null of themselves."""


class VariantAnswers(Part):
    """Computed ΔΔG beside measured ones."""

    text: str
    """Whether they follow them, in words."""
    measured: int
    """Measured values that were given."""
    pairs: int
    """How many of them are of a pair that was scored."""
    variants: int
    """Variants among these pairs."""
    ligands: int
    """Ligands among these pairs."""
    resistant: int
    """Pairs that bind more than ten times weaker."""
    unused: dict[str, int]
    """Why a measured value has no computed one, to how many."""
    rmse_kcal_mol: float | None
    """Root mean square error of the scaled ΔΔG; null without a pair."""
    rmse_of_mean_kcal_mol: float | None
    """That of always saying the measured values' mean; null without a pair."""
    predictors: dict[str, VariantPredictor]
    """The computed ΔΔG (mmgbsa), and what is trivial."""


class VariantPanel(Part):
    """Variants of a wild type with its best ligands."""

    wild_type: str
    """Receptor that they are variants of."""
    text: str
    """What was found, in words."""
    entries: VariantEntries
    """What was read."""
    variants: int
    """Different variants that the entries name."""
    modelled: int
    """How many of them were modelled."""
    left_out: dict[str, int]
    """Why a variant was left out, to how many."""
    ligands: int
    """Ligands that were scored in them, or were to be."""
    scored: int
    """Pairs of variant and ligand that were scored."""
    failed: int
    """Pairs of variant and ligand that could not be scored."""
    nulls: NullVariants
    """The noise of the computation."""
    by_variant: list[VariantMarks]
    """Each variant that was modelled."""
    answers: VariantAnswers | None = None
    """How the computed ΔΔG follow measured ones; null where none were given."""
