"""Stage ``manifest-of-round``: what a round left of a receptor, by SHA-256."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "manifest_of_round",
    place=138,
    words="list the files of a round and a receptor by SHA-256",
    per_receptor="rounded",
    reads={
        "tables": "poses/{receptor}/{shard}.parquet",
        "scores": "scores/{receptor}/{shard}.parquet",
        "minimised": "scores/{receptor}/{shard}.sdf.gz",
        "inspected": "inspected/{receptor}/{shard}.parquet",
    },
    writes={"out": "rounds/{round}/{receptor}.manifest.json"},
    unit="receptor",
    rate=Rate(0.3),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--receptor", required=True, help="name of the receptor")
    parser.add_argument("--round", required=True, help="number of the round, from 1")
    parser.add_argument("--out", type=Path, required=True, help="manifest to write (.json)")


def run(args: argparse.Namespace) -> None:
    """Write the manifest."""
    from screenmm.files.whole import digests, write_text
    from screenmm.run.layout import Layout

    files, receptor = Layout(args.results, most_rounds=int(args.round)), args.receptor
    scored = files.shards_of_round("select_batch", args.round, receptor)
    named = [
        *files.of_round("dock", "table", args.round, receptor),
        *files.of_round("dock", "events", args.round, receptor),
        *(
            files.file(stage, name, receptor, f"{args.round}/{shard}")
            for stage, names in (
                ("score", ("scores", "minimised", "events")),
                ("inspect", ("inspected", "events")),
            )
            for name in names
            for shard in scored
        ),
    ]
    write_text(args.out, json.dumps(digests(named, args.results), indent=2) + "\n")
