from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from screenmm.analysis.rounds import jobs_of_round, write_rounds
from screenmm.campaign.conclude import conclude
from screenmm.config.settings import Rounds
from screenmm.figures.canvas import style
from screenmm.figures.round_figures import learning_curve
from screenmm.metrics.rounds import Campaign
from screenmm.run.layout import Layout

from .conftest import dock, make


@pytest.fixture
def files(run: Path) -> Layout:
    """Two rounds, of twelve and six of thirty ligands."""
    make(run, 1, batch=12)
    dock(run, 1)
    make(run, 2, batch=6, audit="20 %")
    dock(run, 2)
    return Layout(run, most_rounds=4)


@pytest.fixture
def campaign(files: Layout) -> Campaign:
    rounds = Rounds(receptor="wt", objective="docking", number=2)
    return conclude(files, rounds, 1, ["wt"], files.results / "predictions.parquet")


def test_what_no_round_docked_is_predicted(files: Layout, campaign: Campaign) -> None:
    table = pq.read_table(files.results / "predictions.parquet").to_pylist()
    assert len(table) == campaign.predicted == 30 - campaign.docked == 12
    taken = {key for n in (1, 2) for key in _keys(files, n)}
    assert not taken & {row["inchikey"] for row in table}
    for row in table:
        low, high = row["predicted_low_kcal_mol"], row["predicted_high_kcal_mol"]
        assert low <= high
        # the made-up score is the length of the SMILES, 3 to 19 characters
        assert -25 < row["predicted_kcal_mol"] < 5


def _keys(files: Layout, number: int) -> list[str]:
    return pq.read_table(files.file("choose", "batch", str(number)))["inchikey"].to_pylist()


def test_each_round_says_what_it_added(files: Layout, campaign: Campaign) -> None:
    first, second = campaign.rounds
    assert (first.chosen, first.drawn) == (0, 12)
    assert (second.chosen, second.drawn) == (5, 1)
    assert first.best_kcal_mol is not None
    assert second.best_kcal_mol is not None
    assert second.best_kcal_mol <= first.best_kcal_mol
    assert campaign.best == 1
    assert campaign.ended == "The campaign ended because 2 rounds were asked for (rounds.number)."
    write_rounds(campaign, files.results / "rounds.csv")
    lines = (files.results / "rounds.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == ["round", "1", "2"]


def test_too_few_molecules_give_no_verdict(campaign: Campaign) -> None:
    assert campaign.helps == "unknown"
    assert "not known" in campaign.verdict


def test_the_learning_curve_tells_its_numbers(campaign: Campaign) -> None:
    with style():
        plot = learning_curve(campaign)
    assert [row[1] for row in plot.rows] == [12, 18]
    assert plot.alt.startswith("2 rounds, 18 molecules docked: the mean of the best 1 goes from")


def test_jobs_of_a_round_are_told_from_those_of_another(files: Layout) -> None:
    found = jobs_of_round(files, ["wt"], "2")
    shards = {f"2/{name}" for name in files.shards_of_round("choose", "2")}
    assert found["choose"] == {"2"}
    assert found["select_batch"] == {"wt/2"}
    assert found["prepare_ligands"] == shards
    assert found["dock"] == {f"wt/{shard}" for shard in shards}
    assert "split" not in found


def test_without_ligands_there_is_no_round(run: Path) -> None:
    for path in (*run.glob("ligands/shards/*"), *run.glob("rounds/features/*")):
        path.unlink()
    assert make(run, 1).stop == "the library is empty"
    rounds = Rounds(receptor="wt", objective="docking", number=2)
    files = Layout(run, most_rounds=2)
    found = conclude(files, rounds, 1, ["wt"], run / "predictions.parquet")
    assert (found.rounds, found.docked, found.predicted) == ([], 0, 0)
    assert found.ended == "The campaign ended because the library is empty."
