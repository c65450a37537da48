"""Stage ``cut``: what proposers make molecules of, from a shard of ligands."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from screenmm.config.settings import Generate, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, only_given, settings_of

KEYS = {"proposers", "route", "blocks", "reactions"}
"""Keys of ``generate`` that say what is cut."""


def what_is_cut(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell what the proposers need."""
    generate = settings.generate
    return {"generate": generate.model_dump(mode="json", include=KEYS)} if generate else {}


STAGE = Stage(
    "cut",
    place=33,
    words="cut a shard of ligands to fragments and building blocks",
    version=1,
    more=what_is_cut,
    per_receptor="generating",
    shards_of="merge",
    reads={"ligands": "ligands/shards/{shard}.parquet"},
    writes={
        "fragments": "generation/cut/{shard}.fragments.parquet",
        "blocks": "generation/cut/{shard}.blocks.parquet",
    },
    unit="cut ligand",
    rate=Rate(0.1, 1.5),
    passes={"generation/cut/": "Fragments and building blocks of the ligands, in shards"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--ligands", type=Path, required=True, help="ligands (.parquet)")
    parser.add_argument("--fragments", type=Path, required=True, help="to write (.parquet)")
    parser.add_argument("--blocks", type=Path, required=True, help="to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Cut a shard of ligands."""
    import pyarrow.parquet as pq

    from screenmm.campaign.sources import cut

    generate = only_given(Generate.model_validate(settings_of(args, STAGE)["generate"]))
    table = pq.read_table(args.ligands, columns=["inchikey", "smiles"])
    pairs = zip(table["inchikey"].to_pylist(), table["smiles"].to_pylist(), strict=True)
    cut(list(pairs), args.fragments, args.blocks, generate)
