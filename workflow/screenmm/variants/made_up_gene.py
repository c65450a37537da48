"""A made-up gene of a given protein, so that a made-up cohort has a genome to vary."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from screenmm.variants.changes import Substitution

CONTIG = "made_up"
ELSEWHERE = "made_up_elsewhere"
"""A contig on which no gene lies."""
FLANK = 200
INTRON = 120
LINE = 60

_BASES = "TCAG"
_AMINO_ACIDS = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE: Mapping[str, str] = {
    "".join(codon): letter
    for codon, letter in zip(itertools.product(_BASES, repeat=3), _AMINO_ACIDS, strict=True)
}
"""The standard genetic code."""

CODONS: Mapping[str, tuple[str, ...]] = {
    letter: tuple(sorted(codon for codon in CODE if CODE[codon] == letter))
    for letter in sorted(set(_AMINO_ACIDS))
}


class Difference(NamedTuple):
    """A difference of the genome: position from 1, and both texts, as in a VCF record."""

    position: int
    reference: str
    alternative: str


@dataclass(frozen=True)
class Gene:
    """A gene of two exons on the forward strand, with its contig.

    Parameters
    ----------
    name : str
    contig : str
        Bases of the contig.
    codons : tuple of str
        Of the protein, the stop with them.
    first_exon : int
        Codons of the first exon.
    """

    name: str
    contig: str
    codons: tuple[str, ...]
    first_exon: int

    @property
    def transcript(self) -> str:
        """Its one transcript."""
        return "ENST00000000001"

    def place(self, number: int) -> int:
        """Position on the contig, from 1, of the first base of a residue's codon."""
        before = 3 * (number - 1)
        return FLANK + 1 + before + (INTRON if number > self.first_exon else 0)

    @property
    def exons(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """First and last position of both exons."""
        end = FLANK + 3 * self.first_exon
        return (FLANK + 1, end), (end + INTRON + 1, FLANK + INTRON + 3 * len(self.codons))

    def substituted(self, change: Substitution) -> Difference:
        """Difference of the genome by which a residue changes: as few bases as can be."""
        codon = self.codons[change.number - 1]
        new = nearest(codon, change.mutant)
        return self._between(change.number, codon, new)

    def silent(self, number: int) -> Difference | None:
        """Difference by which a residue stays as it is; None where it has one codon alone."""
        codon = self.codons[number - 1]
        others = [each for each in CODONS[CODE[codon]] if _distance(codon, each) == 1]
        return self._between(number, codon, others[0]) if others else None

    def shifted(self, number: int) -> Difference:
        """Deletion of the base before a residue's codon, which shifts the reading frame."""
        before = self.place(number) - 2
        return Difference(before, self.contig[before - 1 : before + 1], self.contig[before - 1])

    def unspliced(self) -> Difference:
        """Change of the intron's first base."""
        position = self.exons[0][1] + 1
        return Difference(position, "G", "A")

    def _between(self, number: int, codon: str, new: str) -> Difference:
        places = [index for index in range(3) if codon[index] != new[index]]
        first, last = places[0], places[-1] + 1
        return Difference(self.place(number) + first, codon[first:last], new[first:last])


def nearest(codon: str, letter: str) -> str:
    """Codon of an amino acid that differs least from another codon.

    Parameters
    ----------
    codon : str
    letter : str
        One-letter code.
    """
    return min(CODONS[letter], key=lambda each: (_distance(codon, each), each))


def _distance(codon: str, other: str) -> int:
    return sum(a != b for a, b in zip(codon, other, strict=True))


def make_gene(
    name: str, protein: str, changes: Sequence[Substitution], chance: random.Random
) -> Gene:
    """Back-translate a protein and give it an intron and a contig.

    Parameters
    ----------
    name : str
    protein : str
        One-letter codes of the twenty amino acids.
    changes : sequence of Substitution
        Codons are chosen so that these take one base where that can be.
    chance : random.Random
        Where the choice of codons and bases comes from.
    """
    wanted: dict[int, list[str]] = {}
    for each in changes:
        wanted.setdefault(each.number, []).append(each.mutant)
    codons = []
    for number, letter in enumerate(protein, start=1):
        mutants = wanted.get(number, [])
        shuffled = chance.sample(CODONS[letter], len(CODONS[letter]))
        codons.append(min(shuffled, key=lambda each: _cost(each, mutants)))
    codons.append(chance.choice(CODONS["*"]))
    half = max(len(protein) // 2, 1)
    coding = "".join(codons)
    flank, intron, end = (_bases(chance, size) for size in (FLANK, INTRON - 4, FLANK))
    contig = f"{flank}{coding[: 3 * half]}GT{intron}AG{coding[3 * half :]}{end}"
    return Gene(name, contig, tuple(codons), half)


def _cost(codon: str, mutants: Sequence[str]) -> int:
    return sum(_distance(codon, nearest(codon, each)) for each in mutants)


def _bases(chance: random.Random, count: int) -> str:
    return "".join(chance.choice(_BASES) for _ in range(count))


def fasta(contigs: Mapping[str, str]) -> str:
    """Contigs as FASTA text.

    Parameters
    ----------
    contigs : mapping of str to str
        Name to bases.
    """
    lines = []
    for name, bases in contigs.items():
        lines += [f">{name}", *(bases[at : at + LINE] for at in range(0, len(bases), LINE))]
    return "\n".join(lines) + "\n"


def gff3(gene: Gene) -> str:
    """Gene as GFF3 text, with identifiers as Ensembl writes them.

    Parameters
    ----------
    gene : Gene
    """
    (start, _), (_, end) = gene.exons
    whole = f"{CONTIG}\tmade_up\t{{}}\t{start}\t{end}\t.\t+\t.\t{{}}"
    lines = [
        "##gff-version 3",
        f"##sequence-region {CONTIG} 1 {len(gene.contig)}",
        whole.format("gene", f"ID=gene:ENSG00000000001;Name={gene.name};biotype=protein_coding"),
        whole.format(
            "mRNA",
            f"ID=transcript:{gene.transcript};Parent=gene:ENSG00000000001;biotype=protein_coding",
        ),
    ]
    for kind, phase in (("exon", "."), ("CDS", "0")):
        for first, last in gene.exons:
            parent = f"Parent=transcript:{gene.transcript}"
            lines.append(f"{CONTIG}\tmade_up\t{kind}\t{first}\t{last}\t.\t+\t{phase}\t{parent}")
    return "\n".join(lines) + "\n"
