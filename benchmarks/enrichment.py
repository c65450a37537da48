"""fabp4 and inha (DUD-E): all their actives among 450 of their decoys, end to end.

    python benchmarks/enrichment.py WORK_FOLDER [--cores 2] [--targets fabp4 inha]

The decoys are a fixed random choice. inha keeps its NAD+ cofactor, which is a part of the site.
Writes, as the screens' own ``metrics.json`` have them, ``results/enrichment.csv`` (every measure
of every score and trivial baseline, with its 95 % interval, and the lead over heavy-atom count)
and ``results/enrichment_verdicts.csv``; the rows of targets that were not asked for stay. A screen
that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from screens import RESULTS, data_folder, rows_of, run_screen, write_rows

from screenmm.metrics.measures import BaselineMeasure, Measure
from screenmm.metrics.model import Metrics, read_metrics

DECOYS = 450
SEED = 20261122
MEASURES = (
    "roc_auc", "pr_auc", "log_auc", "bedroc_20", "ef_1_percent", "ef_5_percent", "ef_10_percent",
)  # fmt: skip
NAD = (
    "NC(=O)c1ccc[n+](c1)[C@@H]1O[C@H](COP([O-])(=O)OP([O-])(=O)OC[C@H]2O[C@H]([C@H](O)"
    "[C@@H]2O)n2cnc3c(N)ncnc23)[C@@H](O)[C@H]1O"
)
COFACTORS = {"fabp4": [], "inha": [{"residue": "NAD", "smiles": NAD}]}


def write_library(source: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    actives = (source / "actives.smi").read_text().split("\n")
    decoys = [line for line in (source / "decoys.smi").read_text().split("\n") if line.strip()]
    chosen = random.Random(SEED).sample(decoys, DECOYS)
    (folder / "actives.smi").write_text("\n".join(a for a in actives if a.strip()) + "\n")
    (folder / "decoys.smi").write_text("\n".join(chosen) + "\n")


def run_target(name: str, folder: Path, args: argparse.Namespace) -> Metrics:
    source = data_folder() / "enrichment" / name
    write_library(source, folder)
    config = {
        "name": name,
        "results": "results",
        "library": {
            "files": [{"path": "actives.smi", "label": 1}, {"path": "decoys.smi", "label": 0}],
            "shard_size": 50,
        },
        "receptors": {
            name: {"structure": str(source / "receptor.pdb"), "cofactors": COFACTORS[name]}
        },
        "pocket": {"ligand": str(source / "crystal_ligand.mol2")},
        "ligands": {"max_states": args.states},
        "docking": {"engine": args.engine, "exhaustiveness": args.exhaustiveness},
        "scoring": {"poses": args.poses},
    }
    done = run_screen(config, folder, args.cores)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return read_metrics(folder / "results/metrics.json")


def measured(metrics: Metrics, name: str, settings: dict[str, object]) -> list[dict[str, object]]:
    """A row per score and measure."""
    rows: list[dict[str, object]] = []
    for score, row in metrics.controls[name].classification.items():
        size = row.baselines.get("heavy_atoms")
        for measure in MEASURES:
            found: Measure = getattr(row, measure)
            lead: BaselineMeasure | None = getattr(size, measure, None)
            rows.append(
                {"target": name, **settings, "score": score, "direction": row.direction or "",
                 "n": row.n, "actives": row.actives, "measure": measure}
                | {key: rounded(getattr(found, key)) for key in ("value", "low", "high")}
                | {f"lead_over_size{end}": rounded(getattr(lead, key, None))
                   for end, key in (("", "lead"), ("_low", "low"), ("_high", "high"))}
                | {"note": found.reason or ""}
            )  # fmt: skip
    return rows


def rounded(value: float | None) -> float | str:
    return "" if value is None else round(value, 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--targets", nargs="+", choices=COFACTORS, default=list(COFACTORS))
    parser.add_argument("--engine", choices=("rustina", "vina"), default="rustina")
    parser.add_argument("--exhaustiveness", type=int, default=8, help="of vina")
    parser.add_argument("--states", type=int, default=2, help="states docked per ligand")
    parser.add_argument("--poses", type=int, default=2, help="poses minimised per ligand")
    args = parser.parse_args()
    table: list[dict[str, object]] = []
    said: list[dict[str, object]] = []
    for name in args.targets:
        metrics = run_target(name, args.folder / name, args)
        settings = {"engine": args.engine, "exhaustiveness": args.exhaustiveness,
                    "states": args.states, "poses": args.poses}  # fmt: skip
        table += measured(metrics, name, settings)
        ledger = rows_of(args.folder / name / "results/ledger.csv")
        fates = {
            status: sum(row["status"] == status for row in ledger)
            for status in ("ranked", "filtered", "duplicate", "failed")
        }
        verdict = metrics.verdicts[name].text
        said.append({"target": name, **settings, "records": len(ledger), **fates,
                     "verdict": verdict})  # fmt: skip
    for name, rows in (("enrichment.csv", table), ("enrichment_verdicts.csv", said)):
        path = RESULTS / name
        others = rows_of(path) if path.exists() else []
        kept = [row for row in others if row["target"] not in args.targets]
        write_rows(path, sorted([*kept, *rows], key=lambda row: str(row["target"])))


if __name__ == "__main__":
    main()
