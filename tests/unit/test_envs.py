"""The rules' environments: right in form, complete, minimal, and of the tested versions."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from rattler import MatchSpec

from ..conda_stand_in.stand_in import StandInError, known_packages, pinned, read_environment
from ..imports import stages_by_environment, third_party

ROOT = Path(__file__).resolve().parents[2]
ENVS = sorted((ROOT / "envs").glob("*.yaml"))
PACKAGES = known_packages()
PIN = ROOT / "envs/pin.py"

FROM_PYPI = {
    "docking": ["rustina"],
    "inspection": ["rustina"],
    "receptor": ["fpocket-rs"],
    "generation": ["crem", "chembl-gen-check", "molbloom"],
    "variants": ["lark", "mutalyzer-hgvs-parser", "pysam"],
}

each_environment = pytest.mark.parametrize("path", ENVS, ids=lambda path: path.stem)


def specs(path: Path) -> list[str]:
    return yaml.safe_load(path.read_text())["dependencies"]


def by_post_deploy(path: Path) -> list[Requirement]:
    """What an environment's post-deploy script takes from PyPI."""
    script = path.with_suffix(".post-deploy.sh").read_text()
    return [Requirement(found) for found in re.findall(r"[a-z0-9-]+==[0-9.]+", script)]


def versions_in_the_tests() -> dict[str, Version]:
    lines = (ROOT / "constraints.txt").read_text().split()
    pins = [line.split("==") for line in lines if "==" in line]
    return {canonicalize_name(name): Version(version) for name, version in pins}


def provided(name: str) -> list[str]:
    """Modules that a package of conda-forge provides."""
    entry = PACKAGES[name]
    return entry.get("imports", [entry.get("pypi", name)])


def belongs(module: str, packages: list[str]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)


@each_environment
def test_the_file_has_the_allowed_form(path: Path) -> None:
    content = yaml.safe_load(path.read_text())
    assert set(content) == {"name", "channels", "dependencies"}
    assert content["name"] == f"screenmm-{path.stem}"
    assert content["channels"] == ["conda-forge", "nodefaults"]
    names = []
    for spec in content["dependencies"]:
        parsed = MatchSpec(spec, strict=True)
        assert re.fullmatch(r"[a-z0-9-]+=[0-9a-z.]+", spec), spec
        assert str(parsed.version).endswith(".*")  # any build, any later patch
        names.append(parsed.name.normalized)
    assert len(set(names)) == len(names)


@each_environment
def test_every_package_is_pinned_to_the_tested_version(path: Path) -> None:
    tested = versions_in_the_tests()
    wanted = [spec for spec in specs(path) if not spec.startswith("python=")]
    assert len(wanted) == len(specs(path)) - 1
    assert "python=3.11" in specs(path)
    for spec in wanted:
        requirement = Requirement(pinned(spec, PACKAGES))
        assert requirement.specifier.contains(tested[canonicalize_name(requirement.name)]), spec
    for requirement in by_post_deploy(path):
        assert requirement.specifier.contains(tested[requirement.name]), requirement


def test_a_stand_in_is_of_the_same_release() -> None:
    pairs = [
        pair for entry in PACKAGES.values() for pair in dict(entry.get("versions", {})).items()
    ]
    assert pairs
    for conda, pypi in pairs:
        assert Version(pypi).release == Version(conda).release


@each_environment
def test_what_the_stages_import_is_named(path: Path) -> None:
    _, theirs = third_party(stages_by_environment()[path.stem])
    named = [spec.split("=")[0] for spec in specs(path)]
    modules = [module for name in named if name != "python" for module in provided(name)]
    modules += [each.name.replace("-", "_") for each in by_post_deploy(path)]
    missing = {module: sorted(by) for module, by in theirs.items() if not belongs(module, modules)}
    assert not missing, f"add to envs/{path.name}: {missing}"


@each_environment
def test_what_is_named_is_imported_or_has_a_reason(path: Path) -> None:
    _, theirs = third_party(stages_by_environment()[path.stem])
    for spec in specs(path):
        name = spec.split("=")[0]
        if name != "python" and "data" not in PACKAGES[name]:
            assert any(belongs(module, provided(name)) for module in theirs), (
                f"no stage imports {name}: take it out of envs/{path.name}"
            )


def test_every_rule_names_an_environment_and_every_environment_has_a_rule() -> None:
    # stages_by_environment() itself fails on a rule without one
    assert set(stages_by_environment()) == {path.stem for path in ENVS}


