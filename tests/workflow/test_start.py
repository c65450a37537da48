"""What a run refuses before its first job, and what it finds its files and commands by."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import ROOT, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(1)]


def test_a_folder_of_the_users_is_left_as_it_was(screen: Screen, tmp_path: Path) -> None:
    project = tmp_path / "project"
    mine = {"figures/mine.txt": "mine", "ledger.csv": "my ledger"}
    for name, text in mine.items():
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text(text)
    screen.config["results"] = str(project)
    assert not screen.run(1, check=False)
    assert f"the results folder {project} holds figures, ledger.csv, and no" in screen.output
    assert "Traceback" not in screen.output
    found = {
        str(path.relative_to(project)): path.read_text()
        for path in project.rglob("*")
        if path.is_file()
    }
    assert found == mine


def test_a_key_given_twice_in_any_config_file_is_refused(screen: Screen) -> None:
    (screen.folder / "more.yaml").write_text("seed: 1\nseed: 2\n")
    assert not screen.run(1, "-n", "--configfile", "more.yaml", "config.yaml", check=False)
    assert "more.yaml is not YAML: key 'seed' is given twice" in screen.output


def test_the_home_folder_has_a_short_name(screen: Screen, tmp_path: Path) -> None:
    screen.environment = {"HOME": str(tmp_path / "home")}
    screen.config["results"] = "~/screens/one"
    screen.run(1, "-n")
    assert f"{tmp_path}/home/screens/one/ranking.csv" in screen.output
    assert not (screen.folder / "~").exists()


def test_a_job_finds_the_command_without_the_environment_on_the_path(configured: Screen) -> None:
    beside = Path(sys.executable).parent
    bare = os.pathsep.join(
        each
        for each in os.environ["PATH"].split(os.pathsep)
        if not shutil.which("screenmm", path=each)
    )
    done = subprocess.run(
        [str(beside / "snakemake"), "results/library/sources.parquet", "--snakefile",
         str(ROOT / "Snakefile"), "--cores", "1", "--configfile", "config.yaml"],
        cwd=configured.folder, env=os.environ | {"PATH": bare},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert (configured.results / "library/sources.parquet").is_file()


def test_a_library_with_braces_in_its_path_is_read_again_when_it_changes(screen: Screen) -> None:
    folder = screen.folder / "a {b}"
    folder.mkdir()
    library = folder / "lib.smi"
    library.write_text("NC(=O)c1cccnc1 a\n")
    screen.config["library"] = {"files": ["a {b}/lib.smi"], "label_column": None}
    target = "results/library/sources.parquet"
    assert screen.run(1, target)["split"] == 1
    assert screen.run(1, target)["split"] == 0
    library.write_text("NC(=O)c1cccnc1 a\nNC(=O)c1ccccc1 b\n")
    assert screen.run(1, target)["split"] == 1
    assert pq.read_table(screen.folder / target).num_rows == 2


def test_config_files_that_snakemake_leaves_out_are_said(configured: Screen) -> None:
    configured.run(1, "-n", "--configfile", "config.yaml")
    assert "--configfile is given more than once" in configured.output
