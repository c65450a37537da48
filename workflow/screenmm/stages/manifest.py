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
    """Write the manifest; in rounds those of the rounds together."""
    from screenmm.files.whole import write_text

    found = of_rounds(args) if args.rounds else of_files(args)
    write_text(args.out, json.dumps(found, indent=2) + "\n")


def of_files(args: argparse.Namespace) -> dict[str, str]:
    """Digests of the files that scoring and inspection left."""
    from screenmm.files.whole import digests
    from screenmm.run.layout import Layout

    files = Layout(args.results)
    tables = [*files.scores(args.receptor), *files.inspected(args.receptor)]
    events = [path.with_suffix(".events.parquet") for path in tables]
    return digests([*tables, *events, *files.minimised(args.receptor)], args.results)


def of_rounds(args: argparse.Namespace) -> dict[str, str]:
    """What the rounds list, up to the first that was not made."""
    found: dict[str, str] = {}
    for number in range(1, args.rounds + 1):
        path = args.results / f"rounds/{number}/{args.receptor}.manifest.json"
        if not path.is_file():
            break
        found |= json.loads(path.read_text(encoding="utf-8"))
    return dict(sorted(found.items()))
