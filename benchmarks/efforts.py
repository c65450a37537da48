"""What an effort of docking costs and finds: reference ligands docked into their structures.

    python benchmarks/efforts.py WORK_FOLDER [--searches NAME ...] [--only NAME ...]
    python benchmarks/efforts.py --summarise
    python benchmarks/efforts.py WORK_FOLDER --funnel RUN [--ligands 40]

The reference ligand of each of the 28 structures of ``complexes.py``, from a fresh conformer, nine
poses, with every engine and effort, and with other settings of rustina that an effort could
have had (``CANDIDATES``). Writes ``results/efforts.csv``, one row per structure and search: RMSD
of the first pose and of the best of nine, best docking score, CPU seconds. What is in the work
folder is not docked again; standard is taken from ``redocking.csv`` where it is not there.
``--summarise`` docks nothing: it makes
``results/efforts_summary.csv`` from the rows: rates of success at 2 Å with Wilson's intervals, on
all and on two halves (structures in turn, by name), and the difference
to standard with Newcombe's paired interval.

``--funnel`` asks who would advance. RUN is the folder of a screen that rustina docked with effort
standard: a sample of its ligands, by the hash of their keys, is docked with fast, the first state
of each alone. Writes ``results/efforts_funnel.csv``, one row per ligand.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import complexes
import pyarrow.parquet as pq
import rustina
from rdkit import Chem
from redocking import LIMIT_ANGSTROM, paired
from screens import RESULTS, data_folder, rows_of, write_rows

from screenmm.api import dock, prepare_receptor
from screenmm.bias.losses import wilson
from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, ScreenMMError
from screenmm.core.seeds import seed_for
from screenmm.docking.engine import Box
from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt
from screenmm.files.sdf import read_record, records_by_ligand
from screenmm.ligands.prepare import state_to_sdf
from screenmm.redocking.reference import mol_block, prepare_reference
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.run.layout import Layout
from screenmm.run.receptor_folder import ReceptorFolder

SEED = 1
POSES = 9

CANDIDATES: dict[str, dict[str, Any]] = {
    "default": {},
    "1 run": {"search_mode": "qvina2", "runs": 1},
    "1 run, grid 0.5": {"search_mode": "qvina2", "runs": 1, "spacing": 0.5},
    "1 run, grid 0.75": {"search_mode": "qvina2", "runs": 1, "spacing": 0.75},
    "1 run, grid 0.5, 2 refined": {
        "search_mode": "qvina2", "runs": 1, "spacing": 0.5, "direct_refine_candidates": 2,
    },
    "1 run, grid 0.5, CNN on 3": {
        "search_mode": "qvina2", "runs": 1, "spacing": 0.5, "cnn_pool_size": 3,
    },
    "2 runs": {"search_mode": "qvina2", "runs": 2},
    "8 runs": {"search_mode": "qvina2", "runs": 8},
    "32 runs": {"runs": 32},
}  # fmt: skip
"""Settings of rustina's search."""

EXHAUSTIVENESS = (1, 2, 8, 32)
"""Search runs of Vina."""

Row = dict[str, Any]


def prepared(name: str, entry: tuple[Path, Path, dict], folder: Path) -> dict[str, Path] | None:
    """Receptor, crystal pose and docked state of a complex; None where one is refused."""
    home = ReceptorFolder(folder / "r")
    files = {"crystal": folder / "crystal.mol", "state": folder / "state.sdf"}
    if (folder / "refused.txt").exists():
        return None
    if not files["state"].exists():
        structure, ligand, options = entry
        folder.mkdir(parents=True, exist_ok=True)
        cofactors = complexes.COFACTORS.get(name, [])
        try:
            prepare_receptor(
                structure, home.path, pocket={"ligand": ligand}, cofactors=cofactors, **options
            )
            block = Path(home.path / "reference_ligand.sdf").read_text()
            crystal = next(iter(Chem.SDMolSupplier(str(ligand))), None)
            block = mol_block(crystal) if crystal is not None else block
            made = prepare_reference(block, SEED, Ligands())
        except (ScreenMMError, LigandError) as error:
            (folder / "refused.txt").write_text(str(error))
            return None
        files["crystal"].write_text(mol_block(made.posed))
        files["state"].write_text(state_to_sdf(made.state))
    return files


