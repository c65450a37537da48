"""The same screen through a real Slurm, and what a user sees when the cluster is not right."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from .conftest import ROOT, Screen, new_screen
from .slurm import GPUS, LocalSlurm, said

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

PROFILE = ROOT / "profiles/slurm/config.yaml"
STABLE = ("ranking.csv", "ledger.csv", "hits.sdf")
SOON = (
    "--slurm-init-seconds-before-status-checks", "8", "--seconds-between-status-checks", "8",
    "--max-status-checks-per-second", "1",
)  # fmt: skip
"""Ask Slurm more often than a cluster's owner would like."""


@pytest.fixture(scope="module")
def local(tmp_path_factory, tyk2_protein, tyk2_ligands) -> Screen:
    """Two posed ligands, screened on this machine."""
    screen = new_screen(tmp_path_factory.mktemp("screen"), tyk2_protein, tyk2_ligands)
    writer = Chem.SDWriter(str(screen.folder / "posed.sdf"))
    for mol in tyk2_ligands[:2]:
        writer.write(mol)
    writer.close()
    screen.config["library"] = {"files": ["posed.sdf"], "shard_size": 1}
    screen.config["docking"] = {"engine": "given"}
    screen.config["scoring"] |= {"shard_size": 1, "max_iterations": 2}
    screen.run(2)
    return screen


@pytest.fixture
def copy(local: Screen, tmp_path: Path) -> Screen:
    """The finished screen, to change."""
    shutil.copytree(local.folder, tmp_path / "screen")
    return Screen(tmp_path / "screen", json.loads(json.dumps(local.config)))


@pytest.fixture
def profile(tmp_path: Path) -> Callable[..., Path]:
    """Make a copy of the project's profile with some keys changed, as its users do."""

    def write(**changes: object) -> Path:
        content = yaml.safe_load(PROFILE.read_text())
        for key, value in changes.items():
            name = key.replace("_", "-")
            content[name] = content[name] | value if isinstance(value, dict) else value
        folder = tmp_path / "profile"
        folder.mkdir()
        (folder / "config.yaml").write_text(yaml.safe_dump(content))
        return folder

    return write


def through_slurm(screen: Screen, profile: Path, *options: str, check: bool = True):
    return screen.run(100, "--workflow-profile", str(profile), *SOON, *options, check=check)


def test_slurm_gives_the_same_bytes(slurm: LocalSlurm, copy: Screen, profile):
    expected = copy.bytes_of(*STABLE)
    # what comes before stays: a screen begun on one machine goes on with a cluster
    for name in ("selected", "scores", "complexes"):
        shutil.rmtree(copy.results / name)
    for name in STABLE:
        (copy.results / name).unlink()
    content = yaml.safe_load(PROFILE.read_text())
    one_thread = dict.fromkeys(content["set-threads"], 1)
    score = content["set-resources"]["score"] | {"gpu": 1}
    edited = profile(set_threads=one_thread, set_resources={"score": score})
    jobs = through_slurm(copy, edited)
    assert jobs["score"] == 2
    assert jobs["prepare_receptor"] == jobs["merge"] == jobs["dock"] == 0
    assert copy.bytes_of(*STABLE) == expected

    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", copy.output)
    shown = [said("scontrol", "show", "job", job) for job in submitted]
    assert all("JobState=COMPLETED" in job for job in shown)
    scored = [job for job in shown if "Comment=rule_score" in job]
    assert all("gres/gpu=1" in job or "gres:gpu:1" in job for job in scored)
    assert all("mem=3000M" in job and "TimeLimit=04:00:00" in job for job in scored)
    assert len(scored) == 2
    # what takes seconds is no job
    assert not any("rule_manifest" in job or "rule_report" in job for job in shown)


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


def test_a_wrong_partition_is_an_error_that_names_it(slurm: LocalSlurm, copy: Screen, profile):
    missing = sorted((copy.results / "library/parents").glob("b[01]*[01].parquet"))
    targets = [str(path.relative_to(copy.folder)) for path in missing]
    for path in missing:
        path.unlink()
    edited = profile(default_resources={"slurm_partition": "nosuch"}, retries=0)
    start = time.monotonic()
    jobs = through_slurm(copy, edited, *targets, check=False)
    assert not jobs
    assert "invalid partition specified: nosuch" in copy.output
    assert "--array=1-2" in copy.output  # two short jobs, submitted at once
    assert time.monotonic() - start < 60


def test_an_unreachable_controller_is_an_error_that_says_so(
    slurm: LocalSlurm, copy: Screen, profile
):
    (copy.results / "ranking.csv").unlink()
    slurm.stop("slurmctld")
    try:
        start = time.monotonic()
        jobs = through_slurm(copy, profile(retries=0), check=False)
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
