"""The model of ``metrics.json``: it is what the file holds, and so is its schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from screenmm.analysis.metrics import make_metrics
from screenmm.bias.bias import bias
from screenmm.cli import main
from screenmm.config.docs import check_docs
from screenmm.core.errors import UserError
from screenmm.metrics.controls import Contest
from screenmm.metrics.measures import Interval, Measure
from screenmm.metrics.model import VERSION, as_json, read_metrics, write_metrics
from screenmm.metrics.schema import generated, metrics_schema
from tests.unit.made_up import class_loss, metrics, redocking, rule_used

SCHEMA = "workflow/schemas/metrics.schema.json"


@pytest.fixture(scope="module")
def written(ranked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Metrics of a screen with two receptors, labels, affinities, failures and a bias report."""
    found, _ = bias(ranked, [], hits=5)
    parts = {"bias": found, "timings": {"dock": rule_used(jobs=1)}, "redock": {"wt": redocking()}}
    path = tmp_path_factory.mktemp("metrics") / "metrics.json"
    write_metrics(make_metrics(ranked, "x").model_copy(update=parts), path)
    return path


@pytest.fixture
def schema(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((root / SCHEMA).read_text())
    jsonschema.Draft202012Validator.check_schema(found)
    return found


def test_the_committed_schema_is_the_models(root: Path) -> None:
    # on failure its message names the file and the command that mends it
    check_docs(root, generated())


def test_drift_of_the_schema_names_the_file_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config-docs", "--root", str(tmp_path)]) == 0
    assert main(["config-docs", "--root", str(tmp_path), "--check"]) == 0
    (tmp_path / SCHEMA).write_text("{}\n")
    assert main(["config-docs", "--root", str(tmp_path), "--check"]) == 1
    assert f"{SCHEMA} no longer match what they are made from" in capsys.readouterr().err


def test_a_screens_metrics_are_as_the_schema_says(written: Path, schema: dict[str, Any]) -> None:
    found = json.loads(written.read_text())
    jsonschema.validate(found, schema)
    # nothing is said of what a screen does not have
    absent = ("models", "ensembles", "rounds", "generation", "variants")
    assert list(found) == [name for name in schema["properties"] if name not in absent]
    assert found["version"] == VERSION
    with pytest.raises(jsonschema.ValidationError, match="'typo' was unexpected"):
        jsonschema.validate(found | {"typo": 1}, schema)
    del found["counts"]["by_receptor"]["wt"]["failed"]
    with pytest.raises(jsonschema.ValidationError, match="'failed' is a required property"):
        jsonschema.validate(found, schema)


def test_what_is_read_is_what_was_written(written: Path, tmp_path: Path) -> None:
    found = read_metrics(written)
    write_metrics(found, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == written.read_bytes()
    assert found.controls["wt"].classification["rank"].n == 14
    assert found.bias is not None
    assert found.bias.by_receptor["wt"].losses[0].class_ == "−2 or less"


def test_the_schema_describes_every_key() -> None:
    schema = metrics_schema()
    for section in (schema, *schema["$defs"].values()):
        assert section.get("description")
        for key, spec in section.get("properties", {}).items():
            assert spec.get("description"), key


def test_keys_that_do_not_apply_are_left_out() -> None:
    assert as_json(Measure(value=None, reason="one class")) == {
        "value": None,
        "reason": "one class",
    }
    assert as_json(Contest()) == {}
    assert list(as_json(class_loss()))[:3] == ["loss", "by", "class"]


def test_parts_do_not_change_and_take_no_other_keys_or_types() -> None:
    made = metrics()
    with pytest.raises(ValidationError, match="frozen"):
        made.name = "other"
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        rule_used(cpu_h=1.0)
    with pytest.raises(ValidationError, match="valid integer"):
        rule_used(jobs="1")
    with pytest.raises(ValidationError, match="finite number"):
        rule_used(cpu_s=float("nan"))


def test_nothing_is_missing_without_a_reason() -> None:
    with pytest.raises(ValidationError, match="without a value says why: reason is missing"):
        Measure(value=None)
    with pytest.raises(ValidationError, match="without ends says why: interval_reason is missing"):
        Interval(low=None, high=None)


def test_a_file_of_another_version_is_refused_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "metrics.json"
    for version, told in (({}, "none"), ({"version": 99}, "99")):
        path.write_text(json.dumps(version | {"name": "x"}))
        with pytest.raises(UserError, match=rf"is of version {told} of its format, not {VERSION}"):
            read_metrics(path)
    path.write_text(json.dumps({"version": VERSION, "name": 1}))
    with pytest.raises(UserError, match=r"writes it \(name: .*valid string\).* --forcerun report"):
        read_metrics(path)
    path.write_text("{")
    with pytest.raises(UserError, match=r"not as ScreenMM writes it .*line 1 column 2"):
        read_metrics(path)
