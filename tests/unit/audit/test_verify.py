from __future__ import annotations

import json
from pathlib import Path

import pytest

from screenmm.audit.verify import verify_crate
from screenmm.cli import main
from screenmm.core.errors import UserError

from .conftest import ROOT, Screen


def change_a_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)


def test_an_untouched_crate_holds(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--config-file", str(screen.config), "--results", str(screen.results)]
    assert main(["crate", *options, "--workflow", str(ROOT)]) == 0
    assert main(["crate", "--verify", str(screen.results)]) == 0
    assert "library.smi, protein.pdb, crystal.sdf" in capsys.readouterr().out
    assert main(["crate", "--verify", str(screen.results), *options[:2]]) == 0
    assert "not looked at" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "name", ["ranking.csv", "complexes/wt/0001_a b.cif", "provenance/workflow/Snakefile"]
)
def test_a_changed_byte_is_found(screen: Screen, name: str) -> None:
    screen.write()
    change_a_byte(screen.results / name)
    (difference,) = verify_crate(screen.results).differences
    assert difference.startswith(f"{name}: has SHA-256 ")


def test_what_differs_is_listed(screen: Screen, capsys: pytest.CaptureFixture[str]) -> None:
    screen.write()
    (screen.results / "hits.sdf").unlink()
    (screen.results / "ledger.csv").write_text("x")
    change_a_byte(screen.folder / "protein.pdb")
    options = ["crate", "--verify", str(screen.results), "--config-file", str(screen.config)]
    assert main(options) == 1
    told = capsys.readouterr().err
    assert "hits.sdf: is missing" in told
    assert "ledger.csv: has 1 bytes, listed are " in told
    assert "protein.pdb: no input has its SHA-256 any more" in told
    assert "3 of " in told


def test_a_crate_does_not_lead_out_of_its_folder(screen: Screen) -> None:
    screen.write()
    path = screen.results / "ro-crate-metadata.json"
    path.write_text(path.read_text().replace('"@id": "hits.sdf"', '"@id": "../config.yaml"'))
    (difference,) = verify_crate(screen.results).differences
    assert difference == "../config.yaml: leads out of the results folder; it was not read"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "holds no ro-crate-metadata.json"),
        ("[]", "is no RO-Crate"),
        ("{", "is no RO-Crate"),
    ],
)
def test_no_crate(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "ro-crate-metadata.json").write_text(text)
    with pytest.raises(UserError, match=message):
        verify_crate(tmp_path)


def test_a_crate_that_lists_nothing_does_not_pass(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps({"@graph": [{"@id": "./"}]}))
    assert main(["crate", "--verify", str(tmp_path)]) == 1
    assert "lists no file with a SHA-256" in capsys.readouterr().err


def test_a_missing_option_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["crate", "--results", "r"]) == 1
    assert "--config-file, --workflow missing" in capsys.readouterr().err
