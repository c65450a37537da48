"""The same screen through a real Slurm, and what a user sees when the cluster is not right.

All that needs Slurm is in this file: tests that run side by side are shared out by file, and
only one Slurm can be up.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from screenmm.execution.usage import read_usage
from screenmm.run.layout import Layout

from .chaos import run_with_kills
from .conftest import OF_CAMPAIGN, SOON, STABLE, Screen
from .slurm import GPUS, LocalSlurm, said

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(20)]

LOCAL_RULES = {"manifest", "manifest_of_round", "catalogue", "biomarkers", "report", "crate"}
"""What takes seconds is no job of a cluster."""


def test_a_job_keeps_the_device_that_slurm_gave_it(slurm: LocalSlurm, tmp_path: Path):
    code = "from screenmm.devices.lease import given_by_scheduler as g; print(g(), flush=True)"
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


def test_rounds_through_slurm(
    campaigned: Screen, campaign: Screen, slurm: LocalSlurm, through_slurm
):
    jobs = through_slurm(campaign, set_resources={"score": {"gpu": 1}})
    assert campaign.bytes_of(*OF_CAMPAIGN) == campaigned.bytes_of(*OF_CAMPAIGN)

    usage = read_usage(campaign.results / "usage")
    for rule, targets in usage.items():
        by_slurm = [job["scheduler"].startswith("SLURM_JOB_ID=") for (job,) in targets.values()]
        assert all(by_slurm) if rule not in LOCAL_RULES else not any(by_slurm), rule
    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", campaign.output)
    shown = [said("scontrol", "show", "job", job) for job in submitted]
    assert all("JobState=COMPLETED" in job for job in shown)
    scored = [job for job in shown if re.search(r"Comment=rule_score(?!_variants)", job)]
    assert len(scored) == jobs["score"] > 1
    assert all("gres/gpu=1" in job or "gres:gpu:1" in job for job in scored)
    assert all("mem=3000M" in job and "TimeLimit=04:00:00" in job for job in scored)


def test_kills_of_slurm_jobs_change_no_byte(
    tiered: Screen, configured_in_tiers: Screen, slurm: LocalSlurm, slurm_profile
) -> None:
    screen = configured_in_tiers
    options = ("--workflow-profile", str(slurm_profile()), *SOON)
    kills = run_with_kills(screen.folder, 3, 20, options, longest_wait_s=30.0)
    assert len(kills) == 3
    assert screen.bytes_of(*STABLE) == tiered.bytes_of(*STABLE)


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
