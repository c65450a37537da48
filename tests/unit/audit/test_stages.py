from __future__ import annotations

import re

import pytest
import yaml

from screenmm.audit.stages import described, entities, environments, intermediate, outputs
from screenmm.run.layout import Layout
from screenmm.run.stage import Stage

from .conftest import ROOT, Screen

RULE = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"


IN_ROUNDS = ("campaign", "round", "rounded", "generating", "vetted", "proposed")
OPTIONAL = (*IN_ROUNDS, "varied", "ensembled")


def rule_bodies() -> dict[str, str]:
    bodies = {}
    for path in (ROOT / "workflow/rules").glob("*.smk"):
        parts = re.split(RULE, path.read_text(), flags=re.MULTILINE)[1:]
        bodies |= dict(zip(parts[::2], parts[1::2], strict=True))
    return bodies


def test_the_stages_are_the_rules_of_a_run(screen: Screen) -> None:
    config = yaml.safe_load(screen.config.read_text()) | {
        "controls": {"gate": "stop"},
        "docking": {"tiers": [{"effort": "fast"}, {"effort": "standard", "top": 1}]},
        "ranking": {"interactions": {"must": ["hydrogen bond to Val981"]}},
    }
    screen.config.write_text(yaml.safe_dump(config))
    targets = Layout(screen.results).targets(screen.settings, through="report")
    names = [stage.name for stage in described()]
    optional = {stage.name for stage in described() if stage.per_receptor in OPTIONAL}
    assert list(targets) == [name for name in names if name not in optional]
    assert {*names, "crate"} == set(rule_bodies())


@pytest.mark.parametrize("stage", described(), ids=lambda stage: stage.name)
def test_a_stage_writes_what_its_rule_declares(stage: Stage) -> None:
    declared = rule_bodies()[stage.name].partition("output:")[2].partition("log:")[0]
    for name in entities(stage.writes.values()):
        assert f"<results>/{name.partition('*')[0].rstrip('/')}" in declared, name


def test_everything_that_is_read_or_written_is_described() -> None:
    written = {name for stage in described() for name in entities(stage.writes.values())}
    read = {name for stage in described() for name in entities(stage.reads.values())}
    known = {*outputs(), *intermediate()}
    assert read <= written
    assert {name for name in written if "*" not in name} <= known
    assert set(outputs()) <= written


def test_what_only_some_screens_leave_is_no_output_of_others(screen: Screen) -> None:
    optional = {
        "rounds.csv",
        "variants.csv",
        "biomarkers.csv",
        "variant_complexes/",
        "ensembles.csv",
    }
    assert set(outputs()) - set(outputs(screen.settings)) == optional


def test_every_stage_has_an_environment_that_exists() -> None:
    found = environments(ROOT)
    assert {stage.name for stage in described()} <= set(found)
    assert all((ROOT / path).is_file() for path in found.values())
    # a rule that is made from another has its environment
    assert (found["redock"], found["rescore"]) == (found["dock"], found["score"])
