"""Which share of the scored ligands should be the model's choice?

    python benchmarks/rounds/scoring_share.py LIGANDS.csv [--scored 0.25] [--batches 4]

The table has columns ``smiles``, ``docking`` and ``dg`` (smaller is better; ligands without both
are left out), of a set that was docked and scored completely. Its ligands come in batches, as
rounds bring them: in each a quarter is scored, chosen by docking and, for a share, by the model
that the batches before taught. Printed and written for each share: the part of ΔG's top 10 % that
was scored, and its lead over docking's choice alone, with 95 % intervals over random orders of
random four fifths of the ligands. They say how much that depends on the draw of ligands.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
from pathlib import Path

import numpy as np

from screenmm.rounds.features import Features, read_features, write_features
from screenmm.rounds.scoring import choose_scored

RESULTS = Path(__file__).resolve().parents[1] / "results"
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
DRAWS = 200
KEPT = 0.8
TOP = 0.1


def read(path: Path) -> tuple[Features, np.ndarray, np.ndarray]:
    """Features, docking scores and ΔG of the ligands that have both."""
    with path.open() as handle:
        rows = [row for row in csv.DictReader(handle) if row["docking"] and row["dg"]]
    by_key = {f"{place:06d}": row for place, row in enumerate(rows)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.parquet"
        for key, error in write_features(
            file, ((key, row["smiles"]) for key, row in by_key.items())
        ).items():
            print(f"ligand {int(key) + 1}: {error}")
        features = read_features(file)
    docking, dg = (
        np.array([float(by_key[key][name]) for key in features.keys]) for name in ("docking", "dg")
    )
    return features, docking, dg


def found(
    features: Features, docking: np.ndarray, dg: np.ndarray, batches: int, part: float, share: float
) -> float:
    """Part of ΔG's best that was scored after all batches."""
    known: dict[str, float] = {}
    values = dict(zip(features.keys.tolist(), dg.tolist(), strict=True))
    for rows in np.array_split(np.arange(len(features)), batches):
        # what was scored before teaches; what was left out before is not offered again
        before = np.flatnonzero([key in known for key in features.keys[: rows[0]]])
        seen = np.r_[before, rows].astype(int)
        wanted = round(part * len(rows))
        for each in choose_scored(features.at(seen), docking[seen], known, wanted, share):
            known[each.key] = values[each.key]
    best = features.keys[np.argsort(dg, kind="stable")[: max(1, round(TOP * len(dg)))]]
    return float(np.mean([key in known for key in best]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--scored", type=float, default=0.25)
    parser.add_argument("--batches", type=int, default=4)
    args = parser.parse_args()
    features, docking, dg = read(args.table)
    draws = []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(len(dg))[: round(KEPT * len(dg))]
        own = features.at(order), docking[order], dg[order]
        draws.append([found(*own, args.batches, args.scored, share) for share in SHARES])
    table = np.array(draws)
    rows = []
    for share, own, lead in zip(SHARES, table.T, (table - table[:, :1]).T, strict=True):
        row = {"table": args.table.stem, "ligands": len(dg), "share": share}
        for name, values in (("found", own), ("lead", lead)):
            low, high = np.percentile(values, (2.5, 97.5))
            row |= {name: f"{values.mean():.3f}", f"{name}_low": f"{low:.3f}",
                    f"{name}_high": f"{high:.3f}"}  # fmt: skip
        rows.append(row)
        print(*(f"{key} {value}" for key, value in row.items()))
    with (RESULTS / f"rounds_scoring_{args.table.stem}.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
