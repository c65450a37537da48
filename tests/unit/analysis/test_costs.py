"""Time, GPU, energy and money of a run, from what its jobs noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.analysis.costs import account, per_item, versions_used
from screenmm.config.settings import Costs


def job(status: str = "done", **values: object) -> dict:
    used = {"wall_s": 10.0, "cpu_s": 18.0, "core_s": 20.0, "gpu_s": 0.0, "max_rss_mb": 300.0}
    return used | {"status": status, "energy_j": None, "versions": {"openmm": "8.6"}} | values


USAGE = {
    "score": {
        "wt/b0": [job("interrupted", cpu_s=4.0), job(gpu_s=9.0)],
        "wt/b1": [job(wall_s=30.0, versions={"openmm": "8.5"})],
        "wt/b00": [job(cpu_s=100.0)],  # a shard of an earlier library
    },
    "split": {"": [job(cpu_s=1.0), job(cpu_s=2.0)]},
    "dock": {"wt/b0": [job("failed", cpu_s=7.0)]},
}
TARGETS = {"split": {""}, "dock": {"wt/b0"}, "score": {"wt/b0", "wt/b1"}}


def test_only_jobs_that_made_the_results_count() -> None:
    found = account(USAGE, TARGETS, Costs())
    assert list(found.by_rule) == ["split", "score"]
    assert found.by_rule["split"].cpu_s == 2.0
    score = found.by_rule["score"]
    assert (score.jobs, score.wall_s, score.longest_s) == (2, 40.0, 30.0)
    assert found.total.cpu_s == 38.0
    assert found.total.gpu_s == 9.0
    # interrupted, of an earlier library, replaced, failed
    assert found.replaced.jobs == 4
    assert found.replaced.cpu_s == 4.0 + 100.0 + 1.0 + 7.0


def test_energy_comes_from_counters_or_from_time() -> None:
    usage = {"dock": {"": [job(cpu_s=3600.0, gpu_s=3600.0)]}}
    rates = Costs(watts_per_core=5.0, watts_per_gpu=245.0, power_usage_effectiveness=1.2)
    found = account(usage, {"dock": {""}}, rates)
    assert found.total.energy_kwh == pytest.approx(0.25 * 1.2)
    assert found.energy_source == "estimated from CPU and GPU time"
    usage["dock"][""][0]["energy_j"] = 7.2e6
    found = account(usage, {"dock": {""}}, rates)
    assert found.total.energy_kwh == pytest.approx((2.0 + 0.245) * 1.2)
    assert "counters" in found.energy_source


def test_money_is_asked_for_what_is_held_and_only_where_there_is_a_price() -> None:
    usage = {"score": {"": [job(core_s=7200.0, gpu_s=1800.0)]}}
    assert account(usage, {"score": {""}}, Costs()).total.price is None
    rates = Costs(per_core_hour=0.05, per_gpu_hour=2.0, currency="EUR")
    found = account(usage, {"score": {""}}, rates)
    assert found.total.price == pytest.approx(2 * 0.05 + 0.5 * 2.0)
    assert found.currency == "EUR"
    each = per_item(found.total, {"ligand": 10, "hit": 0})
    assert each["ligand"].price == pytest.approx(0.11)
    assert "hit" not in each


def test_memory_is_that_of_all_processes_where_snakemake_saw_it(tmp_path: Path) -> None:
    (tmp_path / "score/wt").mkdir(parents=True)
    (tmp_path / "score/wt/b0.tsv").write_text("s\tmax_rss\n10\t1234.5\n")
    (tmp_path / "split.tsv").write_text("s\tmax_rss\n0.3\tNA\n")
    found = account(USAGE, TARGETS, Costs(), tmp_path).by_rule
    assert found["score"].max_rss_mb == 1234.5
    assert found["split"].max_rss_mb == 300.0


def test_versions_of_all_stages_are_told() -> None:
    assert versions_used(USAGE, TARGETS) == {"openmm": "8.5, 8.6"}


def test_a_run_without_notes_costs_nothing_known() -> None:
    found = account({}, TARGETS, Costs())
    assert found.by_rule == {}
    assert found.total.jobs == 0
