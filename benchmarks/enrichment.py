"""fabp4 (DUD-E): its 47 actives among 200 of its decoys, end to end.

    python benchmarks/enrichment.py WORK_FOLDER [--cores 2] [--engine rustina|vina]

Writes ``results/enrichment_fabp4_ENGINE.csv``: ROC-AUC and enrichment factors of every
score and of heavy-atom count, with 95 % bootstrap intervals.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
from screens import RESULTS, data_folder, rows_of, run_screen, write_rows
from sklearn.metrics import roc_auc_score

DECOYS = 200
SEED = 20261122
SCORES = {
    "dg_mmgbsa_kcal_mol": -1,
    "dock_score_kcal_mol": -1,
    "cnn_affinity_pk": 1,
    "cnn_score": 1,
    "heavy_atoms": 1,
}
"""Columns of the ranking; -1 where lower is better."""


def write_library(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    actives = (source / "actives.smi").read_text().split("\n")
    decoys = [line for line in (source / "decoys.smi").read_text().split("\n") if line.strip()]
    chosen = random.Random(SEED).sample(decoys, DECOYS)
    (folder / "actives.smi").write_text("\n".join(a for a in actives if a.strip()) + "\n")
    (folder / "decoys.smi").write_text("\n".join(chosen) + "\n")


def enrichment(labels: np.ndarray, values: np.ndarray, fraction: float) -> float:
    """Share of actives in the best fraction over their share in all; ties by chance order."""
    n = max(1, int(np.ceil(fraction * len(values))))
    order = np.argsort(-values, kind="stable")
    return float(labels[order[:n]].mean() / labels.mean())


def with_interval(function, labels: np.ndarray, values: np.ndarray) -> list[float]:
    rng = np.random.default_rng(SEED)
    draws = []
    for _ in range(2000):
        pick = rng.integers(0, len(labels), len(labels))
        if 0 < labels[pick].sum() < len(pick):
            draws.append(function(labels[pick], values[pick]))
    low, high = np.percentile(draws, [2.5, 97.5])
    return [round(x, 3) for x in (function(labels, values), low, high)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--engine", choices=("rustina", "vina"), default="rustina")
    parser.add_argument("--exhaustiveness", type=int, default=8, help="of vina")
    parser.add_argument("--poses", type=int, default=2, help="poses minimised per ligand")
    args = parser.parse_args()
    source = data_folder() / "enrichment/fabp4"
    write_library(source, args.folder)
    config = {
        "name": "fabp4",
        "results": "results",
        "library": {
            "files": [{"path": "actives.smi", "label": 1}, {"path": "decoys.smi", "label": 0}]
        },
        "receptors": {"fabp4": {"structure": str(source / "receptor.pdb")}},
        "pocket": {"ligand": str(source / "crystal_ligand.mol2")},
        "ligands": {"max_states": 2},
        "docking": {"engine": args.engine, "exhaustiveness": args.exhaustiveness},
        "scoring": {"top": 1000, "poses": args.poses},
    }
    done = run_screen(config, args.folder, args.cores)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    ranking = rows_of(args.folder / "results/ranking.csv")
    scored = [row for row in ranking if row["dg_mmgbsa_kcal_mol"]]
    labels = np.array([int(row["label"]) for row in scored])
    table = []
    for column, sign in SCORES.items():
        if not scored[0][column]:
            continue  # this engine does not give it
        values = sign * np.array([float(row[column]) for row in scored])
        row: dict[str, object] = {"score": column, "n": len(scored), "actives": int(labels.sum())}
        for name, function in {
            "roc_auc": roc_auc_score,
            "ef1": lambda y, v: enrichment(y, v, 0.01),
            "ef5": lambda y, v: enrichment(y, v, 0.05),
            "ef10": lambda y, v: enrichment(y, v, 0.10),
        }.items():
            value, low, high = with_interval(function, labels, values)
            row |= {name: value, f"{name}_low": low, f"{name}_high": high}
        table.append(row)
    write_rows(RESULTS / f"enrichment_fabp4_{args.engine}.csv", table)


if __name__ == "__main__":
    main()
