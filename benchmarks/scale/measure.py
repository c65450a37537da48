"""What a screen costs beside its engines, from 1,000 to 1,000,000 records.

    python benchmarks/scale/measure.py run --records 1000 10000 100000 --work /tmp/scale
    python benchmarks/scale/measure.py plot      # needs matplotlib

The real workflow runs on a library that is enumerated here; only prepare-ligands, dock, score
and inspect are stand-ins (engine.py). One row per run goes to results/scale.csv, one per run
and stage to results/scale_stages.csv.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import yaml
from library import write_library

from screenmm.demo import write_demo
from screenmm.run.layout import shard_names

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RESULTS = HERE.parent / "results"
ENGINES = {"prepare-ligands", "dock", "score", "inspect"}
SAMPLE_S = 0.5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


COLUMNS = (
    "records", "rounds", "ligands", "shard_size", "record_shards", "ligand_shards",
    "poses_per_state",
    "cores", "scheduler", "max_jobs_per_timespan", "jobs", "wall_s", "cpu_s",
    "outside_engines_wall_s",
    "outside_engines_cpu_s", "snakemake_cpu_s", "snakemake_max_rss_mb",
    "outside_engines_wall_ms_per_record", "outside_engines_cpu_ms_per_record", "results_mb",
    "report_kb", "ledger_mb", "ranking_mb", "duckdb_mb",
)  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What a run is of.

    Parameters
    ----------
    records, shard_size, poses : int
        Of the library; most in a shard; poses per state.
    rounds : int
        None where every molecule is docked.
    batch : str
        Part of the library in each.
    profile_keys : dict
        Options of Snakemake that differ from the default profile's.
    """

    records: int
    shard_size: int
    poses: int
    rounds: int
    batch: str
    profile_keys: dict[str, str]


SCORED = 1000
"""Ligands that are scored, in all."""


