"""The eight JACS series with their poses as given: who is ranked, how well, and the verdict.

    python benchmarks/given_poses.py WORK_FOLDER [--cores 2]

Writes ``results/given_poses.csv``: records, ranked and failed, Spearman against experiment
of MM/GBSA and of heavy-atom count, MM/GBSA's lead, each with its 95 % bootstrap interval, and
the verdict, as the screen's own ``metrics.json`` has them.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from rdkit import Chem
from screens import RESULTS, data_folder, rows_of, run_screen, write_rows

from screenmm.tables.dictionary import DG

SETS = ("tyk2", "mcl1", "p38", "ptp1b", "thrombin", "cdk2", "jnk1", "bace")
AFFINITY = "exp_dG_kcal_mol"


def run_set(name: str, folder: Path, cores: int) -> dict[str, object]:
    source = data_folder() / f"affinity/jacs_set__{name}"
    (folder / name).mkdir(parents=True, exist_ok=True)
    write_measured(source, folder / name / "measured.sdf")
    config = {
        "name": name,
        "results": "results",
        "library": {"files": ["measured.sdf"], "affinity_column": AFFINITY},
        "receptors": {name: {"structure": str(source / "protein.pdb")}},
        "pocket": {"ligand": str(source / "ligands.sdf")},
        "docking": {"engine": "given"},
    }
    done = run_screen(config, folder / name, cores)
    if done.returncode:
        return {"set": name, "outcome": error_of(done.stderr)}
    ledger = rows_of(folder / name / "results/ledger.csv")
    metrics = json.loads((folder / name / "results/metrics.json").read_text())
    measured = metrics["controls"][name]["correlation"]
    verdict = metrics["verdicts"][name]
    return {
        "set": name,
        "outcome": "ok",
        "records": len(ledger),
        "ranked": sum(row["status"] == "ranked" for row in ledger),
        "failed": sum(row["status"] == "failed" for row in ledger),
        "reasons": "; ".join(sorted({r["reason"] for r in ledger if r["status"] == "failed"})),
        **rounded("mmgbsa", measured[DG.name]["spearman"]),
        **rounded("heavy_atoms", measured["heavy_atoms"]["spearman"]),
        **rounded("lead", measured[DG.name]["baselines"]["heavy_atoms"]["spearman"]),
        "level": ", ".join(kind["level"] for kind in verdict["kinds"]),
        "verdict": verdict["text"],
    }


def write_measured(source: Path, path: Path) -> None:
    """Write the posed ligands with their measured affinities."""
    with (source / "affinities.csv").open(newline="") as handle:
        measured = {row["ligand_id"]: row[AFFINITY] for row in csv.DictReader(handle)}
    with Chem.SDWriter(str(path)) as writer:
        for mol in Chem.SDMolSupplier(str(source / "ligands.sdf"), removeHs=False):
            mol.SetProp(AFFINITY, measured[mol.GetProp("_Name")])
            writer.write(mol)


def rounded(name: str, found: dict[str, float]) -> dict[str, float]:
    """Columns of a value and its interval."""
    value = found["lead"] if name == "lead" else found["value"]
    columns = {name: value, f"{name}_low": found["low"], f"{name}_high": found["high"]}
    return {column: round(number, 2) for column, number in columns.items()}


def error_of(text: str) -> str:
    lines = [line for line in text.splitlines() if "screenmm " in line and ": " in line]
    return (lines or text.splitlines() or ["failed"])[-1][:300]


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
