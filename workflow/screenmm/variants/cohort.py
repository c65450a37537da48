"""A made-up cohort: patients who carry variants at given frequencies, as MAF and as VCF.

Everything in it is made up but the protein: patients, the gene's bases, its place in the genome.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from screenmm.core.errors import UserError
from screenmm.core.seeds import seed_for
from screenmm.variants.changes import LETTERS, Substitution, Variant
from screenmm.variants.hgvs import THREE, read_change
from screenmm.variants.made_up_gene import (
    CODE,
    CONTIG,
    ELSEWHERE,
    Difference,
    Gene,
    make_gene,
)
from screenmm.variants.sequence import Sequence as Protein
from screenmm.variants.sequence import disagreement

MOST_PATIENTS = 100_000
SILENT, FRAMESHIFT, SPLICE = 0.10, 0.04, 0.02
"""Shares of patients with a change of the gene that is no variant."""
PASSENGERS = 2
"""Mutations of other genes that each patient has."""
OTHER_GENES = ("MUC16", "RYR2", "TTN")
BASES_ELSEWHERE = 5000

MAF_COLUMNS = (
    "Hugo_Symbol", "Entrez_Gene_Id", "Center", "NCBI_Build", "Chromosome", "Start_Position",
    "End_Position", "Strand", "Variant_Classification", "Variant_Type", "Reference_Allele",
    "Tumor_Seq_Allele1", "Tumor_Seq_Allele2", "Tumor_Sample_Barcode", "HGVSp", "HGVSp_Short",
    "Transcript_ID",
)  # fmt: skip

_THREE_LETTERS = {letter: code for code, letter in THREE.items()}


class Mutation(NamedTuple):
    """A difference of the genome, and what it does."""

    contig: str
    difference: Difference
    gene: str
    kind: str
    hgvsp: str = ""
    short: str = ""


@dataclass(frozen=True)
class Patient:
    """A made-up patient: variants, and mutations by the copy of the gene, 0 or 1, they are on."""

    name: str
    variants: tuple[Variant, ...]
    mutations: tuple[tuple[Mutation, int], ...]


@dataclass(frozen=True)
class Cohort:
    """Patients, and the genome that they differ from.

    Parameters
    ----------
    gene : Gene
    elsewhere : str
        Bases of a contig without a gene.
    patients : tuple of Patient
    """

    gene: Gene
    elsewhere: str
    patients: tuple[Patient, ...]

    @property
    def contigs(self) -> Mapping[str, str]:
        """Bases of the genome's contigs by their names."""
        return {CONTIG: self.gene.contig, ELSEWHERE: self.elsewhere}

    def counts(self) -> Counter[Variant]:
        """How many patients carry each variant."""
        return Counter(variant for patient in self.patients for variant in patient.variants)


def read_frequencies(text: str, protein: Protein) -> dict[Variant, float]:
    """Make out ``T315I:0.2,E255K+Y253H:0.05``.

    Parameters
    ----------
    text : str
    protein : Sequence
        Whose residues the variants must change.

    Raises
    ------
    UserError
        Something is no variant of the protein or no frequency, or stands there twice.
    """
    found: dict[Variant, float] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, share = part.rpartition(":")
        change = read_change(name, protein.letters)
        if change.variant is None:
            raise UserError(
                f"--variants: {name or part!r} is no variant that can be made up "
                f"({change.message}): write for example T315I:0.2"
            )
        if fault := disagreement(change.variant, protein):
            raise UserError(f"--variants: {fault.message}: take another residue or sequence")
        if change.variant in found:
            raise UserError(f"--variants: {change.variant} stands there twice: keep one")
        found[change.variant] = _frequency(share, part)
    if not found:
        raise UserError("--variants names none: write for example T315I:0.2,E255K:0.1")
    return found


def _frequency(share: str, part: str) -> float:
    try:
        value = float(share)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise UserError(
            f"--variants: {share!r} in {part!r} is no frequency above 0 and at most 1: write for "
            "example T315I:0.2"
        )
    return value


