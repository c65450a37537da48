"""What variants of a receptor do to its best ligands, and how much of that is noise."""

from __future__ import annotations

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
