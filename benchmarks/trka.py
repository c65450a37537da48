"""TRK inhibitors among approved drugs of like size, docked into AlphaFold's model of TrkA.

    python benchmarks/trka.py WORK_FOLDER [--cores 1]

The model is the demo's (``config/demo/trka``), the pocket that of a TYK2 ligand laid over it.
``trka_ligands.csv`` has the structures as published: 11 inhibitors that are approved or were in
trials, and 22 drugs that are presumed inactive, chosen by heavy atoms and net charge before
anything was docked. Writes ``results/trka.csv`` (every measure of every score and trivial
baseline with its 95 % interval, as the screen's ``metrics.json`` has them),
``results/trka_ranking.csv`` (each ligand) and ``results/trka_model.csv`` (pLDDT of the domain and
of the pocket). A screen that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from enrichment import measured
from screens import RESULTS, ROOT, rows_of, run_screen, write_rows

from screenmm.demo import write_demo
from screenmm.metrics.model import read_metrics

NAME = "trka"
KINASE = range(501, 788)
LIMIT = 70.0
OF_LIGAND = (
    "rank", "name", "label", "heavy_atoms", "formal_charge", "dg_mmgbsa_kcal_mol",
    "dock_score_kcal_mol", "cnn_score", "cnn_affinity_pk", "pose_checks_failed", "interactions",
)  # fmt: skip


def config_of(folder: Path) -> dict[str, object]:
    return {
        "name": NAME,
        "results": "results",
        "library": {
            "files": [str(ROOT / "benchmarks/trka_ligands.csv")],
            "id_column": "name",
            "label_column": "active",
            "shard_size": 5,
        },
        "receptors": {NAME: {"structure": str(ROOT / "config/demo/trka/trka_kinase.pdb")}},
        "pocket": {
            "like": {
                "structure": str(folder / "tyk2/receptor.pdb"),
                "ligand": str(folder / "tyk2/crystal_ligand.sdf"),
            }
        },
        "ligands": {"max_states": 1},
    }


def plddt_rows(report: Path) -> list[dict[str, object]]:
    """PLDDT of the kinase domain and of the residues around the pocket."""
    found = json.loads(report.read_text())["confidence"]
    numbered = {label: int(label.rpartition(":")[2]) for label in found["plddt"]}
    regions = {
        "kinase domain 501-787": [each for each in numbered if numbered[each] in KINASE],
        "pocket": [each for each in found["lining"] if each in found["plddt"]],
    }
    rows: list[dict[str, object]] = []
    for region, labels in regions.items():
        values = [found["plddt"][each] for each in labels]
        low = [each for each in labels if found["plddt"][each] < LIMIT]
        rows.append(
            {"region": region, "residues": len(values),
             "mean_plddt": round(sum(values) / len(values), 1), "lowest_plddt": min(values),
             "below_70": len(low), "which": " ".join(low)}
        )  # fmt: skip
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=1)
    args = parser.parse_args()
    folder = args.folder.resolve()
    if not (folder / "tyk2").is_dir():
        write_demo(folder / "tyk2")
    done = run_screen(config_of(folder), folder, args.cores)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    results = folder / "results"
    metrics = read_metrics(results / "metrics.json")
    settings = {"engine": "rustina", "effort": "standard", "states": 1, "poses": 2}
    write_rows(RESULTS / "trka.csv", measured(metrics, NAME, settings))
    ranked = rows_of(results / "ranking.csv")
    write_rows(
        RESULTS / "trka_ranking.csv",
        [{key: row[key] for key in OF_LIGAND if key in row} for row in ranked],
    )
    write_rows(RESULTS / "trka_model.csv", plddt_rows(results / "receptors" / NAME / "report.json"))
    print(metrics.redock[NAME].text)
    print(metrics.verdicts[NAME].text)


if __name__ == "__main__":
    main()
