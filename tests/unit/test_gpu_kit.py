"""The kit that measures a GPU, in the small: no GPU is here, and each part tells on its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from screenmm.receptor.model import ReceptorModel

from ..gpu_scripts import GPU, python, rows_of

pytestmark = [pytest.mark.system, pytest.mark.minutes(1)]

PARTS = ["devices", "agreement", "speed", "opencl", "docking", "memory", "energy"]


@pytest.fixture(scope="module")
def kit(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two poses of the demo, without wheels."""
    folder = tmp_path_factory.mktemp("gpu") / "kit"
    options = ["--out", folder, "--sets", "demo", "--poses", "2", "--bare"]
    done = python(root, GPU / "pack.py", *options)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def measured(
    root: Path, kit: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """A run from an empty folder, its docking input damaged and one part given no time."""
    folder = tmp_path_factory.mktemp("run")
    (kit / "sets/demo/docking.json").write_text('{"receptor": "")')
    environment = {
        **os.environ,
        "KIT": str(kit),
        "OUT": str(folder / "out"),
        "PYTHON": sys.executable,
        # OpenCL's kernels would take a minute to compile on a processor
        "OCL_ICD_VENDORS": "/nowhere",
        # a busy machine is no reason to skip a step
        "BUDGET_S": "3000",
    }
    command = ["bash", root / GPU / "run.sh", "--small", "--limit", "agreement=0.2"]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done, folder / "out"


LOADED = """
import json, sys
from pathlib import Path
from kit import load_set
found = load_set(Path(sys.argv[1]))
print(json.dumps([[name, len(pose.parameters), int(pose.parameters.torsions.max()),
                   len(pose.angstrom), pose.parameters.charges.sum()]
                  for name, pose in zip(found.names, found.poses)]))
"""


def test_poses_travel_whole(root: Path, kit: Path) -> None:
    """What is cut out of the joined ligands is each ligand, neutral as these are."""
    done = python(root, "-c", LOADED, kit / "sets/demo")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [name for name, *_ in found] == ["ejm_31", "jmc_30"]
    for _, atoms, last, places, charge in found:
        assert atoms == last + 1 == places
        assert charge == pytest.approx(0.0, abs=1e-5)


def test_the_receptor_is_whole(kit: Path) -> None:
    receptor = ReceptorModel.load(kit / "sets/demo")
    assert len(receptor.parameters) == len(receptor.positions_angstrom) > 4000
    assert np.isfinite(receptor.parameters.charges).all()


def test_a_kit_too_large_to_travel_is_refused(root: Path, kit: Path) -> None:
    large, scores = kit / "wheels/large.whl", kit / "sets/demo/cpu.csv"
    large.parent.mkdir()
    before = scores.stat().st_mtime_ns
    with large.open("wb") as handle:
        handle.truncate(61 * 2**20)
    try:
        done = python(root, GPU / "pack.py", "--out", kit, "--sets", "demo", "--bare")
    finally:
        large.unlink()
    assert done.returncode == 1
    assert "MiB, at most 60 travel: leave sets out" in done.stderr
    # what is packed already was not made again
    assert scores.stat().st_mtime_ns == before


def test_a_part_that_fails_does_not_cost_the_others(measured: tuple) -> None:
    done, out = measured
    assert done.returncode == 1
    parts = {each["part"]: each for each in json.loads((out / "run.json").read_text())["parts"]}
    assert list(parts) == PARTS
    assert {name: each["status"] for name, each in parts.items()} == {
        "devices": "ok",
        "agreement": "stopped",
        "speed": "ok",
        "opencl": "not here",
        "docking": "failed",
        "memory": "not here",
        "energy": "not here",
    }
    assert "JSONDecodeError" in parts["docking"]["reason"]
    assert parts["agreement"]["reason"].startswith("not done after 0 s")
    for name in ("docking", "agreement"):
        assert parts[name]["reason"][:40] in done.stdout


def test_the_parts_that_ran_left_their_tables(measured: tuple) -> None:
    _, out = measured
    compared = [row for row in rows_of(out / "devices.csv") if row["system"]]
    assert {row["platform"] for row in compared} == {"CPU"}
    assert {row["system"] for row in compared} == {"demo", "pack of two"}
    assert all(float(row["force_error"]) < 1e-4 for row in compared)
    speeds = rows_of(out / "speed.csv")
    assert {(row["pack_size"], row["workers"]) for row in speeds} == {
        ("1", "1"), ("2", "1"), ("1", "2"),
    }  # fmt: skip
    assert all(row["scored"] == row["poses"] for row in speeds)
    stages = {row["stage"]: float(row["share"]) for row in rows_of(out / "stages.csv")
              if row["what"] == "pose" and row["stage"]}  # fmt: skip
    assert sum(stages.values()) == pytest.approx(1.0)
    assert max(stages, key=lambda name: stages[name]) == "forces and download"


def test_what_comes_back_is_few_small_files(measured: tuple) -> None:
    _, out = measured
    assert len(list(out.iterdir())) <= 8


def test_the_last_lines_are_the_parts(measured: tuple) -> None:
    done, _ = measured
    last = done.stdout.strip().splitlines()[-len(PARTS) :]
    assert [line.split()[0] for line in last] == PARTS


def test_ends_of_a_process_are_told_apart(root: Path) -> None:
    code = (
        "import json; from measure import verdict;"
        "print(json.dumps([verdict(*each) for each in"
        " [(0, ['x'], 9), (1, ['reason: a'], 9), (3, ['reason: b'], 9), (-11, ['c'], 9),"
        " (None, ['d'], 9), (1, [], 9)]]))"
    )
    done = python(root, "-c", code)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [
        ["ok", ""],
        ["failed", "a"],
        ["not here", "b"],
        ["crashed", "SIGSEGV; last: c"],
        ["stopped", "not done after 9 s; last: d"],
        ["failed", ""],
    ]
