"""What annotators call an effect on the protein, as our reasons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from screenmm.variants.changes import VariantReason

OF_CLASS: Mapping[str, VariantReason | None] = {
    "missense_mutation": None,
    "silent": VariantReason.SYNONYMOUS,
    "nonsense_mutation": VariantReason.STOP,
    "frame_shift_del": VariantReason.FRAMESHIFT,
    "frame_shift_ins": VariantReason.FRAMESHIFT,
    "in_frame_del": VariantReason.INDEL,
    "in_frame_ins": VariantReason.INDEL,
    "splice_site": VariantReason.SPLICE,
    "translation_start_site": VariantReason.START_LOST,
    "de_novo_start_inframe": VariantReason.EXTENSION,
    "de_novo_start_outofframe": VariantReason.FRAMESHIFT,
    "start_codon_snp": VariantReason.START_LOST,
    "start_codon_del": VariantReason.START_LOST,
    "start_codon_ins": VariantReason.START_LOST,
    "stop_codon_del": VariantReason.EXTENSION,
    "stop_codon_ins": VariantReason.EXTENSION,
    "nonstop_mutation": VariantReason.EXTENSION,
    "splice_region": VariantReason.NO_PROTEIN_CHANGE,
    "intron": VariantReason.NO_PROTEIN_CHANGE,
    "3'utr": VariantReason.NO_PROTEIN_CHANGE,
    "5'utr": VariantReason.NO_PROTEIN_CHANGE,
    "3'flank": VariantReason.NO_PROTEIN_CHANGE,
    "5'flank": VariantReason.NO_PROTEIN_CHANGE,
    "igr": VariantReason.NO_PROTEIN_CHANGE,
    "rna": VariantReason.NO_PROTEIN_CHANGE,
    "lincrna": VariantReason.NO_PROTEIN_CHANGE,
    "targeted_region": VariantReason.NO_PROTEIN_CHANGE,
}
"""``Variant_Classification`` of a MAF, in lower case; None where the protein's change decides."""

_OF_TERM: Mapping[str, VariantReason | None] = {
    # the first that an entry has decides
    "splice_acceptor": VariantReason.SPLICE,
    "splice_donor": VariantReason.SPLICE,
    "transcript_ablation": VariantReason.NO_PROTEIN,
    "start_lost": VariantReason.START_LOST,
    "initiator_codon": VariantReason.START_LOST,
    "frameshift": VariantReason.FRAMESHIFT,
    "stop_gained": VariantReason.STOP,
    "stop_lost": VariantReason.EXTENSION,
    "inframe_insertion": VariantReason.INDEL,
    "inframe_deletion": VariantReason.INDEL,
    "inframe_altering": VariantReason.INDEL,
    "conservative_inframe_insertion": VariantReason.INDEL,
    "conservative_inframe_deletion": VariantReason.INDEL,
    "disruptive_inframe_insertion": VariantReason.INDEL,
    "disruptive_inframe_deletion": VariantReason.INDEL,
    "feature_elongation": VariantReason.INDEL,
    "feature_truncation": VariantReason.INDEL,
    "missense": None,
    "protein_altering": None,
    "coding_sequence": None,
    "synonymous": VariantReason.SYNONYMOUS,
    "stop_retained": VariantReason.SYNONYMOUS,
    "start_retained": VariantReason.SYNONYMOUS,
    "incomplete_terminal_codon": VariantReason.UNCERTAIN,
}
"""Terms of the Sequence Ontology without ``_variant``, the gravest first."""

GRAVE = frozenset((
    VariantReason.SPLICE, VariantReason.FRAMESHIFT, VariantReason.START_LOST,
    VariantReason.STOP, VariantReason.EXTENSION, VariantReason.NO_PROTEIN,
))  # fmt: skip
"""Reasons for which a change that is written beside them is not the whole effect."""

TOLD: Mapping[VariantReason, str] = {
    VariantReason.SYNONYMOUS: "the protein stays as it is",
    VariantReason.STOP: "the protein ends early",
    VariantReason.FRAMESHIFT: "the reading frame shifts",
    VariantReason.INDEL: "residues are inserted, deleted or repeated",
    VariantReason.SPLICE: "a splice site changes",
    VariantReason.START_LOST: "the start is lost",
    VariantReason.EXTENSION: "the protein goes on behind its end or begins before its start",
    VariantReason.NO_PROTEIN: "no protein is made",
    VariantReason.NO_PROTEIN_CHANGE: "outside what codes for the protein",
    VariantReason.UNCERTAIN: "what becomes of the protein is unknown",
    VariantReason.COMBINED: "its effect is that of another entry of the same haplotype",
    VariantReason.NOT_ANNOTATED: "no protein change is written: annotate the file, or list it",
    VariantReason.NOT_MODELLED: "a structural variant or an allele that is not written out",
}
"""The reasons in words."""


def reason_of_class(name: str) -> VariantReason | None:
    """Reason that a ``Variant_Classification`` of a MAF tells; None where it tells none.

    Parameters
    ----------
    name : str
    """
    return OF_CLASS.get(name.strip().lower())


def reason_of_terms(terms: Iterable[str]) -> VariantReason | None:
    """Reason that terms of the Sequence Ontology tell, of an entry's effects the gravest.

    Parameters
    ----------
    terms : iterable of str
        As VEP, SnpEff or bcftools write them.

    Returns
    -------
    VariantReason or None
        None where the protein's change decides.
    """
    bare = {term.strip().lower().removesuffix("_variant") for term in terms}
    known = next((term for term in _OF_TERM if term in bare), None)
    return VariantReason.NO_PROTEIN_CHANGE if known is None else _OF_TERM[known]
