from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from screenmm.config.settings import load_settings
from screenmm.config.yaml_scalars import MisreadScalarError, PlainLoader, written
from screenmm.core.errors import ConfigError

CONFIG = """
name: x
results: results
library: {files: [a.smi]}
receptors: {wt: {structure: a.pdb}}
pocket: POCKET
"""


def config(folder: Path, pocket: str) -> Path:
    for name in ("a.smi", "a.pdb"):
        (folder / name).touch()
    (folder / "config.yaml").write_text(CONFIG.replace("POCKET", pocket))
    return folder / "config.yaml"


@pytest.mark.parametrize(
    ("text", "value"), [("032", "26"), ("017", "15"), ("-010", "-8"), ("1:30", "90"),
                        ("12:30", "750"), ("1:30.5", "90.5")],
)  # fmt: skip
def test_numbers_of_another_base_are_refused(text: str, value: str) -> None:
    told = f'line 2: YAML reads {text} as the number {value}: put {text} in quotes, "{text}"'
    with pytest.raises(MisreadScalarError, match=told):
        yaml.load(f"a:\n  b: [{text}]", Loader=PlainLoader)


@pytest.mark.parametrize(
    ("text", "value"),
    [("26", 26), ("0", 0), ("007", 7), ("08", "08"), ("1_000", 1000), ("1.5", 1.5), ("no", False),
     ('"032"', "032"), ("032:1", "032:1"), ("A:032", "A:032"), ("1e5", "1e5")],
)  # fmt: skip
def test_all_else_is_as_yaml_has_it(text: str, value: object) -> None:
    assert yaml.load(text, Loader=PlainLoader) == value


@pytest.mark.parametrize("text", ["NO", "on", "1_000", "0x1F", "2024-01-01", "1.50", "26"])
def test_text_is_asked_for_as_it_stands_in_the_file(tmp_path: Path, text: str) -> None:
    path = config(tmp_path, f"{{ligand_residue: {text}}}")
    with pytest.raises(ConfigError, match=f"ligand_residue: text is expected; put {text} in quo"):
        load_settings(path)


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ("seed: NO", r"seed: .* \(value: NO\)"),
        ("seed: ~", r"seed: .* \(value: nothing\)"),
        ("seed: 2024-01-01", r"seed: .* \(value: 2024-01-01\)"),
        ("docking: {engine: off}", r"docking.engine: .* \(value: off\)"),
        ("docking: NO", "docking: keys are expected here, not NO"),
        ("controls: {actives: NO}", "controls.actives: write a list, .*, not NO"),
    ],
)
def test_other_mistakes_show_what_stands_in_the_file(tmp_path: Path, added: str, told: str) -> None:
    path = config(tmp_path, "{auto: true}")
    path.write_text(f"{path.read_text()}\n{added}\n")
    with pytest.raises(ConfigError, match=told):
        load_settings(path)


@pytest.mark.parametrize("key", ["NO", "007", "2024-01-01"])
def test_a_key_is_shown_as_it_stands_in_the_file(tmp_path: Path, key: str) -> None:
    path = config(tmp_path, "{auto: true}")
    path.write_text(path.read_text().replace("wt:", f"{key}:"))
    with pytest.raises(ConfigError, match=f"\n  receptors: text is expected; put {key} in quotes"):
        load_settings(path)


def test_an_anchor_that_holds_itself_is_an_error(tmp_path: Path) -> None:
    path = config(tmp_path, "{auto: true}")
    path.write_text(f"{path.read_text()}\nfiles: &a [*a]\n")
    with pytest.raises(ConfigError, match=r"config.yaml: what an anchor \(&\) names holds itself"):
        load_settings(path)


def test_residue_number_in_octal_is_no_residue(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"\.yaml, line 6: YAML reads 032 as the number 26"):
        load_settings(config(tmp_path, "{residues: [032]}"))
    settings = load_settings(config(tmp_path, "{residues: [32, '032']}"))
    assert settings.pocket_of("wt").residues == ["32", "032"]


def test_the_last_file_that_has_the_value_is_shown(tmp_path: Path) -> None:
    first, second = tmp_path / "1.yaml", tmp_path / "2.yaml"
    first.write_text("a: {b: [x, NO], on: 1}")
    second.write_text("c: 1")
    assert written([first, second], ("a", "b", 1), False) == "NO"
    assert written([first, second], ("a", "True", "[key]"), True) == "on"
    # given on the command line, not in a file
    assert written([first, second], ("a", "b", 1), 5) == "5"
    assert written([first], ("a", "b", 7), False) == "False"
