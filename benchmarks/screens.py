"""Run screens for the benchmarks and read their results.

The data are found through SCREENMM_BENCHMARK_DATA, else in ``../shared/data`` beside the
checkout.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results"


def data_folder() -> Path:
    folder = Path(os.environ.get("SCREENMM_BENCHMARK_DATA", ROOT.parent / "shared/data"))
    if not folder.is_dir():
        sys.exit(f"no benchmark data at {folder}: set SCREENMM_BENCHMARK_DATA")
    return folder


def run_screen(
    config: dict, folder: Path, cores: int, *targets: str
) -> subprocess.CompletedProcess[str]:
    """Write the config into a folder and run its screen there, or only some files of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [
        "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores),
        "--workflow-profile", str(ROOT / "profiles/default"),
        "--configfile", "config.yaml", "--quiet", "all",
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def write_rows(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
