"""Killed at random moments and resumed, a screen ends with the same bytes."""

from __future__ import annotations

import pytest
import yaml

from tests.workflow.chaos import run_with_kills
from tests.workflow.conftest import STABLE, Screen

SEED = 20


@pytest.mark.workflow
@pytest.mark.slow
def test_twenty_kills_change_no_byte(finished: Screen, screen: Screen) -> None:
    (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config, sort_keys=False))
    kills = run_with_kills(screen.folder, 20, SEED)
    assert len(kills) == 20
    assert {"snakemake", "everything"} <= {kill.victim for kill in kills}
    assert screen.bytes_of(*STABLE) == finished.bytes_of(*STABLE)
