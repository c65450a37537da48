from __future__ import annotations

import csv
import io

import pytest

from screenmm.audit.attempts import Attempt, all_attempts, as_csv, host_numbers, stage_runs

TARGETS = {"dock": {"wt/b0", "wt/b1"}, "report": {""}}


def line(status: str = "done", **changes: object) -> dict:
    return {
        "status": status,
        "error": "" if status == "done" else f"UserError: no file {'/home/mallory/x'}",
        "started": "2026-01-01T10:00:00.000+00:00",
        "ended": "2026-01-01T10:00:02.000+00:00",
        "wall_s": 2.0,
        "cpu_s": 1.5,
        "energy_j": None,
        "devices": [],
        "host": {"name": "mallorys-laptop", "cpu": "x", "cores": 2, "os": "Linux"},
        "python": "3.11.7",
        "command": ["screenmm", "dock", "/home/mallory/x"],
        **changes,
    }


def test_the_last_success_made_the_outputs() -> None:
    usage = {"dock": {"wt/b0": [line("failed"), line(), line(wall_s=5.0), line("interrupted")]}}
    found = all_attempts(usage, TARGETS)
    assert [each.made_present_output for each in found] == [False, False, True, False]
    dock, _ = stage_runs(found, TARGETS)
    assert (dock.jobs, len(dock.made_by), dock.unfinished) == (2, 1, 1)
    assert dock.total("wall_s") == 5.0


def test_a_shard_that_is_gone_made_nothing() -> None:
    found = all_attempts({"dock": {"wt/b0": [line()], "wt/b111": [line()]}}, TARGETS)
    assert {each.target: each.made_present_output for each in found} == {
        "wt/b0": True,
        "wt/b111": False,
    }
    assert len(stage_runs(found, TARGETS)[0].made_by) == 1


def test_totals_and_span() -> None:
    later = {"started": "2026-01-01T11:00:00.000+00:00", "ended": "2026-01-01T11:00:01.000+00:00"}
    usage = {"dock": {"wt/b0": [line(energy_j=3.0)], "wt/b1": [line(cpu_s=0.25, **later)]}}
    dock, report = stage_runs(all_attempts(usage, TARGETS), TARGETS)
    assert dock.total("cpu_s") == 1.75
    assert dock.largest("wall_s") == 2.0
    assert dock.total("energy_j") == 3.0
    assert (dock.started, dock.ended) == ("2026-01-01T10:00:00.000+00:00", later["ended"])
    assert (report.started, report.total("cpu_s")) == (None, None)


def test_the_table_has_every_attempt_and_no_paths_or_names() -> None:
    usage = {"dock": {"wt/b0": [line("failed"), line()]}}
    attempts = all_attempts(usage, TARGETS)
    text = as_csv(attempts, host_numbers(attempts))
    assert "mallory" not in text
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["status"] for row in rows] == ["failed", "done"]
    assert [row["error_type"] for row in rows] == ["UserError", ""]
    assert [row["made_present_output"] for row in rows] == ["0", "1"]
    assert {row["host"] for row in rows} == {"1"}


@pytest.mark.parametrize("cores", [2, 4])
def test_machines_are_told_apart_by_all_that_is_known(cores: int) -> None:
    other = {"name": "mallorys-laptop", "cpu": "x", "cores": cores, "os": "Linux"}
    attempts = [
        Attempt("dock", "b0", 1, True, line()),
        Attempt("dock", "b1", 1, True, line(host=other)),
    ]
    assert sorted(host_numbers(attempts).values()) == ([1] if cores == 2 else [1, 2])
