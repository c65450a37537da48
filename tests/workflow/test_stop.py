"""A stage told to stop keeps its work; two runs never write to one place."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import pytest

from .chaos import descendants
from .conftest import STABLE, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(3)]


def wait_until(true: Callable[[], bool], limit_s: float = 120) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_sigterm_ends_a_stage_cleanly_and_it_goes_on(finished: Screen, tmp_path: Path):
    results = finished.results
    states = max((results / "ligands/states").glob("*.sdf.gz"), key=lambda p: p.stat().st_size)
    shard = states.name.removesuffix(".sdf.gz")
    poses, usage = tmp_path / "poses.sdf.gz", tmp_path / "usage.jsonl"
    command = [
        sys.executable, "-m", "screenmm.cli", "dock", "--workers", "1",
        "--settings", str(finished.folder / "config.yaml"),
        "--states", str(states), "--receptor", str(results / "receptors/tyk2"),
        "--poses", str(poses), "--table", str(tmp_path / "table.parquet"),
        "--events", str(tmp_path / "events.parquet"), "--usage", str(usage),
    ]  # fmt: skip
    journal = tmp_path / ".poses.sdf.gz.journal"
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as stage:
        wait_until(lambda: journal.exists() and journal.read_text().count("\n") >= 2)
        workers = descendants(stage.pid)
        stage.send_signal(signal.SIGTERM)
        said = stage.communicate()[1]
    assert stage.returncode == 128 + signal.SIGTERM
    assert "stopped by SIGTERM; finished work is kept" in said
    assert "Traceback" not in said
    assert workers
    wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10)
    assert {path.name for path in tmp_path.iterdir()} == {
        usage.name, journal.name, ".poses.sdf.gz.lock",
    }  # fmt: skip
    again = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=True)
    assert "items taken from the journal" in again.stderr
    assert poses.read_bytes() == (results / f"poses/tyk2/{shard}.sdf.gz").read_bytes()
    attempts = [json.loads(line)["status"] for line in usage.read_text().splitlines()]
    assert attempts == ["interrupted", "done"]


def test_a_second_run_is_an_error_and_the_first_is_right(
    finished: Screen, copy: Screen, tmp_path: Path
):
    shutil.rmtree(copy.results / "scores")
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("library.smi", "receptor.pdb", "crystal_ligand.sdf"):
        shutil.copy(copy.folder / name, other)
    first = copy.start(2)
    wait_until(lambda: (copy.results / ".run.lock").exists() and scoring(first.pid))
    same_folder = Screen(copy.folder, copy.config)
    same_results = Screen(other, deepcopy(copy.config) | {"results": str(copy.results)})
    assert not same_folder.run(1, check=False)
    assert not same_results.run(1, check=False)
    assert "Directory cannot be locked" in same_folder.output
    assert f"another run writes to {copy.results} (process {first.pid} of" in same_results.output
    assert first.poll() is None, "the first run ended before the second was refused"
    output = first.communicate()[0]
    assert first.returncode == 0, output[-3000:]
    assert copy.bytes_of(*STABLE) == finished.bytes_of(*STABLE)


def scoring(pid: int) -> bool:
    """Whether a run's jobs are at work."""
    return any(b"score" in cmdline(each) for each in descendants(pid))


def cmdline(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
