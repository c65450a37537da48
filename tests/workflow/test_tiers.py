"""Docking in tiers: who advances, whose poses count, and what a change docks again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from screenmm.files.sdf import split_records
from screenmm.run.layout import Layout

from .chaos import at_work_in, descendants, wait_for_orphans
from .conftest import FRAGMENTS, STABLE, Screen, jobs_in, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(7)]

FAST = {"effort": "fast"}
NAMES = ("indole", "phenol", "benzamide")


def best_scores(screen: Screen) -> dict[str, float]:
    """Best docking score of each ligand in the first tier."""
    files = Layout(screen.results).pose_tables("tyk2")
    found: dict[str, float] = {}
    for row in (row for path in files for row in pq.read_table(path).to_pylist()):
        key, score = row["inchikey"], row["dock_score_kcal_mol"]
        found[key] = min(score, found.get(key, score))
    return found


def advanced(screen: Screen) -> set[str]:
    """Ligands that the second tier docked."""
    files = Layout(screen.results, 2).pose_tables("tyk2", 2)
    return {key for path in files for key in pq.read_table(path)["inchikey"].to_pylist()}


def test_the_best_ligands_are_docked_again_and_their_last_poses_count(tiered: Screen) -> None:
    screen, ran = tiered, jobs_in(tiered.output)
    assert (ran["dock"], ran["advance"], ran["dock_again"], ran["select"]) == (3, 1, 1, 1)

    scores = best_scores(screen)
    (first,) = advanced(screen)
    assert first == min(scores, key=scores.__getitem__)
    ranking = {row["inchikey"]: row for row in rows(screen.results / "ranking.csv")}
    assert len(ranking) == 3
    for key, row in ranking.items():
        told = ("2", "standard") if key == first else ("1", "fast")
        assert (row["tier"], row["effort"], row["engine"]) == (*told, "rustina")
    # the two that are scored: the one that advanced, then the best of those left behind
    second = min(scores.keys() - {first}, key=scores.__getitem__)
    scored = {key for key, row in ranking.items() if row["dg_mmgbsa_kcal_mol"]}
    assert scored == {first, second}
    (last,) = ranking.keys() - scored
    messages = {row["inchikey"]: row["message"] for row in rows(screen.results / "ledger.csv")}
    assert messages[last] == "rank 3 by docking (pose of tier 1, fast)"
    assert messages[first].endswith("by MM/GBSA (pose of tier 2, standard)")

    # the pose that was scored is the second tier's, also where both tiers have one of its title
    table = pq.read_table(Layout(screen.results, 2).pose_tables("tyk2", 2)[0]).to_pylist()
    hit = ranking[first]
    (docked,) = [
        row for row in table if (row["state"], str(row["pose"])) == (hit["state"], hit["pose"])
    ]
    assert float(hit["dock_score_kcal_mol"]) == pytest.approx(
        docked["dock_score_kcal_mol"], abs=1e-4
    )
    with duckdb.connect(str(screen.results / "screen.duckdb"), read_only=True) as con:
        tiers = con.execute("SELECT DISTINCT inchikey, tier, effort FROM poses").fetchall()
        earlier = con.execute("SELECT DISTINCT inchikey, tier FROM earlier_poses").fetchall()
    assert set(tiers) == {(key, 2 if key == first else 1,
                           "standard" if key == first else "fast") for key in scores}  # fmt: skip
    assert earlier == [(first, 1)]

    # a ligand of the second tier is computed again with the same result
    done = subprocess.run(
        ["screenmm", "replay", "--config", "config.yaml", "--json", first],
        cwd=screen.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    steps = {step["step"]: step["verdict"] for step in json.loads(done.stdout)["steps"]}
    assert steps["dock"] == steps["select"] == "identical"


def test_killed_in_the_second_tier_and_resumed_on_one_core_it_has_the_same_bytes(
    tiered: Screen, configured_in_tiers: Screen
) -> None:
    screen = configured_in_tiers
    poses = screen.results / "tiers/tyk2/2/poses"
    process = screen.start(1)
    wait_until(lambda: docking_again(screen.folder), process)
    for pid in (process.pid, *at_work_in(screen.folder)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.communicate()
    assert list(Layout(screen.results).poses("tyk2"))
    assert not list(poses.glob("*.sdf.gz"))
    wait_for_orphans(screen.folder)
    screen.run(1, "--unlock")
    ran = screen.run(1)
    assert (ran["dock"], ran["advance"], ran["dock_again"]) == (0, 0, 1)
    assert screen.bytes_of(*STABLE) == tiered.bytes_of(*STABLE)


def docking_again(folder: Path) -> bool:
    """Whether a worker docks in the second tier."""
    stages = (pid for pid in at_work_in(folder) if b"/2/shards/" in command_line(pid))
    return any(descendants(pid) for pid in stages)


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def wait_until(true: Callable[[], bool], process: subprocess.Popen, limit_s: float = 240) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < end
        time.sleep(0.05)


SELECTED = "results/selected/tyk2/select.events.parquet"


def test_a_changed_tier_docks_the_first_no_second_time(screen: Screen) -> None:
    screen.write_library({name: FRAGMENTS[name] for name in NAMES})
    screen.config["library"]["shard_size"] = 1
    screen.config["docking"] = {"poses": 1, "tiers": [FAST, {"effort": "standard", "top": 1}]}
    ran = screen.run(2, SELECTED)
    assert (ran["dock"], ran["advance"], ran["dock_again"], ran["select"]) == (3, 1, 1, 1)
    (first,) = advanced(screen)

    screen.config["docking"]["tiers"][1]["effort"] = "thorough"
    ran = screen.run(2, SELECTED)
    assert (ran["dock"], ran["advance"], ran["dock_again"], ran["select"]) == (0, 0, 1, 1)

    # half of three are two
    screen.config["docking"]["tiers"][1]["top"] = "50 %"
    ran = screen.run(2, SELECTED)
    assert (ran["dock"], ran["advance"], ran["select"]) == (0, 1, 1)
    assert first in advanced(screen)
    assert len(advanced(screen)) == 2

    # without tiers the first one is there, and what the second left does not count
    screen.config["docking"] = {"poses": 1, "effort": "fast"}
    ran = screen.run(2, SELECTED)
    assert ran["advance"] == ran["dock_again"] == 0


def test_states_of_the_first_tier_are_one_and_of_the_last_all(screen: Screen) -> None:
    screen.write_library({"chiral": "CC(N)c1ccccc1"})
    del screen.config["ligands"]
    screen.config["docking"] = {"poses": 1, "tiers": [FAST, {"effort": "standard", "top": 1}]}
    screen.run(2, SELECTED)
    files = Layout(screen.results, 2)
    states = [len(list(split_records(path))) for path in files.files("prepare_ligands", "states")]
    assert states == [2]
    assert [pq.read_table(path).num_rows for path in files.pose_tables("tyk2")] == [1]
    assert [pq.read_table(path).num_rows for path in files.pose_tables("tyk2", 2)] == [2]
