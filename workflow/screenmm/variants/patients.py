"""Who carries what, for tables that stay on the user's machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from screenmm.core.errors import UserError
from screenmm.variants.changes import Substitution, Variant, VariantReason
from screenmm.variants.entries import Entry, Wanted
from screenmm.variants.htslib import is_variant_call_file
from screenmm.variants.readers import entries_of
from screenmm.variants.vcf import patients_of

_UNKNOWN = frozenset((VariantReason.NOT_CALLED, VariantReason.UNREADABLE))
"""Reasons for which nobody knows whether a patient has a variant."""

_HARMLESS = frozenset((VariantReason.SYNONYMOUS, VariantReason.NO_PROTEIN_CHANGE))
"""Reasons of entries that leave the protein as it is in whoever carries them."""


@dataclass
class Carried:
    """What a patient carries of the gene.

    Parameters
    ----------
    variants : set of Variant
    unusable : Counter of VariantReason
        Changes that are no variants, and those of which nobody knows whether the patient has them,
        by their reasons.
    """

    variants: set[Variant] = field(default_factory=set)
    unusable: Counter[VariantReason] = field(default_factory=Counter)

    @property
    def is_known(self) -> bool:
        """Whether a patient without variants is known to have none."""
        return _UNKNOWN.isdisjoint(self.unusable)


class Patients(NamedTuple):
    """Who carries what.

    Parameters
    ----------
    carried : mapping of str to Carried
        By patient; who carries nothing is there, too.
    nameless : int
        Entries of the gene, or cut ones, that name no patient.
    """

    carried: Mapping[str, Carried]
    nameless: int = 0


def read_patients(files: Iterable[Path], wanted: Wanted) -> Patients:
    """Who carries what in files that name patients.

    Parameters
    ----------
    files : iterable of Path
        MAF files, whose patients are ``Tumor_Sample_Barcode``, and VCF or BCF files, whose patients
        are the samples; one that is called NORMAL is none. A sample is in one VCF alone.
    wanted : Wanted

    Raises
    ------
    UserError
        A file cannot be read as a whole, or names no patients, or two VCF files name the same.
    """
    found: dict[str, Carried] = {}
    vcf_of: dict[str, Path] = {}
    nameless = 0
    for path in files:
        if not path.is_file():
            raise UserError(f"no file {path}: --variants takes MAF and VCF files")
        named: set[str] = set()
        is_vcf = is_variant_call_file(path)
        if is_vcf:
            named.update(patients_of(path))
            _check_samples(named, path, vcf_of)
        for entry in entries_of(path, path.name, wanted, carriers=True):
            named.update(entry.carriers)
            nameless += entry.row is not None and not (is_vcf or entry.carriers)
            _take(entry, found)
        if not named:
            raise UserError(
                f"{path} names no patients: a MAF with Tumor_Sample_Barcode or a VCF with samples "
                "is needed"
            )
        for name in named:
            found.setdefault(name, Carried())
    return Patients(found, nameless)


def _check_samples(names: Iterable[str], path: Path, vcf_of: dict[str, Path]) -> None:
    """Refuse names that two files have, as TUMOR, whose samples may be of two patients."""
    for name in names:
        if name in vcf_of:
            raise UserError(
                f"{vcf_of[name]} and {path} have a sample of the same name (bcftools query -l "
                "shows it), and a sample is a patient: give each sample its patient's name "
                "(bcftools reheader -s), or join files of the same patients (bcftools concat -a)"
            )
        vcf_of[name] = path


def _take(entry: Entry, found: dict[str, Carried]) -> None:
    if entry.row is None:
        return
    if entry.row.reason not in _HARMLESS:
        for name in entry.uncalled:
            found.setdefault(name, Carried()).unusable[VariantReason.NOT_CALLED] += 1
    for name in entry.carriers:
        carried = found.setdefault(name, Carried())
        if entry.row.variant is not None:
            carried.variants.add(entry.row.variant)
        elif entry.row.reason is not None:
            carried.unusable[entry.row.reason] += 1


def in_results(variants: Iterable[Variant], scored: Iterable[Variant]) -> tuple[Variant, ...]:
    """Variants of a patient as the results name them.

    A variant of several substitutions is the patient's where the patient has them all; nobody knows
    whether they are on one copy of the gene. What a file has together is never taken apart.

    Parameters
    ----------
    variants : iterable of Variant
        As the files have them, most of them of one substitution.
    scored : iterable of Variant
        Those of the results.

    Returns
    -------
    tuple of Variant
        First the largest of the results that the patient has, then what they leave.
    """
    own = set(variants)
    have: set[Substitution] = {each for variant in own for each in variant.substitutions}
    fitting = [
        each
        for each in set(scored)
        if have.issuperset(each.substitutions) and _is_of_whole(each, own)
    ]
    fitting.sort(key=lambda each: (-len(each.substitutions), each.numbers, each.name))
    taken: list[Variant] = []
    covered: set[Substitution] = set()
    for variant in fitting:
        if covered.isdisjoint(variant.substitutions):
            taken.append(variant)
            covered.update(variant.substitutions)
    left = [each for each in own if not covered.issuperset(each.substitutions)]
    return (*taken, *sorted(left, key=lambda each: (each.numbers, each.name)))


def _is_of_whole(variant: Variant, own: Iterable[Variant]) -> bool:
    """Whether a variant takes of each other one all substitutions or none."""
    theirs = set(variant.substitutions)
    return all(
        theirs.isdisjoint(o.substitutions) or theirs.issuperset(o.substitutions) for o in own
    )


def count_carriers(patients: Mapping[str, tuple[Variant, ...]]) -> Counter[Variant]:
    """How many patients carry each variant.

    Parameters
    ----------
    patients : mapping of str to tuple of Variant
    """
    return Counter(variant for variants in patients.values() for variant in set(variants))
