"""Redocking over prepared complexes: does docking find the pose, does MM/GBSA rank it first?

    python benchmarks/redocking.py WORK_FOLDER [--cores 2] [--only NAME ...]
    python benchmarks/redocking.py --summarise

Runs the redocking control alone (``controls.redock``), with each engine: the reference ligand
from a fresh conformer, nine poses, all minimised and scored. Writes ``results/redocking.csv``,
one row per complex and engine, and ``results/redocking_summary.csv``, the rates of success at
2 Å with intervals, both after each of them. Finished complexes in the work folder are not run
again. ``--summarise`` docks nothing: it makes the summary anew from ``redocking.csv``.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from complexes import COFACTORS
from given_poses import error_of
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors
from scipy import stats
from screens import RESULTS, data_folder, run_screen, write_rows

from screenmm.bias.losses import wilson
from screenmm.run.layout import Layout

ENGINES = ("rustina", "vina")
LIMIT_ANGSTROM = 2.0

MEASURES = {
    "top_rmsd_angstrom": "top docked pose, as docked",
    "best_rmsd_angstrom": "best of the docked poses, as docked",
    "top_rmsd_minimised_angstrom": "top docked pose, minimised",
    "best_rmsd_minimised_angstrom": "best of the docked poses, minimised",
    "mmgbsa_top_rmsd_angstrom": "pose that MM/GBSA puts first, minimised",
}

FIRST = "mmgbsa_top_rmsd_angstrom"

Row = dict[str, object]


def entries(data: Path) -> dict[str, tuple[Path, Path]]:
    """Prepared protein and posed ligand of each complex."""
    return {
        folder.name: (next(folder.glob("protein*.pdb*")), folder / "ligand_ccd.sdf")
        for folder in sorted((data / "complexes/prepared").iterdir())
    }


def run_one(name: str, files: tuple[Path, Path], engine: str, folder: Path, cores: int) -> Row:
    """Redock one complex with one engine."""
    structure, ligand = files
    row: Row = {"complex": name, "engine": engine}
    crystal = next(iter(Chem.SDMolSupplier(str(ligand))), None)
    if crystal is None:
        return row | {"outcome": "the ligand file is unreadable"}
    row |= {
        "heavy_atoms": crystal.GetNumHeavyAtoms(),
        "rotatable_bonds": rdMolDescriptors.CalcNumRotatableBonds(crystal),
    }
    result = folder / "results/controls/r/redock.json"
    if not result.exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "library.smi").write_text("CCO none of it is docked\n")
        config = {
            "name": name,
            "results": "results",
            "library": {"files": ["library.smi"]},
            "receptors": {"r": {"structure": str(structure), "cofactors": COFACTORS.get(name, [])}},
            "pocket": {"ligand": str(ligand)},
            # times on a busy machine are not what is measured here
            "docking": {"engine": engine, "time_limit_s": 7200},
            "scoring": {"platform": "CPU", "time_limit_s": 7200},
            "controls": {"redock_rmsd_angstrom": LIMIT_ANGSTROM},
        }
        done = run_screen(config, folder, cores, "results/controls/r/redock.json")
        if done.returncode:
            logs = sorted((folder / "results/logs").glob("*/r.log"))
            text = "".join(log.read_text() for log in logs) or done.stdout + done.stderr
            refused = not Layout(folder / "results").receptor("r").structure.exists()
            outcome = "receptor refused" if refused else "run failed"
            return row | {"outcome": outcome, "message": error_of(text)}
    found = json.loads(result.read_text())
    row |= {"outcome": found["status"], "message": found["reason"] or ""}
    row |= {key: found[key] for key in ("poses", *MEASURES)}
    row["poses_minimised"] = sum(
        pose["rmsd_minimised_angstrom"] is not None for pose in found["each_pose"]
    )
    return row | {f"{rule}_cpu_s": cpu_s(folder, rule) for rule in ("redock", "rescore")}


def cpu_s(folder: Path, rule: str) -> float:
    """CPU seconds of a job that succeeded."""
    lines = (folder / f"results/usage/{rule}/r.jsonl").read_text().splitlines()
    jobs = [job for job in map(json.loads, lines) if job["status"] == "done"]
    return round(jobs[-1]["cpu_s"], 1)


def success(row: Row, measure: str) -> float:
    """1 within the limit, 0 beyond it or without such a pose."""
    value = row.get(measure)
    return float(value not in (None, "") and float(str(value)) <= LIMIT_ANGSTROM)


def newcombe(both: int, gained: int, lost: int, neither: int) -> tuple[float, float]:
    """95 % interval of the difference of two rates of the same complexes.

    Method 10 of Newcombe 1998 (Stat. Med. 17, 2635): the Wilson intervals of the two rates,
    joined as squares, less what their correlation takes away. Unlike a bootstrap's it does not
    end at zero where nothing was lost.
    """
    n = both + gained + lost + neither
    first, second = (both + gained) / n, (both + lost) / n
    first_low, first_high = wilson(both + gained, n)
    second_low, second_high = wilson(both + lost, n)
    product = (both + gained) * (lost + neither) * (both + lost) * (gained + neither)
    cross = both * neither - gained * lost
    if cross > 0:
        cross = max(cross - n / 2, 0)
    phi = cross / np.sqrt(product) if product else 0.0

    def reach(a: float, b: float) -> float:
        return float(np.sqrt(a * a - 2 * phi * a * b + b * b))

    low = first - second - reach(first - first_low, second_high - second)
    high = first - second + reach(first_high - first, second - second_low)
    return low, high


def mcnemar(gained: int, lost: int) -> float:
    """P-value of McNemar's exact test, two-sided."""
    return float(stats.binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def paired(first: Sequence[float], second: Sequence[float]) -> Row:
    """Difference of two rates on the same complexes, with its interval and McNemar's test."""
    a, b = np.array(first) == 1, np.array(second) == 1
    gained, lost = int((a & ~b).sum()), int((b & ~a).sum())
    low, high = newcombe(int((a & b).sum()), gained, lost, int((~a & ~b).sum()))
    return {
        "n": len(a),
        "rate": round((gained - lost) / len(a), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "gained": gained,
        "lost": lost,
        "mcnemar_p": round(mcnemar(gained, lost), 4),
        "interval": "Newcombe, paired",
    }


def summary(rows: Sequence[Row]) -> list[Row]:
    """Rates of success, and differences between them on the same complexes."""
    tried = {
        engine: {
            str(row["complex"]): row
            for row in rows
            if row["engine"] == engine and row["outcome"] in ("done", "not_done")
        }
        for engine in ENGINES
    }
    out: list[Row] = []
    for engine, found in tried.items():
        for measure, words in MEASURES.items():
            made = [success(row, measure) for row in found.values()]
            if made:
                low, high = wilson(int(sum(made)), len(made))
                out.append(
                    {"engine": engine, "what": words, "successes": int(sum(made)),
                     "n": len(made), "rate": round(sum(made) / len(made), 4),
                     "low": round(low, 4), "high": round(high, 4), "interval": "Wilson"}
                )  # fmt: skip
        hits = {m: [success(row, m) for row in found.values()] for m in MEASURES}
        for other in ("top_rmsd_angstrom", "top_rmsd_minimised_angstrom"):
            words = f"{MEASURES[FIRST]}, less {MEASURES[other]}"
            if found:
                differs = paired(hits[FIRST], hits[other])
                out.append({"engine": engine, "what": words} | differs)
    both = [name for name in tried["rustina"] if name in tried["vina"]]
    for measure, words in MEASURES.items():
        if both:
            a, b = ([success(tried[e][name], measure) for name in both] for e in ENGINES)
            out.append({"engine": "rustina less vina", "what": words} | paired(a, b))
    columns = ("engine", "what", "successes", "n", "rate", "low", "high", "gained", "lost",
               "mcnemar_p", "interval")  # fmt: skip
    return [{column: row.get(column, "") for column in columns} for row in out]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--summarise", action="store_true")
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--engines", nargs="*", choices=ENGINES, default=ENGINES)
    args = parser.parse_args()
    if args.summarise:
        with (RESULTS / "redocking.csv").open(newline="", encoding="utf-8") as handle:
            write_rows(RESULTS / "redocking_summary.csv", summary(list(csv.DictReader(handle))))
        return
    if args.folder is None:
        parser.error("WORK_FOLDER is needed, or --summarise")
    rows: list[Row] = []
    for name, files in entries(data_folder()).items():
        if args.only and name not in args.only:
            continue
        for engine in args.engines:
            folder = args.folder.resolve() / name / engine
            rows.append(run_one(name, files, engine, folder, args.cores))
            print(rows[-1], flush=True)
            columns = {column: "" for row in rows for column in row}
            write_rows(RESULTS / "redocking.csv", [columns | row for row in rows])
            if found := summary(rows):
                write_rows(RESULTS / "redocking_summary.csv", found)


if __name__ == "__main__":
    main()
