"""A screen whose every rule runs in an environment of its own, made by a stand-in for conda."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from ..conda_stand_in import conda_is_the_stand_in
from ..conda_stand_in.stand_in import read_environment
from ..imports import stages_by_environment, third_party
from .conftest import OF_CAMPAIGN, ROOT, Screen, in_rounds, new_screen

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(11)]

ENVS = sorted(path.stem for path in (ROOT / "envs").glob("*.yaml"))


@dataclass
class InEnvironments:
    """A screen that was run with ``--sdm conda``."""

    screen: Screen
    prefix: Path

    def python(self, name: str) -> Path:
        """Interpreter of an environment that Snakemake made."""
        copies = {
            yaml.safe_load(path.read_text())["name"]: path for path in self.prefix.glob("*.yaml")
        }
        return copies[f"screenmm-{name}"].with_suffix("") / "bin/python"


@pytest.fixture(scope="session")
def in_environments(tmp_path_factory, tyk2_protein, tyk2_ligands) -> InEnvironments:
    """A campaign that generates, in environments that this made anew: no other uses them all."""
    wanted = read_environment(ROOT / "envs/score.yaml").python
    found = subprocess.run(
        ["uv", "python", "find", "--no-python-downloads", wanted], capture_output=True, check=False
    )
    if found.returncode != 0:
        pytest.skip(f"no Python {wanted} here, which conda would bring: put one on the PATH")
    folder = tmp_path_factory.mktemp("conda")
    screen = new_screen(folder, tyk2_protein, tyk2_ligands)
    in_rounds(screen)
    prefix = folder / "environments"
    with conda_is_the_stand_in(tmp_path_factory.mktemp("poison")):
        screen.run(2, "--sdm", "conda", "--conda-prefix", str(prefix))
    return InEnvironments(screen, prefix)


def test_environments_give_the_same_bytes(campaigned: Screen, in_environments: InEnvironments):
    assert in_environments.screen.bytes_of(*OF_CAMPAIGN) == campaigned.bytes_of(*OF_CAMPAIGN)


def test_every_environment_was_made_and_used(in_environments: InEnvironments, tmp_path: Path):
    output = in_environments.screen.output
    for name in ENVS:
        folder = in_environments.python(name).parents[1]
        shown = os.path.relpath(folder, in_environments.screen.folder)
        assert f"Activating conda environment: {shown}\n" in output
    # and the screenmm beside snakemake would have failed, so that none was borrowed
    with conda_is_the_stand_in(tmp_path):
        borrowed = subprocess.run(["screenmm", "--version"], capture_output=True, check=False)
    assert borrowed.returncode == 97


@pytest.mark.parametrize("name", ENVS)
def test_an_environment_holds_all_that_its_stages_import(
    in_environments: InEnvironments, name: str
):
    """Also what is imported first in a worker, or only on some path."""
    ours, theirs = third_party(stages_by_environment()[name])
    code = f"""
import importlib, json, sys, pathlib
for module in {sorted(ours | set(theirs))!r}:
    importlib.import_module(module)
import screenmm, numpy
print(json.dumps([sys.prefix, numpy.__file__, screenmm.__file__]))
"""
    done = subprocess.run(
        [str(in_environments.python(name)), "-I", "-c", code],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    prefix, numpy, screenmm = json.loads(done.stdout.splitlines()[-1])
    assert Path(numpy).is_relative_to(prefix)
    # the code as it is now, not a copy
    assert Path(screenmm).parent == ROOT / "workflow/screenmm"


def test_a_release_that_the_script_does_not_know_is_an_error(
    in_environments: InEnvironments, tmp_path: Path
):
    script = tmp_path / "post-deploy.sh"
    text = (ROOT / "envs/post-deploy.sh").read_text()
    script.write_text(re.sub(r"(?m)^version=.*$", "version=9.9.9", text))
    prefix = in_environments.python("ligands").parents[1]
    done = subprocess.run(
        ["sh", script], capture_output=True, text=True, check=False,
        env={**os.environ, "CONDA_PREFIX": str(prefix), "SCREENMM_SOURCE": str(ROOT)},
    )  # fmt: skip
    assert done.returncode == 1
    assert re.search(r"holds screenmm [0-9.]+, its envs/\*post-deploy.sh say 9.9.9", done.stderr)


def test_another_checkouts_code_is_refused(in_environments: InEnvironments, tmp_path: Path):
    shutil.copytree(ROOT / "workflow/screenmm", tmp_path / "workflow/screenmm")
    prefix = in_environments.python("ligands").parents[1]
    activate = ROOT / "tests/conda_stand_in/bin/activate"
    command = ["bash", "-c", f"source {activate} '{prefix}'; which screenmm"]
    variables = {**os.environ, "SCREENMM_SOURCE": str(tmp_path)}

    def activated() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)

    assert activated().stdout == f"{prefix}/bin/screenmm\n"
    with (tmp_path / "workflow/screenmm/core/units.py").open("a") as handle:
        handle.write("# an edit\n")
    refused = activated()
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert f"which is not that of {tmp_path}: give each checkout a --conda-prefix" in refused.stderr


def test_the_image_recipe_is_valid_and_holds_screenmm(screen: Screen, tmp_path: Path):
    screen.config["results"] = str(screen.results)
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(screen.config))
    command = (
        f"snakemake --containerize --configfile {tmp_path}/config.yaml"
        f" | python envs/image.py > {tmp_path}/Dockerfile"
    )
    with conda_is_the_stand_in(tmp_path):
        subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=ROOT, check=True)
    linted = subprocess.run(
        # the untagged base image is Snakemake's choice
        ["hadolint", "--ignore", "DL3007", tmp_path / "Dockerfile"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert linted.returncode == 0, linted.stdout
    recipe = (tmp_path / "Dockerfile").read_text()
    copies = re.findall(r"^COPY (\S+) (\S+)$", recipe, re.MULTILINE)
    for name in ENVS:
        prefix = Path(next(target for source, target in copies if f"/{name}.yaml" in source)).parent
        assert f"conda run --prefix {prefix} sh {prefix}/post-deploy.sh" in recipe
        script = (ROOT / f"envs/{name}.post-deploy.sh").resolve().relative_to(ROOT)
        assert (str(script), f"{prefix}/post-deploy.sh") in copies

    # what is copied is enough to install from
    for source, target in copies:
        if target.startswith("/opt/screenmm"):
            into = tmp_path / "image" / target.lstrip("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, into)
            else:
                into.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, into)
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps",
         "--no-build-isolation", "--target", tmp_path / "installed", "image/opt/screenmm"],
        cwd=tmp_path, check=True,
    )  # fmt: skip
    package = tmp_path / "installed/screenmm"
    ours = {path.relative_to(ROOT / "workflow/screenmm") for path in sources(ROOT / "workflow")}
    assert {path.relative_to(package) for path in sources(package.parent)} == ours


def sources(folder: Path) -> list[Path]:
    """Files of the package that are no caches."""
    files = [path for path in (folder / "screenmm").rglob("*") if path.is_file()]
    return [path for path in files if "__pycache__" not in path.parts]
