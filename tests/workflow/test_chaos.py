"""Killed at random moments and resumed, a screen ends with the same bytes."""

from __future__ import annotations

import pytest

from .chaos import run_with_kills
from .conftest import STABLE, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(5)]

SEED = 2


def test_kills_change_no_byte(finished: Screen, configured: Screen) -> None:
    kills = run_with_kills(configured.folder, 6, SEED)
    assert len(kills) == 6
    assert {"snakemake", "everything"} <= {kill.victim.partition(" (")[0] for kill in kills}
    assert configured.bytes_of(*STABLE) == finished.bytes_of(*STABLE)
