"""Stage ``read_variants``: which variants there are, and which of them are modelled."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from screenmm.config.settings import Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, of_variants, settings_of, variants_of

if TYPE_CHECKING:
    from screenmm.variants.changes import Reading

log = logging.getLogger(__name__)

KEYS = {
    "of", "list", "files", "gene", "transcript", "sequence", "offset", "fasta", "gff3",
    "distance_angstrom", "controls",
}  # fmt: skip


def what_is_read(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell what is read, and what of it is modelled."""
    return of_variants(settings, KEYS)


STAGE = Stage(
    "read_variants",
    place=146,
    words="read variants and find them in the structure of the wild type",
    version=2,
    more=what_is_read,
    per_receptor="varied",
    reads={"receptor": "receptors/{receptor}/"},
    writes={
        "entries": "variants/{receptor}/entries.parquet",
        "modelled": "variants/{receptor}/modelled.json",
        "panel": "variants/{receptor}/panel.json",
    },
    unit="panel",
    rate=Rate(2.0, 2.0),
    passes={"variants/": "Variants, what was read of them, and their scores"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the wild type")
    parser.add_argument("--entries", type=Path, required=True, help="what was read (.parquet)")
    parser.add_argument("--modelled", type=Path, required=True, help="variants (.json)")
    parser.add_argument("--panel", type=Path, required=True, help="those to score (.json)")


def run(args: argparse.Namespace) -> None:
    """Read variants, and say of each what becomes of it.

    Raises
    ------
    UserError
        A file cannot be read, a listed change cannot be made out, or the structure is not of the
        sequence.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from screenmm.files.whole import replace_whole
    from screenmm.tables.dictionary import VARIANT_ENTRIES
    from screenmm.tables.schema import schema
    from screenmm.variants.listed import Modelled, write_modelled
    from screenmm.variants.model import Prepared
    from screenmm.variants.modelled import (
        modelled_variants,
        null_variants,
        pocket_distances,
        residues_of,
    )
    from screenmm.variants.numbering import number_structure
    from screenmm.variants.reading import read_all

    given = variants_of(settings_of(args, STAGE))
    reading, sequence = read_all(given)
    wild = Prepared.load(args.receptor)
    numbering = number_structure(
        residues_of(wild), sequence, offset=given.offset, name=args.receptor.name
    )
    for note in (*reading.notes, *numbering.warnings):
        log.warning("%s", note)
    distances = pocket_distances(wild, args.receptor)
    variants = modelled_variants(reading, numbering, wild, distances, given.distance_angstrom)
    nulls = null_variants(wild, distances, variants, given.controls)
    write_modelled([*variants, *nulls], args.modelled)
    # what decides the scores alone, and not how many carry a variant
    write_modelled(
        [
            Modelled(each.name, each.kind, each.changes)
            for each in (*variants, *nulls)
            if not each.is_left_out
        ],
        args.panel,
    )
    rows = [
        {
            "source": row.source,
            "line": row.line,
            "entry": row.text,
            "count": 1,
            "transcript": row.transcript,
            "variant": row.variant.name if row.variant else "",
            "reason": str(row.reason or ""),
            "message": row.message,
        }
        for row in reading.rows
    ]
    rows += counted(reading)
    with replace_whole(args.entries) as partial:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema(VARIANT_ENTRIES)), partial)
    scored = sum(not each.is_left_out for each in variants)
    log.info(
        "%d entries: %d of the gene, %d of others, %d without annotation; %d different variants, "
        "%d of them modelled",
        reading.total,
        len(reading.rows),
        reading.other_gene,
        reading.not_annotated,
        len(variants),
        scored,
    )


def counted(reading: Reading) -> list[dict[str, Any]]:
    """Rows of the entries that are counted alone: a genome has millions of other genes'."""
    told = {
        "other_gene": (reading.other_gene, "entries of other genes"),
        "not_annotated": (reading.not_annotated, "entries without annotation"),
    }
    return [
        {
            "source": "",
            "line": 0,
            "entry": "",
            "count": count,
            "transcript": "",
            "variant": "",
            "reason": reason,
            "message": message,
        }
        for reason, (count, message) in told.items()
        if count
    ]
