"""What a run refuses before its first job, and what it finds its results by."""

from pathlib import Path

import pytest

from .conftest import Screen

pytestmark = [pytest.mark.workflow]


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
    # the last file is the one that paths are relative to
    assert not screen.run(1, "-n", "--configfile", "more.yaml", "config.yaml", check=False)
    assert "more.yaml is not YAML: key 'seed' is given twice" in screen.output


def test_the_home_folder_has_a_short_name(screen: Screen, tmp_path: Path) -> None:
    screen.environment = {"HOME": str(tmp_path / "home")}
    screen.config["results"] = "~/screens/one"
    screen.run(1, "-n")
    assert f"{tmp_path}/home/screens/one/ranking.csv" in screen.output
    assert not (screen.folder / "~").exists()
