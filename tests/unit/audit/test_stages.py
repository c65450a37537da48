from __future__ import annotations

import re

import pytest

from screenmm.audit.stages import INTERMEDIATE, OUTPUTS, STAGES, environments
from screenmm.run.layout import Layout

from .conftest import ROOT, Screen

RULE = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"


def rule_bodies() -> dict[str, str]:
    bodies = {}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        parts = re.split(RULE, path.read_text(), flags=re.MULTILINE)[1:]
        bodies |= dict(zip(parts[::2], parts[1::2], strict=True))
    return bodies


def test_the_stages_are_the_rules_of_a_run(screen: Screen) -> None:
    targets = Layout(screen.results).targets(["wt"], ["wt"], gated=True)
    assert [*targets, "report"] == list(STAGES)
    # these make no results
    assert set(STAGES) | {"crate", "check_filters"} == set(rule_bodies())


@pytest.mark.parametrize("rule", STAGES)
def test_a_stage_writes_what_its_rule_declares(rule: str) -> None:
    declared = rule_bodies()[rule].partition("output:")[2].partition("log:")[0]
    for name in STAGES[rule].writes:
        assert f"<results>/{name.partition('*')[0].rstrip('/')}" in declared, name


def test_everything_that_is_read_or_written_is_described() -> None:
    written = {name for stage in STAGES.values() for name in stage.writes}
    read = {name for stage in STAGES.values() for name in stage.reads}
    known = {*OUTPUTS, *INTERMEDIATE}
    assert read <= written
    assert {name for name in written if "*" not in name} <= known
    assert set(OUTPUTS) <= written


def test_every_stage_has_an_environment_that_exists() -> None:
    found = environments(ROOT)
    assert set(STAGES) <= set(found)
    assert all((ROOT / path).is_file() for path in found.values())
    # a rule that is made from another has its environment
    assert (found["redock"], found["rescore"]) == (found["dock"], found["score"])