def make_cohort(
    gene: str, protein: Protein, frequencies: Mapping[Variant, float], patients: int, seed: int
) -> Cohort:
    """Make up a cohort; the same arguments give the same one.

    Parameters
    ----------
    gene : str
        Symbol.
    protein : Sequence
    frequencies : mapping of Variant to float
        Share of patients that carry a variant, each drawn by itself; a residue changes once in a
        patient.
    patients : int
    seed : int

    Raises
    ------
    UserError
        There are no patients or too many, or the protein has residues of no codon.
    """
    if not 0 < patients <= MOST_PATIENTS:
        raise UserError(f"--patients {patients}: at least 1 and at most {MOST_PATIENTS:,}")
    if strange := sorted(set(protein.letters) - LETTERS):
        raise UserError(
            f"{protein.name} has {strange[0]}, which is none of the twenty amino acids: give a "
            "sequence of these"
        )
    if len(protein) < 20:
        raise UserError(f"{protein.name} has {len(protein)} residues: at least 20 are needed")
    chance = random.Random(seed_for(seed, "cohort"))
    changes = [each for variant in frequencies for each in variant.substitutions]
    made = make_gene(gene, protein.letters, changes, chance)
    elsewhere = "".join(chance.choice("ACGT") for _ in range(BASES_ELSEWHERE))
    touched = {each.number for each in changes}
    width = max(4, len(str(patients)))
    return Cohort(
        made,
        elsewhere,
        tuple(
            _patient(f"SYN-{number:0{width}}", made, elsewhere, frequencies, touched, chance)
            for number in range(1, patients + 1)
        ),
    )


def _patient(
    name: str,
    gene: Gene,
    elsewhere: str,
    frequencies: Mapping[Variant, float],
    touched: set[int],
    chance: random.Random,
) -> Patient:
    copy = chance.randrange(2)
    variants: list[Variant] = []
    changed: set[int] = set()
    for variant, frequency in frequencies.items():
        if chance.random() < frequency and changed.isdisjoint(variant.numbers):
            variants.append(variant)
            changed.update(variant.numbers)
    ours = [_missense(gene, each) for variant in variants for each in variant.substitutions]
    # on the other copy, since behind a shifted frame nothing else would count
    other = [*_no_variant(gene, touched, chance)]
    theirs = [_passenger(elsewhere, chance) for _ in range(PASSENGERS)]
    return Patient(
        name,
        tuple(variants),
        (
            *((each, copy) for each in ours),
            *((each, 1 - copy) for each in other),
            *((each, copy) for each in dict.fromkeys(theirs)),
        ),
    )


def _missense(gene: Gene, change: Substitution) -> Mutation:
    wild, number, mutant = change
    long = f"p.{_THREE_LETTERS[wild]}{number}{_THREE_LETTERS[mutant]}"
    difference = gene.substituted(change)
    return Mutation(CONTIG, difference, gene.name, "Missense_Mutation", long, f"p.{change}")


def _no_variant(gene: Gene, touched: set[int], chance: random.Random) -> Iterator[Mutation]:
    drawn = chance.random()
    number = _untouched(gene, touched, chance)
    letter = CODE[gene.codons[number - 1]]
    if drawn < SILENT:
        difference = gene.silent(number)
        if difference is not None:
            long = f"p.{_THREE_LETTERS[letter]}{number}="
            yield Mutation(CONTIG, difference, gene.name, "Silent", long, f"p.{letter}{number}=")
    elif drawn < SILENT + FRAMESHIFT:
        told = _shifted(gene, number)
        if told is not None:
            difference = gene.shifted(number)
            yield Mutation(CONTIG, difference, gene.name, "Frame_Shift_Del", *told)
    elif drawn < SILENT + FRAMESHIFT + SPLICE:
        short = f"p.X{gene.first_exon}_splice"
        yield Mutation(CONTIG, gene.unspliced(), gene.name, "Splice_Site", "", short)


def _untouched(gene: Gene, touched: set[int], chance: random.Random) -> int:
    """Residue away from the start, the end, the splice site, and those of the variants."""
    last = len(gene.codons) - 1
    inner = [
        number
        for number in range(3, last - 1)
        if abs(number - gene.first_exon) > 3 and not touched & {number - 1, number}
    ]
    return chance.choice(inner or [2])


def _shifted(gene: Gene, number: int) -> tuple[str, str] | None:
    """HGVS of a frame that shifts before a residue; None where the first new codon is a stop."""
    coding = "".join(gene.codons)
    at = 3 * (number - 1) - 1
    new = _translated(coding[:at] + coding[at + 1 :])
    old = _translated(coding)
    first = next(place for place in range(len(new)) if new[place] != old[place])
    if new[first] == "*":
        return None
    stop = new.find("*", first)
    wild, mutant = old[first], new[first]
    end = "?" if stop < 0 else str(stop - first + 1)
    codes = _THREE_LETTERS[wild], _THREE_LETTERS[mutant]
    return f"p.{codes[0]}{first + 1}{codes[1]}fsTer{end}", f"p.{wild}{first + 1}{mutant}fs*{end}"


def _translated(coding: str) -> str:
    return "".join(CODE[coding[at : at + 3]] for at in range(0, len(coding) - 2, 3))