def dock_rustina(home: ReceptorFolder, mol: Chem.Mol, options: dict[str, Any]) -> list[Row]:
    """Poses as dictionaries, best first."""
    pdbqt, pocket = home.docked_into
    box = Box.load(pocket)
    keys = ("cx", "cy", "cz", "sx", "sy", "sz")
    given = {"pose_pool_size": 10, "cnn_pool_size": 10, **options}
    found: list[Row] = rustina.dock(
        pdbqt.read_text(), ligand_pdbqt(mol),
        **dict(zip(keys, box.center + box.size, strict=True)),
        seed=seed_for(SEED, "dock", mol.GetProp("_Name")), threads=1, num_modes=POSES, **given,
    )  # fmt: skip
    return found


def dock_vina(home: ReceptorFolder, mol: Chem.Mol, runs: int) -> list[Row]:
    """Poses as dictionaries, best first."""
    poses = dock([mol], home.path, seed=SEED, engine="vina", exhaustiveness=runs, poses=POSES)
    return [{"mol": pose, "affinity": pose.GetDoubleProp("dock_score_kcal_mol")} for pose in poses]


def searches() -> dict[str, Any]:
    """Every search by name: of an engine, and how it docks."""
    of_rustina = {f"rustina {name}": options for name, options in CANDIDATES.items()}
    return of_rustina | {f"vina {runs}": runs for runs in EXHAUSTIVENESS}


def run_one(files: dict[str, Path], folder: Path, search: str) -> Row:
    """Dock one reference ligand by one search."""
    crystal = Chem.MolFromMolFile(str(files["crystal"]), removeHs=False)
    state = read_record(files["state"].read_text())
    how = searches()[search]
    before = time.process_time()
    try:
        if search.startswith("vina"):
            found = dock_vina(ReceptorFolder(folder / "r"), state, how)
        else:
            found = dock_rustina(ReceptorFolder(folder / "r"), state, how)
    except (LigandError, RuntimeError, ValueError) as error:
        return {"outcome": f"failed: {error}"[:200]}
    cpu_s = time.process_time() - before
    texts = [pose["pdbqt"] for pose in found if "pdbqt" in pose]
    mols = poses_from_pdbqt(state, texts) if texts else [pose["mol"] for pose in found]
    rmsds = [heavy_rmsd_angstrom(mol, crystal) for mol in mols]
    return {
        "outcome": "done",
        "poses": len(rmsds),
        "top_rmsd_angstrom": round(rmsds[0], 4),
        "best_rmsd_angstrom": round(min(rmsds), 4),
        "dock_score_kcal_mol": round(min(pose["affinity"] for pose in found), 4),
        "cpu_s": round(cpu_s, 2),
        "heavy_atoms": crystal.GetNumHeavyAtoms(),
    }


COLUMNS = ("complex", "half", "search", "outcome", "heavy_atoms", "poses", "top_rmsd_angstrom",
           "best_rmsd_angstrom", "dock_score_kcal_mol", "cpu_s")  # fmt: skip
HALVES = ("odd", "even")


def collect(work: Path, entries: dict[str, Any]) -> list[Row]:
    """Rows of all that was docked."""
    rows, known = [], of_redocking()
    for index, name in enumerate(entries):
        for search in searches():
            path = work / name / f"{search}.json"
            if path.exists():
                row = {"complex": name, "half": HALVES[index % 2], "search": search}
                row |= json.loads(path.read_text())
            elif (name, search) in known:
                row = {"complex": name, "half": HALVES[index % 2], "search": search}
                row |= known[name, search]
            else:
                continue
            rows.append({column: row.get(column, "") for column in COLUMNS})
    return rows


def of_redocking() -> dict[tuple[str, str], Row]:
    """Rows of ``redocking.csv`` that a search here would repeat: standard, of each engine."""
    usual = {"rustina": "rustina default", "vina": "vina 8"}
    return {
        (row["complex"], usual[row["engine"]]): {
            **{key: row[key] for key in ("heavy_atoms", "poses", "top_rmsd_angstrom",
                                         "best_rmsd_angstrom")},
            "outcome": "of redocking.csv",
            "cpu_s": row["redock_cpu_s"],
        }
        for row in rows_of(RESULTS / "redocking.csv")
        if row["outcome"] == "done"
    }  # fmt: skip


def success(row: Row, measure: str) -> bool:
    """Whether a pose lies within the limit; one that was not docked does not."""
    return row[measure] not in ("", None) and float(row[measure]) <= LIMIT_ANGSTROM


