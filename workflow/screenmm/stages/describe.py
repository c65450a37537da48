"""Stage ``describe``: fingerprints of a shard of ligands, for the model of a campaign in rounds."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument

STAGE = Stage(
    "describe",
    place=32,
    words="count the substructures of a shard of ligands",
    version=1,
    per_receptor="campaign",
    shards_of="merge",
    reads={"ligands": "ligands/shards/{shard}.parquet"},
    writes={
        "features": "rounds/features/{shard}.parquet",
        "events": "rounds/features/{shard}.events.parquet",
    },
    unit="described ligand",
    rate=Rate(3e-4, 1.0),
    grows={"rounds": ("described ligand", 200.0)},
    passes={"rounds/features/": "Substructure counts of the ligands, in shards"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--ligands", type=Path, required=True, help="ligands (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")
    parser.add_argument("--features", type=Path, required=True, help="features to write (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Describe a shard of ligands."""
    import pyarrow.parquet as pq

    from screenmm.rounds.features import write_features
    from screenmm.run.ledger import Event, write_events

    table = pq.read_table(args.ligands, columns=["inchikey", "smiles"])
    pairs = zip(table["inchikey"].to_pylist(), table["smiles"].to_pylist(), strict=True)
    failures = write_features(args.features, pairs)
    write_events(
        args.events,
        (Event.failure("describe", failures[key], inchikey=key) for key in sorted(failures)),
    )
