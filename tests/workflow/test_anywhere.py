"""One screen, the same bytes: on this machine, through Slurm, in environments of its own."""

from __future__ import annotations

import re

import pytest
import yaml

from screenmm.usage import read_usage

from .conftest import SLURM_PROFILE, STABLE, Screen
from .slurm import LocalSlurm, said

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

LOCAL_RULES = {"manifest", "report", "crate"}
"""What takes seconds is no job of a cluster."""


def test_through_slurm(finished: Screen, screen: Screen, slurm: LocalSlurm, through_slurm):
    content = yaml.safe_load(SLURM_PROFILE.read_text())
    score = content["set-resources"]["score"] | {"gpu": 1}
    jobs = through_slurm(screen, set_resources={"score": score})
    assert screen.bytes_of(*STABLE) == finished.bytes_of(*STABLE)

    usage = read_usage(screen.results / "usage")
    for rule, targets in usage.items():
        by_slurm = [job["scheduler"].startswith("SLURM_JOB_ID=") for (job,) in targets.values()]
        assert all(by_slurm) if rule not in LOCAL_RULES else not any(by_slurm), rule
    submitted = re.findall(r"has been submitted with SLURM jobid (\d+)", screen.output)
    shown = [said("scontrol", "show", "job", job) for job in submitted]
    assert all("JobState=COMPLETED" in job for job in shown)
    scored = [job for job in shown if "Comment=rule_score" in job]
    assert len(scored) == jobs["score"] > 1
    assert all("gres/gpu=1" in job or "gres:gpu:1" in job for job in scored)
    assert all("mem=3000M" in job and "TimeLimit=04:00:00" in job for job in scored)
