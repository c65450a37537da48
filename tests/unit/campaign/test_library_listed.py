from __future__ import annotations

import json
from pathlib import Path

import pytest

from screenmm.core.errors import ScreenMMError
from screenmm.run.layout import Layout
from screenmm.stages.choose import check_library


def test_a_round_is_not_chosen_from_a_library_that_is_being_merged(run: Path) -> None:
    catalogue = run / "rounds/catalogue.json"
    catalogue.write_text(json.dumps({"b0": {}, "b1": {}}))
    check_library(Layout(run, most_rounds=0))
    (run / "ligands/shards/b1.parquet").unlink()
    with pytest.raises(
        ScreenMMError, match=r"1 shards .* 2 are listed .*run the same command again"
    ):
        check_library(Layout(run, most_rounds=0))