def test_post_deploy_scripts_differ_in_what_pypi_alone_carries() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    common = (ROOT / "envs/post-deploy.sh").read_text()
    assert f"\nversion={project['version']}\n" in common
    for path in ENVS:
        script = path.with_suffix(".post-deploy.sh").read_text()
        extra = r"# PyPI alone carries it\n\S+ -m pip install [^\n]+==[0-9.]+\n\n"
        assert re.sub(extra, "", script) == common, path.stem
        assert [each.name for each in by_post_deploy(path)] == FROM_PYPI.get(path.stem, [])


def test_a_folder_without_screenmm_is_an_error_that_names_it(tmp_path: Path) -> None:
    variables = {**os.environ, "CONDA_PREFIX": str(tmp_path), "SCREENMM_SOURCE": "/nowhere"}
    done = subprocess.run(
        ["sh", ROOT / "envs/post-deploy.sh"], env=variables, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "no checkout of ScreenMM at /nowhere: set SCREENMM_SOURCE" in done.stderr


@pytest.mark.parametrize(
    ("dependency", "message"),
    [
        ("nosuch=1.0", "nosuch: no stand-in; add it to .*packages.yaml"),
        ("openff-units=9.9", "openff-units=9.9: PyPI versions are known for 0.3.2"),
        ("numpy>=2", "'numpy>=2': only name=version is understood"),
        ({"pip": ["rustina"]}, "only packages of conda-forge are understood"),
        ("python=3.12", "one python=version is needed, 2 are there"),
    ],
)
def test_the_stand_in_refuses_what_it_does_not_know(
    tmp_path: Path, dependency: object, message: str
) -> None:
    file = tmp_path / "environment.yaml"
    dependencies = ["python=3.11", "numpy=2.4.6", dependency]
    channels = ["conda-forge", "nodefaults"]
    file.write_text(yaml.safe_dump({"channels": channels, "dependencies": dependencies}))
    with pytest.raises(StandInError, match=message):
        read_environment(file)


def test_the_stand_in_refuses_calls_it_does_not_know() -> None:
    done = subprocess.run(
        [ROOT / "tests/conda_stand_in/bin/conda", "create", "--file", "x.pin.txt"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "conda create --file x.pin.txt: Snakemake was not known to call this" in done.stderr


@pytest.fixture
def channel(tmp_path: Path) -> str:
    """A channel that has every package of the ligands' environment, and a newer one of each."""
    packages = {}
    for spec in [*specs(ROOT / "envs/ligands.yaml"), "libfoo=1.0"]:
        name, version = spec.split("=")
        for each in (f"{version}.0", "9999"):
            packages[f"{name}-{each}-0.conda"] = {
                "name": name, "version": each, "build": "0", "build_number": 0,
                "depends": ["libfoo <9999", "__glibc >=2.17"] if name == "rdkit" else [],
                "md5": hashlib.md5(f"{name} {each}".encode()).hexdigest(),
                "subdir": "linux-64", "size": 1,
            }  # fmt: skip
    for subdir, content in {"linux-64": packages, "noarch": {}}.items():
        folder = tmp_path / "channel" / subdir
        folder.mkdir(parents=True)
        repodata = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": content}
        (folder / "repodata.json").write_text(json.dumps(repodata))
    return (tmp_path / "channel").as_uri()


def pin(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, PIN, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_pins_are_every_package_by_url_and_md5(channel: str, tmp_path: Path) -> None:
    done = pin("ligands", "--channel", channel, "--folder", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "ligands.linux-64.pin.txt").read_text().splitlines()
    urls = [line for line in lines if not line.startswith("#")]
    expected = sorted([*specs(ROOT / "envs/ligands.yaml"), "libfoo=1.0"])
    assert urls[0] == "@EXPLICIT"
    assert urls[1:] == [
        f"{channel}/linux-64/{name}-{version}.0-0.conda#"
        + hashlib.md5(f"{name} {version}.0".encode()).hexdigest()
        for name, version in (spec.split("=") for spec in expected)
    ]
    assert pin("--check", "--folder", tmp_path).returncode == 0
    (tmp_path / "ligands.linux-64.pin.txt").write_text("# ligands.yaml sha256:0\n@EXPLICIT\n")
    stale = pin("--check", "--folder", tmp_path)
    assert stale.returncode == 1
    assert "is not of the present ligands.yaml: run envs/pin.py again" in stale.stderr


def test_what_cannot_be_solved_is_an_error_with_its_cause(channel: str, tmp_path: Path) -> None:
    done = pin("library", "--channel", channel, "--folder", tmp_path)
    assert done.returncode == 1
    assert re.search(
        r"library.yaml: .*No candidates were found for (gemmi|numpy|python-duckdb)", done.stderr
    )
    assert not list(tmp_path.glob("*.pin.txt"))


def test_pins_in_the_repository_are_of_the_present_environments() -> None:
    done = pin("--check")
    assert done.returncode == 0, done.stderr
