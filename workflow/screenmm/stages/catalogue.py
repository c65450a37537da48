"""Stage ``catalogue``: what a campaign in rounds can choose from."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path

from screenmm.run.stage import Rate, Stage

log = logging.getLogger(__name__)

STAGE = Stage(
    "catalogue",
    place=33,
    words="list the shards of described ligands",
    per_receptor="campaign",
    reads={"features": "rounds/features/{shard}.parquet"},
    writes={"out": "rounds/catalogue.json"},
    rate=Rate(0.0, 0.6),
    passes={"rounds/catalogue.json": "How many ligands each shard holds, and its SHA-256"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--out", type=Path, required=True, help="list to write (.json)")


def run(args: argparse.Namespace) -> None:
    """List the shards.

    A round that was chosen stays as it is when the library grows: Snakemake takes this one file
    for all of them, and a round does not ask whether it is newer than itself.
    """
    import pyarrow.parquet as pq

    from screenmm.files.whole import sha256, write_text
    from screenmm.run.layout import Layout

    found = {
        path.stem: {"ligands": pq.read_metadata(path).num_rows, "sha256": sha256(path)}
        for path in Layout(args.results, most_rounds=1).files("describe", "features")
    }
    write_text(args.out, json.dumps(found, indent=1, sort_keys=True) + "\n")
    log.info("%d ligands in %d shards", sum(s["ligands"] for s in found.values()), len(found))
