from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq

from screenmm.campaign.choose import campaign_settings, choose
from screenmm.campaign.cost import Rates
from screenmm.campaign.known import docked, library
from screenmm.config.settings import Rounds, Stop
from screenmm.library.merge import LIGANDS
from screenmm.rounds.known import How
from screenmm.run.layout import Layout

from .conftest import dock, make, place


def test_a_batch_is_shards_of_ligands_and_a_table(run: Path) -> None:
    decision = make(run, 1)
    keys = [each.key for each in decision.batch]
    assert len(keys) == 6
    assert keys == sorted(keys)
    shards = sorted(place(run, 1).shards.glob("*.parquet"))
    tables = [pq.read_table(path) for path in shards]
    assert all(table.schema == LIGANDS and 0 < table.num_rows <= 4 for table in tables)
    assert sorted(k for table in tables for k in table["inchikey"].to_pylist()) == keys
    told = pq.read_table(place(run, 1).table).to_pylist()
    assert [row["inchikey"] for row in told] == keys
    assert {(row["round"], row["drawn"], row["predicted_kcal_mol"]) for row in told} == {
        (1, "random", None)
    }
    assert json.loads(place(run, 1).told.read_text())["stop"] == ""


def test_a_second_round_learns_from_the_first(run: Path) -> None:
    first = {each.key for each in make(run, 1, batch=12).batch}
    values = dock(run, 1)
    second = make(run, 2, batch=6, audit="20 %")
    assert not first & {each.key for each in second.batch}
    hows = [each.how for each in second.batch]
    assert (hows.count(How.ACQUIRED), hows.count(How.AUDIT)) == (5, 1)
    known = docked(Layout(run, most_rounds=1), "wt", "docking")
    assert {each.key: each.value for each in known if each.value is not None} == values
    assert {each.key for each in known} == first
    measures = json.loads(place(run, 2).told.read_text())["measures"]
    assert measures["failed"] == 12 - len(values)
    assert measures["best"] == min(values.values())


def test_a_campaign_ends_with_its_library(run: Path) -> None:
    assert len(make(run, 1, batch=100).batch) == 30
    dock(run, 1)
    end = make(run, 2, batch=100)
    assert end.batch == []
    assert end.stop == "all 30 molecules of the library were docked"
    assert list(place(run, 2).shards.iterdir()) == []
    assert pq.read_table(place(run, 2).table).num_rows == 0
    assert Layout(run, most_rounds=5).rounds == ["1"]


def test_a_round_that_would_cost_too_much_is_not_made(run: Path) -> None:
    make(run, 1)
    states = len(dock(run, 1))
    assert states
    rates = Rates(docked_state_s=3600.0, scored_pose_s=1.0, receptors=2)
    rounds = Rounds(receptor="wt", objective="docking", batch=6, stop={"cpu_hours": 4 * states})
    files = Layout(run, most_rounds=1)
    assert choose(files, rounds, 2, 1, place(run, 2), rates).batch
    dear = rounds.model_copy(update={"stop": Stop(cpu_hours=4 * states - 0.1)})
    ended = choose(files, dear, 2, 1, place(run, 2), rates)
    assert ended.batch == []
    assert "the rounds so far take" in ended.stop
    assert "rounds.stop.cpu_hours" in ended.stop


def test_features_are_of_every_ligand(run: Path) -> None:
    assert sum(map(len, library(Layout(run, most_rounds=1)))) == 30


def test_shares_of_the_config() -> None:
    found = campaign_settings(Rounds(batch="2.5 %", audit="20 %", stop={"recall": 0.8}), 3)
    assert (found.number, found.batch, found.audit, found.stop.recall) == (3, 0.025, 0.2, 0.8)
    assert campaign_settings(Rounds(batch=500), 1).batch == 500