def _passenger(elsewhere: str, chance: random.Random) -> Mutation:
    position = chance.randrange(1, len(elsewhere) + 1)
    reference = elsewhere[position - 1]
    alternative = chance.choice([base for base in "ACGT" if base != reference])
    wild, mutant = chance.sample(sorted(LETTERS), 2)
    number = chance.randrange(2, 2000)
    return Mutation(
        ELSEWHERE,
        Difference(position, reference, alternative),
        chance.choice(OTHER_GENES),
        "Missense_Mutation",
        f"p.{_THREE_LETTERS[wild]}{number}{_THREE_LETTERS[mutant]}",
        f"p.{wild}{number}{mutant}",
    )


# --- files -------------------------------------------------------------------------------


def maf_text(cohort: Cohort) -> str:
    """Cohort as a MAF.

    Parameters
    ----------
    cohort : Cohort
    """
    lines = ["#version 2.4", "\t".join(MAF_COLUMNS)]
    for patient in cohort.patients:
        lines += ["\t".join(_maf_row(each, patient, cohort)) for each, _ in patient.mutations]
    return "\n".join(lines) + "\n"


def _maf_row(mutation: Mutation, patient: Patient, cohort: Cohort) -> Sequence[str]:
    position, reference, alternative = mutation.difference
    kind = "SNP" if len(reference) == 1 else {2: "DNP", 3: "TNP"}[len(reference)]
    if len(alternative) < len(reference):
        # a MAF leaves out the base before a deletion
        kind, position = "DEL", position + 1
        reference, alternative = reference[1:], alternative[1:] or "-"
    end = position + len(reference) - 1
    transcript = cohort.gene.transcript if mutation.gene == cohort.gene.name else ""
    return (
        mutation.gene, "0", "made_up", "made_up", mutation.contig, str(position), str(end), "+",
        mutation.kind, kind, reference, reference, alternative, patient.name, mutation.hgvsp,
        mutation.short, transcript,
    )  # fmt: skip


def vcf_text(cohort: Cohort) -> str:
    """Cohort as a VCF of all patients, phased and without protein changes.

    Parameters
    ----------
    cohort : Cohort
    """
    genotypes: dict[tuple[str, Difference], dict[str, set[int]]] = {}
    for patient in cohort.patients:
        for mutation, copy in patient.mutations:
            place = genotypes.setdefault((mutation.contig, mutation.difference), {})
            place.setdefault(patient.name, set()).add(copy)
    names = [patient.name for patient in cohort.patients]
    lines = [
        "##fileformat=VCFv4.2",
        *(f"##contig=<ID={name},length={len(bases)}>" for name, bases in cohort.contigs.items()),
        '##FILTER=<ID=PASS,Description="All filters passed">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(
            ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *names]
        ),
    ]
    for (contig, difference), carried in sorted(genotypes.items()):
        position, reference, alternative = difference
        fields = [contig, str(position), ".", reference, alternative, ".", "PASS", ".", "GT"]
        lines.append("\t".join([*fields, *(_genotype(carried.get(name)) for name in names)]))
    return "\n".join(lines) + "\n"


def _genotype(copies: set[int] | None) -> str:
    return "|".join("1" if copies and copy in copies else "0" for copy in (0, 1))


def readme_text(
    cohort: Cohort, protein: Protein, frequencies: Mapping[Variant, float], seed: int
) -> str:
    """What the cohort is, with the frequencies that were asked for and that came out.

    Parameters
    ----------
    cohort : Cohort
    protein : Sequence
    frequencies : mapping of Variant to float
    seed : int
    """
    counts, size = cohort.counts(), len(cohort.patients)
    kinds = Counter(
        mutation.kind
        for patient in cohort.patients
        for mutation, _ in patient.mutations
        if mutation.gene == cohort.gene.name and mutation.kind != "Missense_Mutation"
    )
    rows = [
        f"| {variant} | {frequency:g} | {counts[variant]} | {counts[variant] / size:.3f} |"
        for variant, frequency in frequencies.items()
    ]
    others = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())) or "none"
    return f"""# A made-up cohort of {size} patients

Nobody in it exists. The frequencies were given, the rest drawn with seed {seed}: the gene's bases
(`gene.fasta`, `gene.gff3`) are a back-translation of {protein.name}, with one intron.

| variant of {cohort.gene.name} | frequency asked for | patients | share |
|---|---|---|---|
{chr(10).join(rows)}

Each variant is drawn by itself; a residue changes once in a patient. Other changes of
{cohort.gene.name}: {others} (drawn for {SILENT:g}, {FRAMESHIFT:g} and {SPLICE:g} of the patients),
on the other copy of the gene. Each patient has {PASSENGERS} mutations of other genes
({", ".join(OTHER_GENES)}), whose protein changes are made up, too.

- `cohort.maf`: a line for each mutation of each patient; patients without any but those of other
  genes are wild type.
- `cohort.vcf.gz`: all patients, phased, without protein changes: give `gene.fasta` and
  `gene.gff3` with it (`variants.fasta`, `variants.gff3`).
"""
