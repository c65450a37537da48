from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.config.settings import Generate
from screenmm.core.errors import ConfigError
from screenmm.generation.proposers import language_model
from screenmm.preflight.generation import check_generation


def test_what_can_be_generated_passes() -> None:
    check_generation(Generate(core="c1ccccc1"), own_environments=False)
    check_generation(Generate(), own_environments=True)


def test_an_unknown_proposer_is_named_with_the_one_that_is_meant() -> None:
    with pytest.raises(ConfigError, match=r"no proposer 'fragment': .*fragments is meant"):
        check_generation(Generate(proposers={"fragment": 1}), own_environments=True)


def test_what_no_environment_holds_is_refused_there() -> None:
    assert not language_model.FACTS.in_environments
    with pytest.raises(ConfigError, match=r"language_model .*run without --sdm conda"):
        check_generation(Generate(proposers={"language_model": 1}), own_environments=True)


def test_a_core_that_is_no_smarts_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"core 'c1cc\(' is no SMARTS"):
        check_generation(Generate(core="c1cc("), own_environments=True)


def test_reactions_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "reactions.yaml"
    path.write_text("reactions: [{name: amide}]\n")
    with pytest.raises(ConfigError, match=r"reactions\.yaml"):
        check_generation(Generate(reactions=path), own_environments=True)
