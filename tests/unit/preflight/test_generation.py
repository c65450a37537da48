from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.config.settings import Generate, Settings
from screenmm.core.errors import ConfigError, LibraryError
from screenmm.generation.proposers import language_model
from screenmm.preflight.generation import check_generation


def asked(tmp_path: Path, **keys: object) -> Settings:
    for name in ("library.smi", "receptor.pdb", "ligand.sdf"):
        (tmp_path / name).touch()
    return Settings.model_validate(
        {
            "name": "ideas",
            "results": "results",
            "library": {"files": [tmp_path / "library.smi"]},
            "receptors": {"wt": {"structure": tmp_path / "receptor.pdb"}},
            "pocket": {"ligand": tmp_path / "ligand.sdf"},
            "rounds": {"number": 2},
            "generate": Generate.model_validate(keys),
        }
    )


def test_what_can_be_generated_passes(tmp_path: Path) -> None:
    check_generation(asked(tmp_path, core="c1ccccc1"), own_environments=False)
    check_generation(asked(tmp_path), own_environments=True)


def test_an_unknown_proposer_is_named_with_the_one_that_is_meant(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no proposer 'fragment': .*fragments is meant"):
        check_generation(asked(tmp_path, proposers={"fragment": 1}), own_environments=True)


def test_what_no_environment_holds_is_refused_there(tmp_path: Path) -> None:
    assert not language_model.FACTS.in_environments
    with pytest.raises(ConfigError, match=r"language_model .*run without --sdm conda"):
        check_generation(asked(tmp_path, proposers={"language_model": 1}), own_environments=True)


def test_a_core_that_is_no_smarts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"core 'c1cc\(' is no SMARTS"):
        check_generation(asked(tmp_path, core="c1cc("), own_environments=True)


def test_reactions_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "reactions.yaml"
    path.write_text("reactions: [{name: amide}]\n")
    with pytest.raises(ConfigError, match=r"reactions\.yaml"):
        check_generation(asked(tmp_path, reactions=path), own_environments=True)


def test_molecules_held_out_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "held_out.smi"
    path.write_text("c1ccc broken\n")
    with pytest.raises(
        LibraryError, match=r"generate\.held_out: held_out\.smi, record 1 \(broken\)"
    ):
        check_generation(asked(tmp_path, held_out=path), own_environments=True)
