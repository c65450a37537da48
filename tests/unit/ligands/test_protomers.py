"""The methods that tell protonation states, and what is said where a package is missing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.config.settings import Ligands, parse_settings
from screenmm.core.errors import ConfigError
from screenmm.ligands import protomers as methods
from screenmm.ligands import protonation
from screenmm.ligands.protomers import MODULES, check_installed, protomers
from screenmm.ligands.states import enumerate_states
from screenmm.preflight.start import check_in_environments
from screenmm.stages.prepare_ligands import STAGE

each_package = pytest.mark.parametrize("method", MODULES)


def settings(method: str):
    return parse_settings(
        {
            "name": "x",
            "results": "results/x",
            "library": {"files": ["x.smi"]},
            "receptors": {"x": {"structure": "x.pdb"}},
            "pocket": {"ligand": "x.sdf"},
            "ligands": {"protomers": method},
        },
        None,
    )


@each_package
@pytest.mark.parametrize(
    ("smiles", "major"),
    [
        ("CC(=O)O", "CC(=O)[O-]"),  # 4.8
        ("CCCN", "CCC[NH3+]"),  # 10.5
        ("NCCC(=O)O", "[NH3+]CCC(=O)[O-]"),  # 3.6, 10.2
        ("c1ccncc1", "c1ccncc1"),  # 5.2
        ("C[N+](C)(C)CC(=O)[O-]", "C[N+](C)(C)CC(=O)[O-]"),
        ("C[C@H](N)/C=C/C", "C[C@H]([NH3+])/C=C/C"),
    ],
)
def test_packages_give_the_major_form(method: str, smiles: str, major: str) -> None:
    pytest.importorskip(MODULES[method])
    assert protomers(smiles, 7.4, 7.4, method) == [Chem.CanonSmiles(major)]
    assert enumerate_states(smiles, Ligands(protomers=method)) == [Chem.CanonSmiles(major)]


@each_package
def test_packages_give_the_form_of_the_middle_first(
    method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(MODULES[method])
    states = protomers("Oc1ccc(CC(=O)O)cc1", 3.0, 11.0, method)
    assert states[0] == "O=C([O-])Cc1ccc(O)cc1"
    assert set(states) > {"O=C(O)Cc1ccc(O)cc1", "O=C([O-])Cc1ccc([O-])cc1"}
    assert states == protomers("Oc1ccc(CC(=O)O)cc1", 3.0, 11.0, method)
    # standard output is a stage's result
    assert capsys.readouterr().out == ""


def test_the_rules_are_the_default() -> None:
    assert protomers("CCN", 7.4, 7.4) == protonation.protomers("CCN", 7.4, 7.4)
    assert Ligands().protomers == "rules"


@each_package
def test_a_missing_package_is_named_with_its_remedy(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(methods, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=rf"{method} needs the package .*screenmm\[protomers\]"):
        check_installed(method)
    with pytest.raises(ConfigError, match="not installed"):
        protomers("CCN", 7.4, 7.4, method)
    check_installed("rules")


def test_environments_of_the_rules_hold_no_optional_package() -> None:
    with pytest.raises(ConfigError, match="molscrub is in none of the rules' conda environments"):
        check_in_environments(settings("molscrub"))
    check_in_environments(settings("rules"))


def test_a_stage_stops_before_its_first_ligand(tmp_path: Path) -> None:
    # a finder that hides the package stands for an environment without it
    code = (
        "import sys, importlib.util as u; real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'molscrub' else real(name, *a)\n"
        "from screenmm.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    ligands = Ligands(protomers="molscrub").model_dump(include=set(STAGE.keys["ligands"]))
    text = json.dumps({"ligands": ligands, "seed": 1, "given_poses": False})
    done = subprocess.run(
        [sys.executable, "-c", code, "prepare-ligands", "--settings", text, "--workers", "1",
         "--ligands", "no.parquet", "--states", str(tmp_path / "s.sdf.gz"),
         "--events", str(tmp_path / "e.parquet")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ligands.protomers: molscrub needs the package molscrub" in done.stderr
