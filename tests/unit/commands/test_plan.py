from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from screenmm.cli import main
from screenmm.demo import write_demo


def write_config(folder: Path) -> Path:
    write_demo(folder)
    config = {
        "name": "demo",
        "results": str(folder / "results"),
        "library": {"files": ["binders.csv", "drugs.csv"]},
        "receptors": {"tyk2": {"structure": "receptor.pdb"}},
        "pocket": {"ligand": "crystal_ligand.sdf"},
        "ligands": {"max_states": 1},
        "scoring": {"top": 30, "poses": 2},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return path


def test_the_plan_of_the_demo_is_what_its_run_makes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan", str(write_config(tmp_path)), "--cores", "2", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    # a run of the demo: 40 ligands, one job of each of eighteen rules, 60 poses scored
    assert (plan["records"], plan["ligands"], plan["states"]) == (40, 40, 40)
    assert plan["is_exact"]
    assert plan["jobs"] == 18
    assert plan["stages"]["score"]["units"] == 60 * 2
    assert plan["stages"]["inspect"]["units"] == 30


def test_the_plan_is_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", str(write_config(tmp_path))]) == 0
    text = capsys.readouterr().out
    assert "40 records, 40 ligands" in text
    assert "in all" in text
    assert not list(tmp_path.glob("results"))


def test_wrong_numbers_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = str(write_config(tmp_path))
    assert main(["plan", config, "--cores", "0"]) == 1
    assert main(["plan", config, "--gpus", "1"]) == 1
    errors = capsys.readouterr().err
    assert "--cores 0" in errors
    assert "give --rates RESULTS" in errors
