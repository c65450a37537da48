"""What a library covers, and whom the screen lost."""

from __future__ import annotations

from pydantic import Field

from screenmm.metrics.part import Part


class Fate(Part):
    """Records of one fate."""

    records: int
    """How many, of the whole library."""
    described: int
    """How many of these were described; of a large library a sample."""
    no_structure_read: int
    """How many of the described ones have no readable structure."""


class PropertyOfFate(Part):
    """A property of the described records of one fate, those without a structure left out."""

    n: int
    """How many records."""
    mean: float
    """Mean, in the property's unit."""
    percentile_5: float
    """5th percentile, in the property's unit."""
    median: float
    """Median, in the property's unit."""
    percentile_95: float
    """95th percentile, in the property's unit."""
    counts: list[int]
    """Records in each bin; one more than there are edges."""


class PropertyCounts(Part):
    """A property by fate."""

    unit: str
    """Its unit; empty for a number of things."""
    edges: list[float]
    """Inner edges of its bins, in its unit; the first and last bin are open."""
    by_fate: dict[str, PropertyOfFate]
    """Input and every fate to its distribution; fates without records are left out."""


class ScaffoldCounts(Part):
    """Bemis–Murcko scaffolds of some molecules."""

    molecules: int
    """Distinct molecules with a scaffold."""
    scaffolds: int
    """Distinct scaffolds."""
    singletons: int
    """Scaffolds of one molecule."""
    share_of_commonest: float | None
    """Share of the molecules that have one of the commonest scaffolds; null without molecules."""
    without_ring: int
    """Molecules without a ring, which have no scaffold."""


class LostScaffold(Part):
    """A scaffold of which no molecule is ranked."""

    scaffold: str
    """Its SMILES."""
    molecules: int
    """Molecules of the library that have it."""
    filtered: int
    """How many of these a filter took out."""
    failed: int
    """How many of these failed."""


class LostScaffolds(Part):
    """Scaffolds of which no molecule is ranked."""

    scaffolds: int
    """How many."""
    molecules: int
    """Molecules that have them."""
    largest: list[LostScaffold]
    """Those with most molecules."""


class Scaffolds(Part):
    """Scaffolds of the library, and what became of them."""

    commonest: int
    """How many scaffolds count as the commonest."""
    input: ScaffoldCounts
    """Of the library."""
    ranked: ScaffoldCounts
    """Of ranked molecules."""
    hits: ScaffoldCounts
    """Of the top hits."""
    wholly_lost: LostScaffolds
    """Those of which no molecule is ranked."""


class ClassLoss(Part):
    """How many of a class of molecules were lost in one way."""

    loss: str
    """The way: refused, filtered, failed, or pose filtered."""
    by: str
    """What makes the class: charge, weight or chemotype."""
    class_: str = Field(alias="class")
    """The class."""
    meaning: str
    """Its unit, or what it means; empty where its name says it."""
    records: int
    """Described records of the class, whatever became of them."""
    at_risk: int
    """Of these, the ones that nothing else had taken out before."""
    lost: int
    """Of those at risk."""
    share: float | None
    """Share of those at risk that was lost; null where none was at risk."""
    low: float | None
    """Low end of its 95 % interval (Wilson); null where none was at risk."""
    high: float | None
    """High end of its 95 % interval (Wilson); null where none was at risk."""
    p: float | None
    """One-sided p-value of Fisher's exact test that the class loses no more than the rest; null
    where there is nothing to compare."""
    p_corrected: float | None = None
    """The same, corrected for the number of tests in the report (Holm)."""
    more: bool = False
    """Whether the class loses significantly more than the rest."""


class Correlation(Part):
    """Spearman's correlation of a score, larger being better, with a property."""

    n: int
    """Ligands that have both."""
    value: float | None
    """The correlation; null where it cannot be had."""
    reason: str | None = None
    """Why it cannot be had."""
    low: float | None = None
    """Low end of its 95 % interval; null where there is none."""
    high: float | None = None
    """High end of its 95 % interval; null where there is none."""
    interval_reason: str | None = None
    """Why resampling gave no interval."""
    interval: str | None = None
    """How the interval was made, or why there is none."""


class Similarities(Part):
    """Tanimoto similarities of some ligands to the nearest known active."""

    n: int
    """Ligands; the rest is left out where there are none."""
    percentile_5: float | None = None
    """5th percentile."""
    median: float | None = None
    """Median."""
    percentile_95: float | None = None
    """95th percentile."""
    counts: list[int] = Field(default_factory=list)
    """Ligands in each bin; one more than there are edges."""


class NearestActive(Part):
    """A hit and the known active most like it, itself left out."""

    rank: int
    """Rank of the hit."""
    name: str | None
    """Its name."""
    known_active: bool
    """Whether it is a known active itself."""
    nearest_active: str | None
    """Name of the active; null where there is no other."""
    tanimoto: float | None
    """Tanimoto similarity of Morgan fingerprints; null where there is no other active."""


class Similarity(Part):
    """How like the known actives the library and the hits are."""

    actives: int
    """Known actives of the library."""
    compared_with: int
    """How many of these the others are compared with."""
    edges: list[float]
    """Inner edges of the bins."""
    library: Similarities
    """Of the rest of the library, or of a sample of it."""
    hits: Similarities
    """Of the top hits."""
    hits_not_known: Similarities
    """Of those that are no known actives."""
    known_among_hits: int
    """Known actives among the top hits."""
    nearest: list[NearestActive]
    """The top hits."""


class ReceptorBias(Part):
    """Whom the screen lost on the way to one receptor's ranking."""

    fates: dict[str, Fate]
    """Input and every fate to its records."""
    properties: dict[str, PropertyCounts]
    """Properties of the records as they were read, by fate."""
    scaffolds: Scaffolds
    """Scaffolds, and what became of them."""
    losses: list[ClassLoss]
    """Loss rates by charge, weight and chemotype."""
    correlations: dict[str, dict[str, Correlation]]
    """Score to heavy_atoms and formal_charge to its correlation with that."""
    similarity: Similarity | None
    """How like the known actives the hits are; null without known actives."""


class Bias(Part):
    """The bias report."""

    records: int
    """Records of the library."""
    described: int
    """Records whose properties, scaffolds and losses are told."""
    sampled: bool
    """Whether those are a sample, chosen by the hash of their key."""
    hits: int
    """Top ligands per receptor that count as hits."""
    by_receptor: dict[str, ReceptorBias]
    """Receptor, in config order, to its report."""
