"""Generated config, schema and tables: they match the model and are valid themselves."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from screenmm.cli import main
from screenmm.config.docs import (
    TEN_LINES,
    check_docs,
    config_schema,
    config_text,
    generated,
    readme_text,
)
from screenmm.config.settings import Settings, parse_settings
from screenmm.core.errors import ConfigError


def test_committed_files_match_the_model(root: Path) -> None:
    # on failure its message names the files and the command that mends them
    check_docs(root, generated())


def test_drift_names_the_files_and_the_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["config-docs", "--root", str(tmp_path)]) == 0
    assert main(["config-docs", "--root", str(tmp_path), "--check"]) == 0
    (tmp_path / "config/config.yaml").write_text("name: other\n")
    (tmp_path / "config/README.md").unlink()
    with pytest.raises(ConfigError) as caught:
        check_docs(tmp_path, generated())
    assert str(caught.value) == (
        "config/config.yaml, config/README.md no longer match what they are made from; "
        f"run: screenmm config-docs --root {tmp_path}"
    )
    assert main(["config-docs", "--root", str(tmp_path), "--check"]) == 1
    assert "config/README.md no longer match" in capsys.readouterr().err


def test_default_config_is_valid_and_holds_only_defaults() -> None:
    settings = parse_settings(yaml.safe_load(config_text()), None)
    assert settings == parse_settings(yaml.safe_load(TEN_LINES), None)


def test_default_config_shows_every_key() -> None:
    lines = {re.sub("^#  +- ", "#   - ", line.strip().split(":")[0])
             for line in config_text().splitlines()}  # fmt: skip
    for section in config_schema()["$defs"].values():
        for key in section["properties"]:
            assert {key, f"#{key}", f"#   - {key}"} & lines, key


@pytest.mark.parametrize(
    "comment",
    [
        "  # Receptor residues within this distance of the pose are in the model, Å. Number ≥ 6",
        "  #id_column: name",
        "  time_limit_s: 60",
        "    #molecular_weight: {min: 150, max: 500}",
    ],
)
def test_default_config_teaches(comment: str) -> None:
    assert comment in config_text().splitlines()


def test_optional_examples_are_valid_too() -> None:
    text = config_text().replace("  ligand: crystal_ligand.sdf\n", "", 1)
    for key in ("id_column", "label_column", "chains", "molecular_weight", "formal_charge"):
        text = text.replace(f"#{key}:", f"{key}:")
    text = text.replace("  #center:", "  center:").replace("  #size:", "  size:")
    settings = parse_settings(yaml.safe_load(text), None)
    assert settings.library.id_column == "name"
    assert settings.receptors["wt"].chains == ["A"]
    assert settings.ligands.filters.formal_charge is not None
    assert settings.pocket_of("wt").center == (10.5, -3.2, 24.0)


def test_readme_starts_with_ten_lines() -> None:
    assert len(TEN_LINES.splitlines()) == 10
    assert f"```yaml\n{TEN_LINES}```" in readme_text()


def test_readme_has_a_row_with_range_and_default() -> None:
    assert (
        "| `top` | integer ≥ 1 | `1000` | How many ligands per receptor reach MM/GBSA, "
        "best docked first. |"
    ) in readme_text().splitlines()


def test_schema_agrees_with_the_model_on_configs(root: Path) -> None:
    schema = config_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    demo = yaml.safe_load((root / "config/demo/config.yaml").read_text())
    for config in (demo, yaml.safe_load(TEN_LINES), yaml.safe_load(config_text())):
        jsonschema.validate(config, schema)
    auto = yaml.safe_load(TEN_LINES) | {"pocket": "auto"}
    auto["library"]["files"] = ["a.smi", {"path": "b.smi", "label": 1}]
    jsonschema.validate(auto, schema)
    with pytest.raises(jsonschema.ValidationError, match="'platfrom' was unexpected"):
        jsonschema.validate(demo | {"scoring": {"platfrom": "CPU"}}, schema)


def test_schema_describes_every_key() -> None:
    schema = config_schema()
    for section in (schema, *schema["$defs"].values()):
        for key, spec in section["properties"].items():
            assert spec.get("description") or "$ref" in spec, key
    assert set(schema["properties"]) == set(Settings.model_fields)


def test_bytes_are_stable() -> None:
    assert generated() == generated()
    text = generated()[Path("workflow/schemas/config.schema.json")]
    assert json.loads(text) == config_schema()
