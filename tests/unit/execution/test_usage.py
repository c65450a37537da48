"""What a job used, also when it fails or is told to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from screenmm.cli import EXIT_SIGTERM, main, sigterm_interrupts
from screenmm.core.errors import Interrupted, ScreenMMError, UserError
from screenmm.execution.usage import device_held, metered, read_usage


def burn(seconds: float) -> None:
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass


def lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_time_cores_and_devices_are_recorded(tmp_path: Path) -> None:
    with metered("score", tmp_path / "score.jsonl", ["screenmm", "score"], workers=4):
        burn(0.1)
        with device_held("CUDA", "a GPU"):
            time.sleep(0.05)
    (row,) = lines(tmp_path / "score.jsonl")
    assert row["status"] == "done"
    assert 0.1 <= row["cpu_s"] < 1
    assert row["wall_s"] >= 0.15
    assert row["core_s"] == pytest.approx(4 * row["wall_s"], abs=0.01)
    assert row["gpu_s"] == row["devices"][0]["held_s"] >= 0.05
    assert row["versions"]["screenmm"]
    assert row["host"]["cores"] == os.cpu_count()
    assert 10 < row["max_rss_mb"] < 10_000


def test_the_cpu_time_of_children_counts(tmp_path: Path) -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass"
    with metered("dock", tmp_path / "dock.jsonl", []):
        subprocess.run([sys.executable, "-c", code], check=True)
    assert lines(tmp_path / "dock.jsonl")[0]["cpu_s"] >= 0.3


def test_each_attempt_is_a_line_and_says_how_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "dock/wt/b0.jsonl"
    with pytest.raises(UserError), metered("dock", path, []), device_held("CUDA", "x"):
        raise UserError("no such file")
    with pytest.raises(Interrupted), metered("dock", path, []):
        raise Interrupted
    with metered("dock", path, []):
        pass
    with path.open("a") as handle:
        handle.write('{"stage": "do')  # the machine went down
    attempts = read_usage(tmp_path)["dock"]["wt/b0"]
    assert [each["status"] for each in attempts] == ["failed", "interrupted", "done"]
    assert attempts[0]["error"] == "UserError: no such file"
    assert [len(each["devices"]) for each in attempts] == [1, 0, 0]


def test_a_job_that_is_at_work_is_not_begun_twice(tmp_path: Path) -> None:
    with (
        metered("merge", tmp_path / "merge.jsonl", []),
        pytest.raises(ScreenMMError, match=r"another process .* holds .*merge\.jsonl"),
        metered("merge", tmp_path / "merge.jsonl", []),
    ):
        pass
    assert len(lines(tmp_path / "merge.jsonl")) == 1


def test_a_command_appends_its_own(tmp_path: Path) -> None:
    usage = tmp_path / "usage/check.jsonl"
    assert main(["check", str(tmp_path / "no.yaml"), "--usage", str(usage)]) == 1
    (row,) = lines(usage)
    assert row["status"] == "failed"
    assert "no config file" in row["error"]
    assert row["command"][:2] == ["screenmm", "check"]


def told_to_stop(cleaned: list[str]) -> None:
    with sigterm_interrupts():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(10)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append("all of it")


def test_sigterm_runs_what_cleans_up_and_is_not_repeated() -> None:
    cleaned: list[str] = []
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Interrupted):
        told_to_stop(cleaned)
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before
    assert EXIT_SIGTERM == 143
