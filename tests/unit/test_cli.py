"""The command line: what it prints and how it exits."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from screenmm import __version__
from screenmm.cli import EXIT_SIGPIPE, command_module, commands, main
from screenmm.demo import write_demo


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"screenmm {__version__}\n"


def test_unknown_command_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["dokc"])
    assert caught.value.code == 2
    err = capsys.readouterr().err
    assert "dokc" in err
    assert "prepare-receptor" in err


def test_no_command_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([])
    assert caught.value.code == 2
    assert "COMMAND" in capsys.readouterr().err


def test_error_is_one_message_on_stderr(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "my.yaml")]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"screenmm check: no config file {tmp_path / 'my.yaml'}: give one with --configfile\n"
    )


def test_check_says_what_the_config_asks_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_demo(tmp_path)
    (tmp_path / "my.yaml").write_text(
        "name: x\nresults: results/x\nlibrary: {files: [binders.csv, drugs.csv]}\n"
        "receptors: {wt: {structure: receptor.pdb}}\npocket: {ligand: crystal_ligand.sdf}\n"
    )
    assert main(["check", str(tmp_path / "my.yaml")]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first == f"{tmp_path / 'my.yaml'} is valid"
    found = "SMILES in 'smiles', name in 'name', first name"
    assert lines[0].startswith(f"  library   binders.csv: CSV, 16 records, {found} 'ejm_31'")
    assert lines[1].startswith(f"            drugs.csv: CSV, 24 records, {found} ")
    assert lines[2].startswith("  receptors wt: receptor.pdb, chains A, 288 residues, ligand ")
    assert lines[3:] == [
        "  docking   rustina, standard, 9 poses kept per state",
        "  scoring   best 1000 ligands, 2 poses each",
        "  redocking wt: crystal_ligand.sdf",
        "  results   results/x",
    ]


def test_output_that_nobody_reads_ends_the_command_quietly(tmp_path: Path) -> None:
    write_demo(tmp_path)
    (tmp_path / "my.yaml").write_text(
        "name: x\nresults: results/x\nlibrary: {files: drugs.csv}\n"
        "receptors: {wt: {structure: receptor.pdb}}\npocket: {ligand: crystal_ligand.sdf}\n"
    )
    reads, writes = os.pipe()
    os.close(reads)
    done = subprocess.run(
        [sys.executable, "-m", "screenmm.cli", "check", str(tmp_path / "my.yaml")],
        stdout=writes, stderr=subprocess.PIPE, check=False,
    )  # fmt: skip
    os.close(writes)
    assert (done.returncode, done.stderr) == (EXIT_SIGPIPE, b"")


@pytest.mark.parametrize("command", sorted(commands()))
def test_every_command_has_a_module(command: str) -> None:
    module = command_module(command)
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_only_the_asked_stage_is_imported() -> None:
    # in its own environment a stage finds only its own packages
    code = (
        "import sys; from screenmm.cli import main\n"
        "assert main(['check', 'absent.yaml']) == 1\n"
        "print([m for m in ('openmm', 'rdkit', 'torch', 'duckdb', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
