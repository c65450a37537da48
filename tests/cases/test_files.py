"""Lines, suffixes, paths and configs of files that people brought."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from screenmm.cli import main
from screenmm.library.split import split
from screenmm.settings import load_settings

from ..conftest import ROOT

Case = Callable[[str], Path]


def dry_run(folder: Path, *configs: str, path: str | None = None) -> subprocess.CompletedProcess:
    """Run ``snakemake -n`` by its full path."""
    command = [
        str(Path(sys.executable).with_name("snakemake")), "-n", "--snakefile",
        str(ROOT / "Snakefile"), "--cores", "1", "--configfile", *configs,
    ]  # fmt: skip
    environment = os.environ if path is None else os.environ | {"PATH": path}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("config", "names"), [("config.yaml", ["a", "b", "c"]), ("config_mac.csv.yaml", ["a", "b"])]
)
def test_records_whose_lines_end_in_cr_are_all_read(
    case: Case, config: str, names: list[str]
) -> None:
    folder = case("08-cr-line-ends")
    settings = load_settings(folder / config)
    counts = split(settings.library, folder / "out")
    assert (counts.records, counts.broken) == (len(names), 0)
    assert pq.read_table(folder / "out/sources.parquet")["name"].to_pylist() == names


def test_an_upper_case_suffix_is_taken(case: Case) -> None:
    folder = case("20-upper-case-cif")
    assert load_settings(folder / "config.yaml").receptors["p"].structure.samefile(folder / "x.CIF")


def test_braces_in_the_path_of_the_inputs_are_no_wildcards(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case("21-braces-in-path")
    monkeypatch.chdir(folder)
    assert main(["check", "run {1}/config.yaml"]) == 0
    assert "run {1}/config.yaml is valid" in capsys.readouterr().out
    done = dry_run(folder, "run {1}/config.yaml")
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def test_braces_in_the_path_of_the_working_folder_are_named(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case("21-braces-in-path") / "run {1}"
    monkeypatch.chdir(folder)
    assert main(["check", "config.yaml"]) == 1
    told = f"the folder that this runs in, {folder}, holds '{{1}}' in its path"
    assert told in capsys.readouterr().err
    done = dry_run(folder, "config.yaml")
    assert (done.returncode, told in done.stdout + done.stderr) == (1, True)


def test_a_config_is_changed_by_one_of_another_folder(
    case: Case, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = case("23-two-config-folders")
    monkeypatch.chdir(folder)
    assert main(["check", "base/config.yaml", "sub/over.yaml"]) == 0
    out = capsys.readouterr().out
    assert "base/config.yaml, sub/over.yaml is valid" in out
    assert "scoring   best 3 ligands" in out
    # by its full path, with nothing of its environment on the PATH
    bare = os.pathsep.join(
        each
        for each in os.environ["PATH"].split(os.pathsep)
        if not shutil.which("screenmm", path=each)
    )
    done = dry_run(folder, "base/config.yaml", "sub/over.yaml", path=bare)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
