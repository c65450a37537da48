"""The same screen through a real Slurm, and what a user sees when the cluster is not right."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from screenmm.layout import Layout

from .conftest import Screen
from .slurm import GPUS, LocalSlurm, said

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def test_a_job_keeps_the_device_that_slurm_gave_it(slurm: LocalSlurm, tmp_path: Path):
    code = "from screenmm.scoring.lease import given_by_scheduler as g; print(g(), flush=True)"
    script = f"#!/bin/sh\n{sys.executable} -c '{code}'\nenv | grep SLURM_JOB_GPUS\nsleep 15\n"
    (tmp_path / "job.sh").write_text(script)
    jobs = [
        subprocess.Popen(
            ["sbatch", "--wait", f"--gpus={count}", f"--output={tmp_path}/{index}.out", "job.sh"],
            cwd=tmp_path, stdout=subprocess.DEVNULL,
        )
        for index, count in enumerate([1] * GPUS)
    ]  # fmt: skip
    try:
        outputs = [tmp_path / f"{index}.out" for index in range(GPUS)]
        wait_until(lambda: all("JOB_GPUS" in text_of(path) for path in outputs))
    finally:
        said("scancel", "--user=root")
        for job in jobs:
            job.kill()
            job.wait()
    lines = sorted(text_of(path).splitlines()[:2] for path in outputs)
    assert lines == [
        [f"CUDA_VISIBLE_DEVICES={index}", f"SLURM_JOB_GPUS={index}"] for index in range(GPUS)
    ]


def test_a_wrong_partition_is_an_error_that_names_it(
    slurm: LocalSlurm, screen: Screen, through_slurm
):
    screen.write_library({f"alkane {length}": "C" * length for length in range(1, 41)})
    screen.run(1, "results/library/sources.parquet")
    targets = [str(path.relative_to(screen.folder)) for path in Layout(screen.results).parents()]
    assert len(targets) > 1
    partition = {"slurm_partition": "nosuch"}
    start = time.monotonic()
    jobs = through_slurm(screen, *targets, check=False, default_resources=partition, retries=0)
    assert not jobs
    assert "invalid partition specified: nosuch" in screen.output
    assert f"--array=1-{len(targets)}" in screen.output  # short jobs, submitted at once
    assert time.monotonic() - start < 60


def test_an_unreachable_controller_is_an_error_that_says_so(
    slurm: LocalSlurm, copy: Screen, through_slurm
):
    (copy.results / "ranking.csv").unlink()
    slurm.stop("slurmctld")
    try:
        start = time.monotonic()
        jobs = through_slurm(copy, check=False, retries=0)
    finally:
        slurm.start_controller()
    assert not jobs
    assert "Unable to contact slurm controller" in copy.output
    assert time.monotonic() - start < 90


def wait_until(true: Callable[[], bool], limit_s: float = 40) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.2)


def text_of(path: Path) -> str:
    return path.read_text() if path.exists() else ""
