"""Protein changes of a VCF that has none, by ``bcftools csq``, which comes with pysam."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pysam

from screenmm.core.errors import UserError
from screenmm.variants.annotations import Alleles, Annotation, dialect_of
from screenmm.variants.htslib import is_bgzf, quiet
from screenmm.variants.text import first_bytes, numbered_lines, open_unpacked

MARGIN = 10_000
"""Bases around a gene model within which records are handed over."""

_CHILD = """
import sys
from pysam import SamtoolsError, bcftools
try:
    sys.stdout.write(bcftools.csq(*sys.argv[1:]))
except SamtoolsError as error:
    sys.exit(str(error))
"""

_NO_TRANSCRIPT = "No usable transcripts"
_WRITTEN_OUT = re.compile(r"[ACGTN]+")
_TAG = re.compile(r"##INFO=<ID=(BCSQ),.*Description=\"([^\"]*)\"")


@dataclass(frozen=True)
class Record:
    """One alternative allele of a record.

    Parameters
    ----------
    contig : str
    alleles : Alleles
        With one alternative.
    haplotypes : tuple of str
        Genotypes of the samples for this allele, as ``0|1``; none where the file has none.
    """

    contig: str
    alleles: Alleles
    haplotypes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Models:
    """Genome and gene models, made ready in a folder of their own.

    Parameters
    ----------
    folder : Path
    contigs : dict of str to str
        The genome's contigs by their names without ``chr``.
    regions : dict of str to list
        Where gene models lie, by the genome's contigs.
    """

    folder: Path
    contigs: dict[str, str]
    regions: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    @property
    def fasta(self) -> Path:
        """The genome, indexed beside it."""
        return self.folder / "genome.fa"

    @property
    def gff3(self) -> Path:
        """The gene models, with the genome's names of contigs."""
        return self.folder / "genes.gff3"

    def holds(self, contig: str, position: int, margin: int = MARGIN) -> bool:
        """Whether a gene model lies at a place or within a margin of it."""
        regions = self.regions.get(self.contigs.get(plain(contig), ""), [])
        return any(first - margin <= position <= last + margin for first, last in regions)


class _Numbered(NamedTuple):
    place: int
    record: Record


def plain(contig: str) -> str:
    """Contig's name without ``chr``; one name of the mitochondrion.

    Parameters
    ----------
    contig : str
    """
    bare = contig[3:] if contig.lower().startswith("chr") else contig
    return "MT" if bare == "M" else bare


def make_models(fasta: Path, gff3: Path, folder: Path) -> Models:
    """Make a genome and gene models ready for bcftools.

    Parameters
    ----------
    fasta, gff3 : Path
        Plain or gzipped; nothing is written beside them.
    folder : Path
        Where copies go.

    Raises
    ------
    UserError
        They are not what they should be, or do not belong together.
    """
    models = Models(folder, {})
    if first_bytes(fasta, 1) != b">":
        raise UserError(f"{fasta} is no FASTA: the genome's bases are needed, or the contig's")
    if is_bgzf(fasta) or first_bytes(fasta, 1) == fasta.open("rb").read(1):
        # the index is written beside the link
        models.fasta.symlink_to(fasta.resolve())
    else:
        with open_unpacked(fasta) as packed, models.fasta.open("wb") as copy:
            shutil.copyfileobj(packed, copy)
    try:
        with quiet(), pysam.FastaFile(str(models.fasta)) as genome:
            models.contigs.update({plain(name): name for name in genome.references})
    except (OSError, ValueError) as error:
        raise UserError(
            f"{fasta} cannot be indexed: its lines must be of one length, and a contig's name "
            "must stand once"
        ) from error
    _copy_gff3(gff3, models)
    if not models.regions:
        raise UserError(
            f"no contig of {gff3} is one of {fasta}: take both of one genome, for example from "
            "Ensembl"
        )
    return models


def _copy_gff3(gff3: Path, models: Models) -> None:
    with models.gff3.open("w") as copy:
        for number, line in numbered_lines(gff3):
            if line.startswith("##FASTA"):
                break
            if line.startswith("#") or not line.strip():
                copy.write(f"{line}\n")
                continue
            fields = line.split("\t")
            if len(fields) != 9 or not (fields[3].isdigit() and fields[4].isdigit()):
                raise UserError(
                    f"{gff3}, line {number}: no GFF3, which has nine fields between tabs, the "
                    "fourth and fifth of them whole numbers"
                )
            contig = models.contigs.get(plain(fields[0]))
            if contig is None:
                continue
            copy.write("\t".join([contig, *fields[1:]]) + "\n")
            models.regions.setdefault(contig, []).append((int(fields[3]), int(fields[4])))


