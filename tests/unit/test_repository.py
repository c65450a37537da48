"""What the repository holds, and what cleaning it up deletes."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest


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
