"""What the arms of a campaign cost, from what its jobs noted."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import duckdb
import pytest

from screenmm.analysis import rounds as module
from screenmm.analysis.arms import Arm
from screenmm.analysis.rounds import spent_by_arms
from screenmm.config.settings import Settings, parse_settings
from screenmm.metrics.rounds import Campaign, RoundDone
from screenmm.run.layout import Layout


@pytest.fixture
def settings() -> Settings:
    config = {
        "name": "x", "results": "results", "library": {"files": ["x.smi"]},
        "receptors": {"wt": {"structure": "x.cif"}}, "pocket": "auto",
    }  # fmt: skip
    return parse_settings(config, None)


def campaign(cpu_h: float) -> Campaign:
    done = RoundDone(round=2, chosen=4, drawn=2, valued=6, best_kcal_mol=None,
                     mean_of_best_kcal_mol=None, new_among_best=0, cpu_h=cpu_h)  # fmt: skip
    return Campaign(
        receptor="wt", objective="x", library=9, docked=6, predicted=3, best=1, ended="",
        helps="unknown", verdict="", recall_low=None, rounds=[done],
    )  # fmt: skip


def test_proposing_is_paid_by_those_who_propose(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Layout(tmp_path, most_rounds=2)
    for stage, hours in (("propose", 2), ("vet", 4), ("choose", 1)):
        usage = {"status": "done", "wall_s": 1.0, "cpu_s": 3600.0 * hours, "core_s": 1.0,
                 "gpu_s": 0.0, "energy_j": None, "max_rss_mb": 1.0}  # fmt: skip
        path = files.usage / stage / "2.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(usage) + "\n")

    def jobs(*_: object) -> dict[str, Collection[str]]:
        return {"propose": {"2"}, "vet": {"2"}, "choose": {"2"}}

    monkeypatch.setattr(module, "jobs_of_round", jobs)
    with duckdb.connect() as con:
        con.execute(
            "CREATE TABLE batches AS SELECT 2 AS round, unnest(['acquired', 'audit', 'learned', "
            "'learned', 'blind', 'neighbour']) AS drawn"
        )
        found = spent_by_arms(con, campaign(18.0), files, settings)
        assert spent_by_arms(con, campaign(18.0), None, settings) == {}
    # 18 hours, of which 6 propose: two for each molecule docked, and two for each proposed
    assert {arm: each.cpu_h for arm, each in found.items()} == pytest.approx(
        {Arm.LEARNED: 8.0, Arm.BLIND: 4.0, Arm.NEIGHBOUR: 2.0}
    )
    assert found[Arm.BLIND].price is None
