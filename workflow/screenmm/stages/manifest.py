"""Stage ``manifest``: what scoring and inspection left of a receptor, by SHA-256.

Ranking depends on this one file instead of on the shards behind the ``select``
checkpoint: Snakemake does not look again at a job whose checkpoint had nothing to do.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "manifest",
    place=140,
    words="list the score files of a receptor by SHA-256",
    per_receptor="all",
    reads={
        "scores": "scores/{receptor}/{shard}.parquet",
        "minimised": "scores/{receptor}/{shard}.sdf.gz",
        "inspected": "inspected/{receptor}/{shard}.parquet",
    },
    writes={"out": "scores/{receptor}.manifest.json"},
    unit="receptor",
    rate=Rate(0.3),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--receptor", required=True, help="name of the receptor")
    parser.add_argument("--rounds", type=int, default=0, help="rounds that there may be")
    parser.add_argument("--out", type=Path, required=True, help="manifest to write (.json)")


def run(args: argparse.Namespace) -> None:
    """Write the manifest."""
    from screenmm.files.whole import sha256, write_text
    from screenmm.run.layout import Layout

    files = Layout(args.results, most_rounds=args.rounds or None)
    tables = [*files.scores(args.receptor), *files.inspected(args.receptor)]
    events = [path.with_suffix(".events.parquet") for path in tables]
    digests = {
        str(path.relative_to(args.results)): sha256(path)
        for path in sorted([*tables, *events, *files.minimised(args.receptor)])
    }
    write_text(args.out, json.dumps(digests, indent=2) + "\n")
