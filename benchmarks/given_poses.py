"""The eight JACS series with their poses as given: who is ranked, and how well.

    python benchmarks/given_poses.py WORK_FOLDER [--cores 2]

Writes ``results/given_poses.csv``: records, ranked and failed, Spearman against
experiment with a 95 % bootstrap interval, and that of heavy-atom count beside it.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr
from screens import RESULTS, data_folder, rows_of, run_screen, write_rows

SETS = ("tyk2", "mcl1", "p38", "ptp1b", "thrombin", "cdk2", "jnk1", "bace")
SEED = 1


def run_set(name: str, folder: Path, cores: int) -> dict[str, object]:
    source = data_folder() / f"affinity/jacs_set__{name}"
    config = {
        "name": name,
        "results": "results",
        "library": {"files": [str(source / "ligands.sdf")]},
        "receptors": {name: {"structure": str(source / "protein.pdb")}},
        "pocket": {"ligand": str(source / "ligands.sdf")},
        "docking": {"engine": "given"},
    }
    done = run_screen(config, folder / name, cores)
    if done.returncode:
        return {"set": name, "outcome": error_of(done.stderr)}
    ledger = rows_of(folder / name / "results/ledger.csv")
    ranking = rows_of(folder / name / "results/ranking.csv")
    with (source / "affinities.csv").open(newline="") as handle:
        measured = {row["ligand_id"]: row["exp_dG_kcal_mol"] for row in csv.DictReader(handle)}
    pairs = np.array(
        [
            (
                float(row["dg_mmgbsa_kcal_mol"]),
                -float(row["heavy_atoms"]),
                float(measured[row["name"]]),
            )
            for row in ranking
        ]
    )
    rho, low, high = interval(pairs[:, 0], pairs[:, 2])
    return {
        "set": name,
        "outcome": "ok",
        "records": len(ledger),
        "ranked": sum(row["status"] == "ranked" for row in ledger),
        "failed": sum(row["status"] == "failed" for row in ledger),
        "reasons": "; ".join(sorted({r["reason"] for r in ledger if r["status"] == "failed"})),
        "spearman_mmgbsa": rho,
        "low": low,
        "high": high,
        "spearman_heavy_atoms": round(float(spearmanr(pairs[:, 1], pairs[:, 2])[0]), 2),
    }


def error_of(text: str) -> str:
    lines = [line for line in text.splitlines() if "screenmm " in line and ": " in line]
    return (lines or text.splitlines() or ["failed"])[-1][:300]


def interval(score: np.ndarray, measured: np.ndarray) -> tuple[float, float, float]:
    """Spearman's rho and its 95 % bootstrap interval."""
    rng = np.random.default_rng(SEED)
    picks = rng.integers(0, len(score), (2000, len(score)))
    draws = [spearmanr(score[pick], measured[pick])[0] for pick in picks]
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    rho = spearmanr(score, measured)[0]
    return round(float(rho), 2), round(float(low), 2), round(float(high), 2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    args = parser.parse_args()
    rows = [run_set(name, args.folder, args.cores) for name in SETS]
    columns = {column: "" for row in rows for column in row}
    write_rows(RESULTS / "given_poses.csv", [columns | row for row in rows])


if __name__ == "__main__":
    main()
