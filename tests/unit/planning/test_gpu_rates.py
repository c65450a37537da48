"""What a GPU machine measured, as tables, as a section of the README, and as rates of a plan."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from screenmm.config.settings import Docking, Settings
from screenmm.planning.rates import on_gpu, packaged_rates

from ...gpu_scripts import GPU, python, rows_of

RATES = packaged_rates(Docking(), "standard")


def write(path: Path, rows: list[dict[str, object]]) -> None:
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def scored(pose: str, dg: float, cpu: float, **more: object) -> dict[str, object]:
    return {
        "platform": "CUDA", "precision": "mixed", "pack_size": 64, "run": 1, "set": "tyk2",
        "pose": pose, "dg_kcal_mol": dg, "iterations": 50, "end": "converged", "error": "",
        "cpu_dg_kcal_mol": cpu, "cpu_iterations": 40, "cpu_end": "converged", "cpu_error": "",
        "delta_kcal_mol": dg - cpu, "cpu_nudged_delta_kcal_mol": 0.01, "same_bits": "", **more,
    }  # fmt: skip


@pytest.fixture
def came_back(tmp_path: Path) -> Path:
    """What a machine with a card would send: three poses of which one differs and one failed."""
    folder = tmp_path / "came_back"
    folder.mkdir()
    poses = [
        scored("a", -40.0, -40.01),
        scored("b", -35.0, -35.5),
        scored("c", -30.0, -30.0),
        scored("d", 0.0, -29.0, dg_kcal_mol="", iterations="", end="", error="not_finite: x",
               delta_kcal_mol=""),
        scored("a", -40.0, -40.01, run=2, same_bits="yes"),
    ]  # fmt: skip
    write(folder / "poses.csv", poses)
    speed = {"part": "speed", "platform": "CUDA", "precision": "mixed", "pack_size": 64,
             "workers": 1, "pass": "first", "poses_per_s": 80.0,
             "cpu_s_per_pose": 0.02}  # fmt: skip
    write(folder / "speed.csv", [speed, speed | {"pass": "again", "poses_per_s": 160.0}])
    docking = {"how": "one by one, GPU", "profile": "balanced", "ligands_per_s": 4.0,
               "cpu_s_per_ligand": 0.3}  # fmt: skip
    write(folder / "docking.csv", [docking, docking | {"profile": "deep", "ligands_per_s": 1.0}])
    machine = {"cards": ["Test Card, 580.1, 80 GiB"], "cpu": "a CPU", "cores": 16, "versions": {}}
    parts = [{"part": "opencl", "status": "crashed", "seconds": 1.0, "reason": "SIGSEGV"}]
    run = {"small": False, "machine": machine, "kit": {"commit": "abc"}, "parts": parts}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "benchmarks").mkdir(parents=True)
    (folder / "workflow/screenmm/planning").mkdir(parents=True)
    (folder / "benchmarks/README.md").write_text("# Benchmarks\n")
    return folder


def test_what_came_back_becomes_tables_a_section_and_rates(
    root: Path, came_back: Path, repository: Path, settings: Settings
) -> None:
    command = [GPU / "collect.py", came_back, "--root", repository]
    for _ in range(2):  # collected again, nothing is there twice
        done = python(root, *command)
        assert done.returncode == 0, done.stderr
    results = repository / "benchmarks/results"
    assert len(rows_of(results / "gpu_speed.csv")) == 2
    (agreed,) = rows_of(results / "gpu_agreement.csv")
    found = {name: agreed[name] for name in ("card", "poses", "scored_by_both", "within_0.1",
             "error_on_one_side", "largest_delta_kcal_mol", "same_bits")}  # fmt: skip
    assert found == {
        "card": "Test Card", "poses": "4", "scored_by_both": "3", "within_0.1": "2",
        "error_on_one_side": "1", "largest_delta_kcal_mol": "0.5", "same_bits": "1 of 1",
    }  # fmt: skip
    readme = (repository / "benchmarks/README.md").read_text()
    assert readme.startswith("# Benchmarks\n")
    assert readme.count("### Test Card") == 1
    assert "- opencl: crashed. SIGSEGV" in readme
    rates = on_gpu(
        packaged_rates(Docking(), "standard"),
        settings,
        repository / "workflow/screenmm/planning/gpu_rates.json",
    )
    assert rates.stages["score"].gpu_s == pytest.approx(1 / 80)
    assert rates.stages["score"].cpu_s == 0.02
    assert rates.stages["dock"].gpu_s == pytest.approx(1 / 4)
    assert rates.source.endswith("on Test Card")


def test_a_run_in_the_small_is_no_measurement_of_a_gpu(
    root: Path, came_back: Path, repository: Path
) -> None:
    run = json.loads((came_back / "run.json").read_text())
    (came_back / "run.json").write_text(json.dumps(run | {"small": True}))
    done = python(root, GPU / "collect.py", came_back, "--root", repository)
    assert done.returncode == 1
    assert "this run measured no GPU" in done.stderr
    assert not (repository / "benchmarks/results").exists()


def changed(settings: Settings, section: str, **values: object) -> Settings:
    mine = getattr(settings, section).model_copy(update=values)
    return settings.model_copy(update={section: mine})


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "gpu_rates.json"
    rates = {"gpu_s": 0.01, "cpu_s": 0.03}
    path.write_text(json.dumps({"card": "Card", "minimisation": rates, "docked state": rates}))
    return path


def test_a_stage_that_stays_on_the_cpu_keeps_its_rate(settings: Settings, card: Path) -> None:
    scoring = on_gpu(RATES, changed(settings, "docking", device="cpu"), card)
    assert {stage for stage, rate in scoring.stages.items() if rate.gpu_s} == {"score", "rescore"}
    docking = on_gpu(RATES, changed(settings, "scoring", platform="CPU"), card)
    assert {stage for stage, rate in docking.stages.items() if rate.gpu_s} == {"dock", "redock"}
    given = changed(changed(settings, "docking", engine="given"), "scoring", platform="CPU")
    assert on_gpu(RATES, given, card) is RATES


def test_a_costlier_protocol_is_in_proportion(settings: Settings, card: Path) -> None:
    rates = on_gpu(RATES, changed(settings, "scoring", protocol="accurate"), card)
    # 2.3 and 1.3 CPU seconds of accurate and standard, as measured on a CPU
    assert rates.stages["score"].gpu_s == pytest.approx(0.01 * 2.3 / 1.3)
    assert rates.stages["score"].start_s == RATES.stages["score"].start_s


def test_without_a_measured_card_the_rates_are_the_cpus(settings: Settings, tmp_path: Path) -> None:
    assert on_gpu(RATES, settings, tmp_path / "absent.json") is RATES
