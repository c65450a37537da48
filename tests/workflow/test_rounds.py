"""Docking in rounds: what is docked, what is only predicted, and what a change computes again."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter

import duckdb
import pyarrow.parquet as pq
import pytest

from .chaos import run_with_kills
from .conftest import FRAGMENTS, LIBRARY, OF_CAMPAIGN, RANKED, Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(10)]


def batch(screen: Screen, number: int) -> dict[str, str]:
    """Molecules of a round, and how they came into it."""
    table = pq.read_table(screen.results / f"rounds/{number}/batch.parquet")
    return dict(zip(*(table[name].to_pylist() for name in ("inchikey", "drawn")), strict=True))


def test_a_campaign_docks_its_batches_and_predicts_the_rest(campaigned: Screen) -> None:
    campaign = campaigned
    ran = Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", campaign.output))
    assert (ran["choose"], ran["dock"], ran["select_batch"], ran["conclude"]) == (2, 2, 2, 1)
    first, second = batch(campaign, 1), batch(campaign, 2)
    assert set(first.values()) == {"random"}
    assert Counter(second.values()) == {
        "acquired": 3, "audit": 1, "neighbour": 1, "learned": 1, "blind": 1,
    }  # fmt: skip
    assert not first.keys() & second.keys()

    # every record has a fate, and what was not docked is in no ranking
    ledger = rows(campaign.results / "ledger.csv")
    of_library = [row for row in ledger if row["file"] == "library.smi"]
    assert Counter(row["status"] for row in of_library) == {
        "ranked": 9, "predicted": 3, "duplicate": 1, "failed": 1,
    }  # fmt: skip
    ranking = {row["inchikey"] for row in rows(campaign.results / "ranking.csv")}
    assert ranking == first.keys() | second.keys()
    told = [row for row in ledger if row["status"] == "predicted"]
    assert not {row["inchikey"] for row in told} & ranking
    assert all("no round docked it; predicted" in row["message"] for row in told)
    with duckdb.connect(str(campaign.results / "screen.duckdb"), read_only=True) as con:
        query = "SELECT inchikey, predicted_kcal_mol FROM predictions"
        predicted = dict(con.execute(query).fetchall())
        batches = con.execute("SELECT inchikey FROM batches").fetchall()
    assert predicted.keys() == {row["inchikey"] for row in told}
    assert {key for (key,) in batches} == ranking
    done = rows(campaign.results / "rounds.csv")
    assert [(row["round"], row["chosen"], row["drawn"]) for row in done] == [
        ("1", "0", "4"), ("2", "4", "1"),
    ]  # fmt: skip
    assert all(float(row["cpu_h"]) > 0 for row in done)
    metrics = json.loads((campaign.results / "metrics.json").read_text())
    assert metrics["counts"]["by_receptor"]["tyk2"]["predicted"] == len(told)
    assert metrics["rounds"]["docked"] == 9
    page = (campaign.results / "report.html").read_text()
    assert '<section id="rounds"' in page
    assert metrics["rounds"]["verdict"] in page
    campaign.run(2, "--dry-run")
    assert "Nothing to be done" in campaign.output

    # a ligand of a round is computed again with the same result; one of none is not
    one = min(key for key, drawn in second.items() if drawn == "acquired")
    none = min(row["inchikey"] for row in told if row["file"] == "library.smi")
    replay = ["screenmm", "replay", "--config", "config.yaml", "--json"]
    done = subprocess.run(
        [*replay, one], cwd=campaign.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {step["step"]: step["verdict"] for step in json.loads(done.stdout)["steps"]}
    assert steps["dock"] == steps["select"] == steps["prepare_ligands"] == "identical"
    done = subprocess.run(
        [*replay, none], cwd=campaign.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "no round docked it" in done.stderr
    done = subprocess.run(
        [*replay, "genetic-2-1"], cwd=campaign.folder, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "genetic-2-1 was proposed in this run" in done.stderr


def test_proposals_have_their_lineage_and_a_verdict(campaigned: Screen) -> None:
    ledger = rows(campaigned.results / "ledger.csv")
    records = [row for row in ledger if row["file"].startswith("round 2: ")]
    assert len(records) == 16
    ranked = [row for row in rows(campaigned.results / "ranking.csv") if row["proposed_by"]]
    assert {row["proposed_by"] for row in ranked} == {"learned", "blind"}
    library = {row["inchikey"] for row in ledger if row["file"] == "library.smi"}
    for row in ranked:
        assert row["inchikey"] not in library
        assert set(row["parents"].split()) <= library
        assert (row["proposer"], row["proposed_in"]) in {("fragments", "2"), ("genetic", "2")}
        assert 1 <= float(row["sa_score"]) <= 10
    assert "> <proposer>" in (campaigned.results / "hits.sdf").read_text() or not any(
        row["dg_mmgbsa_kcal_mol"] for row in ranked
    )
    generation = json.loads((campaigned.results / "metrics.json").read_text())["generation"]
    assert [arm["docked"] for arm in generation["arms"]] == [1, 1, 1]
    page = (campaigned.results / "report.html").read_text()
    assert '<section id="generation"' in page
    assert generation["comparisons"][0]["text"] in page


def test_a_further_round_and_a_grown_library_leave_the_rounds_before(campaign: Screen) -> None:
    campaign.write_library(LIBRARY)
    campaign.config["rounds"]["number"] = 1
    del campaign.config["variants"]
    ran = campaign.run(2, RANKED)
    assert (ran["choose"], ran["dock"], ran["describe"]) == (1, 1, 1)
    first = batch(campaign, 1)

    campaign.write_library(LIBRARY | {"furan": "c1ccoc1"})
    ran = campaign.run(2, RANKED)
    assert (ran["choose"], ran["dock"], ran["conclude"]) == (0, 0, 1)
    assert batch(campaign, 1) == first
    fates = Counter(row["status"] for row in rows(campaign.results / "ledger.csv"))
    assert fates == {"ranked": 4, "predicted": 9}

    # a round more chooses from what came with it, too
    campaign.write_library(LIBRARY | {"furan": "c1ccoc1", "pyrrole": "c1cc[nH]c1"})
    campaign.config["rounds"]["number"] = 2
    ran = campaign.run(2, RANKED)
    assert (ran["choose"], ran["dock"], ran["score"], ran["manifest_of_round"]) == (1, 1, 1, 1)
    assert batch(campaign, 1) == first
    decision = json.loads((campaign.results / "rounds/2/decision.json").read_text())
    assert decision["measures"]["library"] == 14
    assert not campaign.run(2, RANKED)


def test_a_campaign_that_docked_all_goes_on_when_the_library_grows(campaign: Screen) -> None:
    campaign.write_library(FRAGMENTS)
    del campaign.config["generate"], campaign.config["variants"]
    campaign.config["rounds"] |= {"number": 2, "batch": 6}
    campaign.run(2, RANKED)
    done = (campaign.results / "rounds/campaign.json").read_text()
    assert "all 6 molecules of the library were docked" in done

    campaign.write_library(FRAGMENTS | {"furan": "c1ccoc1"})
    campaign.run(2, RANKED)
    assert len(batch(campaign, 2)) == 1
    fates = Counter(row["status"] for row in rows(campaign.results / "ledger.csv"))
    assert fates == {"ranked": 7}


def test_kills_in_the_middle_of_rounds_and_one_core_change_no_byte(
    campaigned: Screen, campaign: Screen
) -> None:
    campaign.write_config()
    kills = run_with_kills(campaign.folder, 3, 3, ("--cores", "1"), longest_wait_s=25.0)
    assert len(kills) == 3
    assert campaign.bytes_of(*OF_CAMPAIGN) == campaigned.bytes_of(*OF_CAMPAIGN)
