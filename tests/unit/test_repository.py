"""What the repository holds, and what cleaning it up deletes."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml


def test_no_tracked_path_is_an_unfilled_pattern(root: Path) -> None:
    # a command that was given <results> or {shard} unexpanded makes such files
    done = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    tracked = done.stdout.decode().split("\0")
    assert "Snakefile" in tracked
    assert [path for path in tracked if re.search(r"[<>{}\n]", path)] == []


def test_clean_deletes_no_screen_of_the_users(root: Path, tmp_path: Path) -> None:
    mine = ["results/my-screen/report.html", ".snakemake/metadata/x", "my.yaml"]
    made = ["results/demo/report.html", "config/demo/tyk2/receptor.pdb"]
    for name in [*mine, *made]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    shutil.copy(root / "Makefile", tmp_path)
    subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert [name for name in mine if not (tmp_path / name).exists()] == []
    assert [name for name in made if (tmp_path / name).exists()] == []


def test_a_release_has_one_version_and_one_day(root: Path) -> None:
    version = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    cited = yaml.safe_load((root / "CITATION.cff").read_text())
    assert cited["version"] == version
    heading = f"## [{version}] - {cited['date-released']}\n"
    assert heading in (root / "CHANGELOG.md").read_text()


def test_ci_runs_the_commands_that_people_run(root: Path) -> None:
    content = yaml.safe_load((root / ".github/workflows/test.yml").read_text())
    commands = {
        step["run"].split()[-1]
        for job in content["jobs"].values()
        for step in job["steps"]
        if step.get("run", "").startswith("make ")
    }
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(), re.MULTILINE)
    assert commands == {"check", "test", "test-all"} <= set(targets)
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lowest, beyond = re.findall(r"3\.(\d+)", project["requires-python"])
    versions = content["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert versions == [f"3.{minor}" for minor in range(int(lowest), int(beyond))]
