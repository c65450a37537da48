"""What would stop a run at its first job, said before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from screenmm.cli import main
from screenmm.config.settings import parse_settings
from screenmm.core.errors import ConfigError, UserError
from screenmm.preflight import start
from screenmm.preflight.start import (
    LONGEST_ARGUMENT,
    check_commands,
    check_engine,
    repeated_option,
    search_path,
)


@pytest.fixture
def command(tmp_path: Path) -> Path:
    """A folder with a command of the name."""
    path = tmp_path / "bin" / "screenmm"
    path.parent.mkdir()
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path.parent


def test_jobs_find_the_command_beside_python(command: Path) -> None:
    found = search_path("/usr/bin:/bin", [Path("/nowhere"), command])
    assert found == f"{command}:/usr/bin:/bin"
    assert shutil.which("screenmm", path=found) == str(command / "screenmm")
    assert search_path("", [command]) == str(command)


def test_a_command_on_the_path_goes_before(command: Path, tmp_path: Path) -> None:
    other = shutil.copytree(command, tmp_path / "other")
    assert search_path(f"/bin:{other}", [command]) == f"/bin:{other}"


def test_a_command_that_is_nowhere_has_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither on the PATH nor in .*source \.venv/bin/activate"):
        search_path(str(tmp_path), [tmp_path / "a", tmp_path / "b"])


def test_an_engine_whose_package_is_not_installed_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start, "is_installed", lambda distribution: distribution != "vina")
    check_engine("rustina")
    check_engine("given")
    message = (
        r"docking\.engine: vina needs the package vina, which is not installed beside "
        r"Python 3\.1\d in .*: pip install vina \(PyPI has it for Python up to 3\.12\), or "
        r"conda install .*; "
        "or take given or rustina"
    )
    with pytest.raises(ConfigError, match=message):
        check_engine("vina")


def test_what_is_installed_is_asked_by_its_name_on_pypi() -> None:
    assert start.is_installed("screenmm")
    assert not start.is_installed("no-such-distribution")


def test_more_files_than_a_command_line_can_name_are_refused() -> None:
    config = {
        "name": "x", "results": "r", "receptors": {"p": {"structure": "p.pdb"}}, "pocket": "auto",
        "library": {"files": [f"tranches/{number:04}.smi" for number in range(1000)]},
    }  # fmt: skip
    check_commands(parse_settings(config, None))
    config["library"] = {"files": [f"tranches/{number:04}.smi" for number in range(5000)]}
    with pytest.raises(UserError, match=r"5000 files make settings of \d+ bytes, .* 131071: join"):
        check_commands(parse_settings(config, None))


def test_the_limit_is_that_of_linux() -> None:
    def run(size: int) -> int:
        return os.spawnv(os.P_WAIT, "/bin/true", ["true", "x" * size])

    assert run(LONGEST_ARGUMENT) == 0
    assert run(LONGEST_ARGUMENT + 1) != 0


@pytest.mark.parametrize(
    ("arguments", "is_said"),
    [
        (["--configfile", "a", "b"], False),
        (["--configfile", "a", "--configfile", "b"], True),
        (["--configfile=a", "-n", "--configfiles", "b"], True),
        (["--config", "a=1", "--configfile", "b"], False),
    ],
)
def test_config_files_that_snakemake_leaves_out_are_said(
    arguments: list[str], is_said: bool
) -> None:
    assert bool(repeated_option(arguments)) == is_said


def test_check_refuses_the_results_folder_that_a_run_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("mine/a.txt", "lib.smi", "p.pdb"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("")
    Path("my.yaml").write_text(
        "name: x\nresults: mine\nlibrary: {files: lib.smi}\n"
        "receptors: {p: {structure: p.pdb}}\npocket: auto\n"
    )
    assert main(["check", "my.yaml"]) == 1
    assert "the results folder mine holds a.txt, and no run of" in capsys.readouterr().err
