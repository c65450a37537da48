"""Killed at random moments and resumed, a screen ends with the same bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.workflow.chaos import run_with_kills
from tests.workflow.conftest import new_screen

OUTPUTS = ("ranking.csv", "ledger.csv", "hits.sdf")
SEED = 20


@pytest.mark.workflow
@pytest.mark.slow
def test_twenty_kills_change_no_byte(tmp_path: Path, tyk2_protein, tyk2_ligands) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    screen = new_screen(whole, tyk2_protein, tyk2_ligands)
    screen.run()
    folder = tmp_path / "killed"
    folder.mkdir()
    killed = new_screen(folder, tyk2_protein, tyk2_ligands)
    (folder / "config.yaml").write_text(yaml.safe_dump(killed.config, sort_keys=False))
    kills = run_with_kills(folder, 20, SEED)
    assert len(kills) == 20
    assert {"snakemake", "everything"} <= {kill.victim for kill in kills}
    assert killed.bytes_of(*OUTPUTS) == screen.bytes_of(*OUTPUTS)