def annotate(records: Sequence[Record], models: Models) -> list[list[Annotation]]:
    """Annotations of records, as many lists as there are records.

    Where every genotype is phased, the effects are those of whole haplotypes; else each record's by
    itself, and so are those of records that overlap others.

    Parameters
    ----------
    records : sequence of Record
    models : Models

    Raises
    ------
    UserError
        bcftools cannot use the gene models, or the records are of another genome.
    """
    found: list[list[Annotation]] = [[] for _ in records]
    usable = [
        _Numbered(index, record)
        for index, record in enumerate(records)
        if _WRITTEN_OUT.fullmatch(record.alleles.reference + record.alleles.alternatives[0])
    ]
    if _is_phased(records):
        _run(usable, models, found, haplotypes=True)
    rest = [each for each in usable if not found[each.place]]
    if rest:
        _run(rest, models, found, haplotypes=False)
    return found


def _is_phased(records: Iterable[Record]) -> bool:
    """Whether all genotypes are phased where that matters, and there are any."""
    genotypes = [each for record in records for each in record.haplotypes]
    return bool(genotypes) and not any("/" in each and _is_mixed(each) for each in genotypes)


def _is_mixed(genotype: str) -> bool:
    return len(set(genotype.split("/"))) > 1


def _run(
    records: Sequence[_Numbered],
    models: Models,
    found: list[list[Annotation]],
    *,
    haplotypes: bool,
) -> None:
    ordered = sorted(
        records,
        key=lambda each: (models.contigs[plain(each.record.contig)], each.record.alleles),
    )
    with tempfile.TemporaryDirectory(dir=models.folder) as folder:
        path = Path(folder) / "records.vcf"
        path.write_text(_vcf(ordered, models, haplotypes=haplotypes))
        mode = ["--phase", "r"] if haplotypes else ["--local-csq"]
        given = ["--fasta-ref", str(models.fasta), "--gff-annot", str(models.gff3)]
        text = _bcftools_csq("--no-version", *mode, *given, str(path))
    _take(text, records, found)


def _bcftools_csq(*arguments: str) -> str:
    """Call bcftools in a process of its own, since an error leaves its state broken."""
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode:
        # it crashes on models that it does not expect
        raise UserError(_fault(done.stderr if done.returncode > 0 else _NO_TRANSCRIPT))
    return done.stdout


def _vcf(records: Sequence[_Numbered], models: Models, *, haplotypes: bool) -> str:
    """Records as a VCF: their numbers for names, and nothing of the samples but genotypes."""
    samples = len(records[0].record.haplotypes) if haplotypes and records else 0
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
    if samples:
        columns += ["FORMAT", *map(str, range(samples))]
    lines = [
        "##fileformat=VCFv4.2",
        *(f"##contig=<ID={contig}>" for contig in sorted(models.contigs.values())),
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(columns),
    ]
    for index, record in records:
        contig = models.contigs[plain(record.contig)]
        position, reference, (alternative,) = record.alleles
        fields = [contig, str(position), str(index), reference, alternative, ".", ".", "."]
        if samples:
            fields += ["GT", *record.haplotypes]
        lines.append("\t".join(fields))
    return "\n".join(lines) + "\n"


def _take(text: str, records: Sequence[_Numbered], found: list[list[Annotation]]) -> None:
    """Take the annotations from what bcftools writes."""
    by_index = {each.place: each.record for each in records}
    tag = _TAG.search(text)
    dialect = dialect_of({tag[1]: tag[2]}) if tag else None
    for line in text.splitlines():
        if line.startswith("#") or dialect is None:
            continue
        fields = line.split("\t")
        index = int(fields[2])
        info = dict(part.partition("=")[::2] for part in fields[7].split(";"))
        values = info[dialect.key].split(",") if info.get(dialect.key) else []
        masks = [*map(_mask, fields[9:])] if values else []
        found[index] = dialect.annotations(values, by_index[index].alleles, masks).by_allele[0]


def _mask(sample: str) -> list[int]:
    """Mask of a sample, behind its genotype."""
    _, _, words = sample.partition(":")
    return [int(word) for word in words.split(",") if word.isdigit()]


def _fault(error: str) -> str:
    """What is wrong, without the places in the genome that bcftools names."""
    if _NO_TRANSCRIPT in error:
        return (
            "bcftools csq can use no transcript of the gene models (variants.gff3): they must have "
            "identifiers as Ensembl's GFF3 has, that is ID=gene:…;biotype=protein_coding for a "
            "gene, ID=transcript:…;Parent=gene:…;biotype=protein_coding for a transcript, and "
            "Parent=transcript:… for exons and CDS: fetch them from Ensembl"
        )
    if "does not match the VCF REF" in error:
        return (
            "the genome (variants.fasta) has other bases than the VCF says: both must be of one "
            "assembly (GRCh37 or GRCh38)"
        )
    return (
        "bcftools csq cannot annotate the VCF with this genome and these gene models; annotate it "
        "by hand (VEP, SnpEff or bcftools csq), or list the protein changes"
    )
