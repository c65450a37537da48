"""Killed at random moments and resumed, a screen ends with the same bytes."""

from __future__ import annotations

import pytest
import yaml

from .chaos import run_with_kills
from .conftest import SOON, STABLE, Screen
from .slurm import LocalSlurm

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

SEED = 20


@pytest.fixture
def configured(screen: Screen) -> Screen:
    """A screen whose config is written."""
    (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config, sort_keys=False))
    return screen


def test_twenty_kills_change_no_byte(finished: Screen, configured: Screen) -> None:
    kills = run_with_kills(configured.folder, 20, SEED)
    assert len(kills) == 20
    assert {"snakemake", "everything"} <= {kill.victim for kill in kills}
    assert configured.bytes_of(*STABLE) == finished.bytes_of(*STABLE)


def test_kills_of_slurm_jobs_change_no_byte(
    finished: Screen, configured: Screen, slurm: LocalSlurm, slurm_profile
) -> None:
    options = ("--workflow-profile", str(slurm_profile()), *SOON)
    kills = run_with_kills(configured.folder, 4, SEED, options, longest_wait_s=30.0)
    assert len(kills) == 4
    assert configured.bytes_of(*STABLE) == finished.bytes_of(*STABLE)