def summary(rows: list[Row]) -> list[Row]:
    """Rates and costs of each search, on all structures and on either half."""
    out = []
    for search in searches():
        for half in ("all", *HALVES):
            mine = {
                row["complex"]: row
                for row in rows
                if row["search"] == search and half in ("all", row["half"])
            }
            if not mine:
                continue
            engine = search.split()[0]
            usual = f"{engine} 8" if engine == "vina" else "rustina default"
            for measure in ("top_rmsd_angstrom", "best_rmsd_angstrom"):
                hits = [success(row, measure) for row in mine.values()]
                low, high = wilson(sum(hits), len(hits))
                row = {
                    "search": search, "structures": half, "measure": measure,
                    "successes": sum(hits), "n": len(hits), "rate": round(sum(hits) / len(hits), 4),
                    "low": round(low, 4), "high": round(high, 4),
                    "cpu_s_mean": round(sum(float(r["cpu_s"] or 0) for r in mine.values())
                                        / len(mine), 2),
                }  # fmt: skip
                standard = {r["complex"]: r for r in rows if r["search"] == usual}
                both = [name for name in mine if name in standard]
                if both and search != usual:
                    first = [float(success(mine[name], measure)) for name in both]
                    second = [float(success(standard[name], measure)) for name in both]
                    found = paired(first, second)
                    row |= {"less_standard": found["rate"], "less_low": found["low"],
                            "less_high": found["high"], "less_n": found["n"]}  # fmt: skip
                out.append(row)
    columns = dict.fromkeys(key for row in out for key in row)
    return [{column: row.get(column, "") for column in columns} for row in out]


def funnel(run: Path, work: Path, most: int) -> list[Row]:
    """Best docking scores of a sample of a finished screen's ligands, of standard and of fast."""
    files = Layout(run)
    (receptor,) = (path.name for path in (run / "receptors").iterdir())
    tables = [path for path in files.pose_tables(receptor) if path.exists()]
    usual: dict[str, float] = {}
    for row in (row for path in tables for row in pq.read_table(path).to_pylist()):
        key, score = row["inchikey"], row["dock_score_kcal_mol"]
        usual[key] = min(score, usual.get(key, score))
    wanted = sorted(usual, key=lambda key: seed_for(SEED, "sample", key))[:most]
    states = {
        ligand: records[0]
        for path in files.files("prepare_ligands", "states")
        if path.exists()
        for ligand, records in records_by_ligand(path)
    }
    rows = []
    for key in wanted:
        path = work / f"{run.parent.name}-{key}.json"
        if not path.exists():
            before = time.process_time()
            home = files.receptor(receptor)
            found = dock_rustina(home, read_record(states[key]), CANDIDATES["1 run"])
            made = {"fast_kcal_mol": min(pose["affinity"] for pose in found),
                    "fast_cpu_s": round(time.process_time() - before, 2)}  # fmt: skip
            path.write_text(json.dumps(made))
        row = {"screen": run.parent.name, "inchikey": key, "standard_kcal_mol": usual[key]}
        rows.append(row | json.loads(path.read_text()))
        write_rows(RESULTS / "efforts_funnel.csv", rows)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--summarise", action="store_true")
    parser.add_argument("--searches", nargs="*", choices=list(searches()), default=list(searches()))
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--funnel", type=Path)
    parser.add_argument("--ligands", type=int, default=40)
    args = parser.parse_args()
    entries = complexes.entries(data_folder())
    if args.summarise:
        write_rows(RESULTS / "efforts_summary.csv", summary(rows_of(RESULTS / "efforts.csv")))
        return
    if args.folder is None:
        parser.error("WORK_FOLDER is needed, or --summarise")
    if args.funnel is not None:
        args.folder.mkdir(parents=True, exist_ok=True)
        funnel(args.funnel, args.folder, args.ligands)
        return
    told = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # engines print their search parameters
    for name, entry in entries.items():
        for search in args.searches:
            folder = args.folder / name
            path = folder / f"{search}.json"
            if path.exists() or (args.only and name not in args.only):
                continue
            files = prepared(name, entry, folder)
            if files is None:
                continue
            row = run_one(files, folder, search)
            path.write_text(json.dumps(row))
            print(name, search, row, file=told, flush=True)
    sys.stdout = told
    write_rows(RESULTS / "efforts.csv", collect(args.folder, entries))
    write_rows(RESULTS / "efforts_summary.csv", summary(rows_of(RESULTS / "efforts.csv")))


if __name__ == "__main__":
    main()
