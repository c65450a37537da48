from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import duckdb
import pytest

from screenmm.config.settings import PROTOCOLS, Docking, DockingEffort
from screenmm.core.errors import UserError
from screenmm.metrics.model import write_metrics
from screenmm.planning.rates import measured_rates, packaged_rates, units
from tests.unit.made_up import counts, metrics, receptor_counts, rule_used


def write_run(results: Path, gpu_s: float = 0.0) -> Path:
    """What a finished run of 10 records, 20 states in 2 receptors, leaves of its costs."""
    (results / "poses").mkdir(parents=True)
    (results / "poses/b.sdf.gz").write_bytes(b"x" * 8000)
    with duckdb.connect(str(results / "screen.duckdb")) as con:
        con.execute(
            "CREATE TABLE poses AS SELECT 'r' || (i % 2) AS receptor, 's' || (i // 4) AS state, "
            "i % 4 // 2 AS pose, 'vina' AS engine FROM range(80) t(i)"
        )
        con.execute(
            "CREATE TABLE scores AS SELECT 'r' || (i % 2) AS receptor, 'k' || i // 4 AS inchikey, "
            "[1.0, 2.0] AS replicas_kcal_mol FROM range(5) t(i)"
        )
    each = receptor_counts(poses_scored=5)
    made = metrics(
        counts=counts(records=10, states_docked=20, by_receptor={"r0": each, "r1": each}),
        timings={
            "standardise": rule_used(cpu_s=1.0),
            "dock": rule_used(cpu_s=80.0),
            "score": rule_used(cpu_s=30.0, gpu_s=gpu_s),
            "inspect": rule_used(cpu_s=6.0),
        },
    )
    write_metrics(made, results / "metrics.json")
    return results


def test_rates_are_costs_over_counts(tmp_path: Path) -> None:
    rates = measured_rates(write_run(tmp_path / "run", gpu_s=60.0), "vina")
    assert rates.stages["standardise"].cpu_s == pytest.approx(0.1)
    assert rates.stages["dock"].cpu_s == pytest.approx(80 / 40)
    assert rates.stages["score"].cpu_s == pytest.approx(30 / 15)
    assert rates.stages["score"].gpu_s == pytest.approx(60 / 15)
    assert rates.stages["inspect"].cpu_s == pytest.approx(6 / 3)
    assert rates.bytes_per["poses"] == pytest.approx(100)


def test_rates_of_no_run_or_another_engine_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no finished run, metrics\.json is missing"):
        measured_rates(tmp_path, "vina")
    with pytest.raises(UserError, match="docked with vina, the config asks for rustina"):
        measured_rates(write_run(tmp_path / "run"), "rustina")


def test_a_run_without_times_is_refused(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run")
    metrics = json.loads((run / "metrics.json").read_text())
    del metrics["timings"]["dock"]
    (run / "metrics.json").write_text(json.dumps(metrics))
    with pytest.raises(UserError, match="nothing is known of the time of dock"):
        measured_rates(run, "vina")


@pytest.mark.parametrize("protocol", sorted(PROTOCOLS))
@pytest.mark.parametrize("engine", ["rustina", "vina", "given"])
def test_every_engine_and_protocol_has_rates_of_every_stage(engine: str, protocol: str) -> None:
    rates = packaged_rates(Docking(engine=engine), protocol)
    assert set(rates.stages) == set(units())
    assert not any(rate.gpu_s for rate in rates.stages.values())


def test_vina_costs_by_its_search_runs() -> None:
    one, eight = (
        packaged_rates(Docking(engine="vina", exhaustiveness=runs, cnn=False), "standard").stages[
            "dock"
        ]
        for runs in (1, 8)
    )
    assert eight.cpu_s == pytest.approx(8 * one.cpu_s)


@pytest.mark.parametrize(("engine", "asked"), [("rustina", 0), ("vina", 4), ("given", 1)])
def test_the_cnn_costs_by_the_poses_that_it_is_asked_about(engine: str, asked: int) -> None:
    with_cnn, without = (
        packaged_rates(Docking(engine=engine, poses=4, cnn=cnn), "standard").stages
        for cnn in (True, False)
    )
    more = {name: with_cnn[name].cpu_s - without[name].cpu_s for name in ("dock", "inspect")}
    assert more == pytest.approx({"dock": 0.06 * asked, "inspect": 0.07})


@pytest.mark.parametrize("engine", ["rustina", "vina"])
def test_a_state_costs_by_the_effort(engine: str) -> None:
    fast, standard, thorough = (
        packaged_rates(Docking(engine=engine, effort=effort), "standard").stages["dock"].cpu_s
        for effort in get_args(DockingEffort)
    )
    assert 2 * fast < standard < thorough / 2
