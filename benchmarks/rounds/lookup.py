"""A campaign of rounds on a table of known scores: looked up instead of docked.

    python benchmarks/rounds/lookup.py TABLE.csv.gz --seeds 10 [--rounds 10] [--audit 0]

The table has columns ``smiles`` and ``score`` (smaller is better; empty: failed). The product's
own surrogate and acquisition choose. For each round, over the seeds: the share of the table's top
1 % that was found (molecules that tie with the last count as long as there is room), what the
heaviest molecules would have given, what chance would, the estimate of the recall and its lower
bound, and how often that held. Each seed's rounds go to ``results/rounds_TABLE.csv``.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from screenmm.rounds.campaign import Decision, Settings, decide
from screenmm.rounds.features import FeatureFiles, Features, read_features, write_features
from screenmm.rounds.known import Docked

RESULTS = Path(__file__).resolve().parents[1] / "results"
SHARD = 5000


class Table:
    """Scores to look up, and the truth about them.

    Parameters
    ----------
    path : Path
        CSV, gzipped or not.
    top : float
        Share of the molecules with a score that are the best.
    """

    def __init__(self, path: Path, top: float) -> None:
        with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
            rows = list(csv.DictReader(handle))
        self.smiles = {f"{place:08d}": row["smiles"] for place, row in enumerate(rows)}
        self.scores = {
            key: float(row["score"]) if row["score"] else math.nan
            for key, row in zip(self.smiles, rows, strict=True)
        }
        known = np.sort([score for score in self.scores.values() if math.isfinite(score)])
        self.wanted = max(1, round(top * len(known)))
        self.edge = float(known[self.wanted - 1])
        self.better = int((known < self.edge).sum())

    def write(self, folder: Path) -> FeatureFiles:
        """Describe the molecules, in shards; those that cannot be are left out, and named."""
        paths, items = [], list(self.smiles.items())
        for start in range(0, len(items), SHARD):
            paths.append(folder / f"{start:08d}.parquet")
            for key, error in write_features(paths[-1], items[start : start + SHARD]).items():
                print(f"row {int(key) + 1}: {error}")
        return FeatureFiles(paths)

    def found(self, keys: Sequence[str]) -> float:
        """Share of the best that is among some molecules."""
        scores = np.array([self.scores[key] for key in keys])
        tied = min(int((scores == self.edge).sum()), self.wanted - self.better)
        return (int((scores < self.edge).sum()) + tied) / self.wanted


def campaign(
    table: Table, library: Sequence[Features], settings: Settings, seed: int
) -> list[dict[str, object]]:
    """Run all rounds of one seed; a row for each."""
    docked: list[Docked] = []
    rows: list[dict[str, object]] = []
    keys = np.concatenate([shard.keys for shard in library])
    atoms = np.concatenate([shard.heavy_atoms for shard in library])
    heaviest = keys[np.lexsort((keys.astype(str), -atoms))].tolist()
    for number in range(1, settings.number + 2):
        decision = decide(library, docked, settings, number, seed)
        if docked:
            rows.append(row_of(table, docked, decision, heaviest, number - 1, seed))
        docked += [
            Docked(
                each.key,
                number,
                each.how,
                None if math.isnan(table.scores[each.key]) else table.scores[each.key],
                each.predicted,
            )
            for each in decision.batch
        ]
    return rows


def row_of(
    table: Table,
    docked: list[Docked],
    decision: Decision,
    heaviest: list[str],
    number: int,
    seed: int,
) -> dict[str, object]:
    """What the rounds came to, beside the truth."""
    found = decision.measures
    n = len(docked)
    row: dict[str, object] = {
        "seed": seed,
        "round": number,
        "docked": n,
        "found": table.found([each.key for each in docked]),
        "heaviest": table.found(heaviest[:n]),
        "chance": n / len(table.scores),
        "recall": found.recall.estimate if found.recall else math.nan,
        "recall_bound": found.recall.bound if found.recall else math.nan,
        "rmse_unseen": found.error.rmse,
        "verdict": str(found.verdict),
    }
    for name in ("beside_chance", "beside_size"):
        ratio = getattr(found, name)
        row |= {name: ratio.value, f"{name}_low": ratio.low, f"{name}_high": ratio.high}
    return row


def write(path: Path, rows: list[dict[str, object]]) -> None:
    """Write the rows of all seeds."""
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0], lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({k: f"{v:.4g}" if isinstance(v, float) else v for k, v in row.items()})


def show(rows: list[dict[str, object]], table: Table) -> None:
    """Print what all seeds came to, by round."""
    print("round docked found (min to max) heaviest chance estimate bound held gap")
    for number in sorted({row["round"] for row in rows}):
        own = [row for row in rows if row["round"] == number]
        column = {name: np.array([row[name] for row in own], dtype=float) for name in
                  ("docked", "found", "heaviest", "chance", "recall", "recall_bound")}  # fmt: skip
        found, bound = column["found"], column["recall_bound"]
        print(
            f"{number:5} {column['docked'].mean():6.0f} {found.mean():.3f} "
            f"({found.min():.2f} to {found.max():.2f}) {column['heaviest'].mean():.2f}     "
            f"{column['chance'].mean():.3f}  {column['recall'].mean():.2f}     {bound.mean():.2f}  "
            f"{(bound <= found + 0.5 / table.wanted).mean():.2f} {np.median(found - bound):.2f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--batch", type=float, default=0.01)
    parser.add_argument("--audit", type=float, default=Settings.audit)
    parser.add_argument("--first", choices=("random", "diverse"), default="random")
    parser.add_argument("--name", help="of the file of results; by default the table's")
    args = parser.parse_args()
    settings = Settings(number=args.rounds, batch=args.batch, audit=args.audit, first=args.first)
    table = Table(args.table, settings.top)
    with tempfile.TemporaryDirectory() as folder:
        library = [read_features(path) for path in table.write(Path(folder)).paths]
    rows: list[dict[str, object]] = []
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        rows += campaign(table, library, settings, seed)
    show(rows, table)
    name = args.name or args.table.name.split(".")[0].lower()
    write(RESULTS / f"rounds_{name}.csv", rows)


if __name__ == "__main__":
    main()