def write_screen(folder: Path, asked: Asked) -> dict:
    """Write library, config and profile of a screen anew; returns the profile."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_demo(folder / "demo")
    write_library(folder / "library.smi", asked.records)
    config = {
        "controls": {"redock": False},
        "name": f"scale-{asked.records}",
        "results": "results",
        "library": {"files": ["library.smi"], "shard_size": asked.shard_size},
        "receptors": {"tyk2": {"structure": "demo/receptor.pdb"}},
        "pocket": {"ligand": "demo/crystal_ligand.sdf"},
        "docking": {"poses": asked.poses},
        "scoring": {"top": min(SCORED, asked.records // 2) // max(1, asked.rounds)},
    }
    if asked.rounds:
        config["rounds"] = {"number": asked.rounds, "batch": asked.batch}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    (folder / "profile").mkdir()
    # one thread per stand-in: two shards side by side, as nothing in them is parallel
    profile = yaml.safe_load((ROOT / "profiles/default/config.yaml").read_text())
    rules = ("standardise", "prepare_ligands", "dock", "score", "inspect")
    profile["set-threads"] = dict.fromkeys(rules, 1)
    profile.update(asked.profile_keys)
    (folder / "profile/config.yaml").write_text(yaml.safe_dump(profile))
    return profile


def _times(commands: list[dict], wall_s: float, cpu_s: float, records: int) -> dict:
    """What the run took, and what of it was spent outside the engines."""
    engines = [command for command in commands if command["command"] in ENGINES]
    wall_outside_s = wall_s - _union_s(engines)
    cpu_outside_s = cpu_s - sum(command["cpu_s"] for command in engines)
    return {
        "wall_s": round(wall_s, 1),
        "cpu_s": round(cpu_s, 1),
        "outside_engines_wall_s": round(wall_outside_s, 1),
        "outside_engines_cpu_s": round(cpu_outside_s, 1),
        "outside_engines_wall_ms_per_record": round(1e3 * wall_outside_s / records, 3),
        "outside_engines_cpu_ms_per_record": round(1e3 * cpu_outside_s / records, 3),
    }


def _sizes(results: Path) -> dict:
    """What the run left, in MB; the page in kB."""
    files = {"ledger_mb": "ledger.csv", "ranking_mb": "ranking.csv", "duckdb_mb": "screen.duckdb"}
    return {
        "results_mb": round(_size(results) / 1e6, 1),
        "report_kb": round((results / "report.html").stat().st_size / 1e3),
        **{name: round((results / file).stat().st_size / 1e6, 1) for name, file in files.items()},
    }


def run(asked: Asked, cores: int, work: Path) -> tuple[dict, list[dict]]:
    """Run one screen and measure it.

    Returns
    -------
    dict, list of dict
        The run's row, and one row per stage.
    """
    folder = work / f"{asked.records}_{asked.rounds}_{asked.shard_size}_{asked.poses}"
    profile = write_screen(folder, asked)
    environment = {
        **os.environ,
        "PATH": f"{HERE / 'bin'}:{os.environ['PATH']}",
        "SCREENMM_SCALE_PYTHON": sys.executable,
        "SCREENMM_SCALE_USAGE": str(folder / "usage.jsonl"),
    }
    command = [
        "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores),
        "--workflow-profile", "profile", "--configfile", "config.yaml", "--quiet", "progress",
    ]  # fmt: skip
    start = time.time()
    with (folder / "snakemake.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        own_cpu_s, own_rss_mb = _watch(process)
    usage = process.usage  # type: ignore[attr-defined]
    wall_s = time.time() - start
    if process.returncode:
        raise SystemExit(f"the run failed; see {folder / 'snakemake.log'}")
    commands = [json.loads(line) for line in (folder / "usage.jsonl").read_text().splitlines()]
    results = folder / "results"
    made = {
        "records": asked.records,
        "rounds": asked.rounds,
        "ligands": _count(results / "screen.duckdb", "ligands"),
        "shard_size": asked.shard_size,
        "record_shards": len(shard_names(results / "library/records")),
        "ligand_shards": len(shard_names(results / "ligands/shards")),
        "poses_per_state": asked.poses,
        "cores": cores,
        "scheduler": profile.get("scheduler", "ilp"),
        "max_jobs_per_timespan": profile.get("max-jobs-per-timespan", "100/1s"),
        # the target has no command, the closing summary is no job
        "jobs": len(commands) + 1 - sum(c["command"] == "summary" for c in commands),
    }
    cpu_s = usage.ru_utime + usage.ru_stime
    own = {
        "snakemake_cpu_s": round(own_cpu_s, 1),
        "snakemake_max_rss_mb": round(own_rss_mb),
    }
    row = made | _times(commands, wall_s, cpu_s, asked.records) | own | _sizes(results)
    # in the order of the table that is there
    row = {name: row[name] for name in COLUMNS}
    return row, _stages(commands, row)


def _watch(process: subprocess.Popen) -> tuple[float, float]:
    """CPU time and peak memory of the Snakemake process itself, and wait for it."""
    cpu_s = rss_mb = 0.0
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode, process.usage = os.waitstatus_to_exitcode(status), usage  # type: ignore[attr-defined]
            return cpu_s, rss_mb
        proc = Path(f"/proc/{process.pid}")
        fields = (proc / "stat").read_text().rsplit(")", 1)[1].split()
        cpu_s = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
        if found := re.search(r"VmHWM:\s+(\d+) kB", (proc / "status").read_text()):
            rss_mb = int(found[1]) / 1024
        time.sleep(SAMPLE_S)


def _union_s(commands: list[dict[str, Any]]) -> float:
    """Seconds during which at least one of the commands ran."""
    total = last = 0.0
    for command in sorted(commands, key=lambda c: c["start"]):
        total += max(0.0, command["end"] - max(command["start"], last))
        last = max(last, command["end"])
    return total


def _stages(commands: list[dict], row: dict) -> list[dict]:
    found: dict[str, list[dict]] = defaultdict(list)
    for command in commands:
        found[command["command"]].append(command)
    return [
        {
            **{key: row[key] for key in KEYS},
            "stage": stage,
            "stand_in": stage in ENGINES,
            "jobs": len(jobs),
            "wall_s": round(sum(job["end"] - job["start"] for job in jobs), 1),
            "cpu_s": round(sum(job["cpu_s"] for job in jobs), 1),
            "cpu_ms_per_record": round(1e3 * sum(job["cpu_s"] for job in jobs) / row["records"], 3),
            "max_rss_mb": round(max(job["own_rss_mb"] for job in jobs)),
            "worker_max_rss_mb": round(max(job["worker_rss_mb"] for job in jobs)),
        }
        for stage, jobs in found.items()
    ]


def _count(database: Path, table: str) -> int:
    with duckdb.connect(str(database), read_only=True) as con:
        return con.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


KEYS = (
    "records", "rounds", "shard_size", "poses_per_state", "scheduler", "max_jobs_per_timespan",
)  # fmt: skip


def _order(row: dict) -> tuple:
    return *(int(row[key]) for key in KEYS[:4]), *(row[key] for key in KEYS[4:])


def keep(path: Path, rows: list[dict]) -> None:
    """Put rows into a table in place of those of the same run."""
    old: list[dict] = []
    if path.exists():
        with path.open(newline="") as handle:
            old = list(csv.DictReader(handle))
    made = {tuple(str(row[key]) for key in KEYS) for row in rows}
    kept = [row for row in old if tuple(row[key] for key in KEYS) not in made]
    merged = sorted([*kept, *rows], key=_order)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(merged)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    sub = commands.add_parser("run")
    sub.add_argument("--records", type=int, nargs="+", default=[1000, 10_000, 100_000])
    sub.add_argument("--shard-size", type=int, default=500)
    sub.add_argument(
        "--poses", type=int, default=3, help="poses per ligand that the stand-in docks"
    )
    sub.add_argument("--rounds", type=int, default=0, help="none: every molecule is docked")
    sub.add_argument("--batch", default="1 %", help="part of the library in a round")
    sub.add_argument("--cores", type=int, default=2)
    sub.add_argument(
        "--profile-keys", nargs="*", default=[], metavar="KEY=VALUE",
        help="options of Snakemake to change in the default profile",
    )  # fmt: skip
    sub.add_argument("--work", type=Path, required=True, help="folder for the runs")
    sub.add_argument("--out", type=Path, default=RESULTS)
    commands.add_parser("plot")
    args = parser.parse_args()
    if args.command == "plot":
        from plot import write_plots  # noqa: PLC0415 - matplotlib is needed for this alone

        write_plots(RESULTS)
        return
    args.out.mkdir(parents=True, exist_ok=True)
    changed = dict(pair.split("=", 1) for pair in args.profile_keys)
    for records in args.records:
        asked = Asked(records, args.shard_size, args.poses, args.rounds, args.batch, changed)
        row, stages = run(asked, args.cores, args.work.resolve())
        keep(args.out / "scale.csv", [row])
        keep(args.out / "scale_stages.csv", stages)
        print(json.dumps(row))
        for stage in stages:
            print(json.dumps(stage))


if __name__ == "__main__":
    main()
