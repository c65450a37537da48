"""Profiles of schedulers: each is taken by its executor plugin, in a dry run of a real screen."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from tests.workflow.conftest import new_screen

RULE = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"

NO_SHARED_FILES = {"kubernetes", "aws-batch"}
"""Without a shared file system; a folder stands in for the store of the dry run."""

PLUGINS = {
    "slurm": "slurm",
    "lsf": "lsf",
    "sge": "cluster_generic",
    "htcondor": "htcondor",
    "kubernetes": "kubernetes",
    "aws-batch": "aws_batch",
}

MEMORY = {
    "lsf": "mem_mb",
    "sge": "slot_mb",
    "htcondor": "htcondor_request_mem_mb",
    "kubernetes": "mem_mb",
    "aws-batch": "mem_mb",
}
"""The resource that each scheduler is asked for memory by."""


def profile(root: Path, name: str) -> dict:
    return yaml.safe_load((root / f"profiles/{name}/config.yaml").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> Path:
    screen = new_screen(tmp_path_factory.mktemp("screen"), tyk2_protein, tyk2_ligands)
    screen.config["controls"] = {"redock": True, "gate": "stop"}
    (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config))
    return screen.folder


@pytest.mark.workflow
@pytest.mark.parametrize("name", [name for name in PLUGINS if name != "slurm"])
def test_dry_run_takes_the_profile(name: str, folder: Path, root: Path) -> None:
    # Slurm's own tests run it for real
    plugins = [f"snakemake_executor_plugin_{PLUGINS[name]}"]
    plugins += ["snakemake_storage_plugin_fs"] if name in NO_SHARED_FILES else []
    missing = [each for each in plugins if importlib.util.find_spec(each) is None]
    if missing:
        pytest.skip(f"needs pip install {' '.join(missing).replace('_', '-')}")
    command = [
        "snakemake", "--dry-run", "--snakefile", str(root / "Snakefile"),
        "--workflow-profile", str(root / "profiles" / name), "--configfile", "config.yaml",
    ]  # fmt: skip
    if name in NO_SHARED_FILES:
        command += ["--default-storage-provider", "fs", "--default-storage-prefix", str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-3000:]
    counted = dict(re.findall(r"^(\w+) +(\d+)$", told, re.MULTILINE))
    assert counted["split"] == counted["prepare_receptor"] == counted["screen"] == "1"
    assert counted["redock"] == counted["rescore"] == counted["gate"] == "1"
    assert not list(folder.rglob("*.parquet"))


@pytest.mark.parametrize("name", PLUGINS)
def test_profile_names_rules_that_exist_and_nothing_of_the_experiment(
    name: str, root: Path
) -> None:
    rules = {
        rule
        for path in (root / "workflow/rules").glob("*.smk")
        for rule in re.findall(RULE, path.read_text(), re.MULTILINE)
    }
    found = profile(root, name)
    assert set(found["set-threads"]) | set(found["set-resources"]) <= rules
    assert not {"config", "configfile", "configfiles"} & set(found)


@pytest.mark.parametrize("name", MEMORY)
def test_each_scheduler_is_asked_for_memory_by_its_own_name(name: str, root: Path) -> None:
    found = profile(root, name)
    assert MEMORY[name] in found["default-resources"]
    slurm = profile(root, "slurm")["set-resources"]
    for rule, resources in found["set-resources"].items():
        memory = resources.get(MEMORY[name])
        assert (memory is None) == ("mem_mb" not in slurm[rule]) or rule == "split"
        if memory is not None and rule != "split":
            assert str(memory).removesuffix(" // threads") == str(slurm[rule]["mem_mb"])


def test_grid_engine_status_script_is_valid_and_executable(root: Path) -> None:
    script = root / "profiles/sge/status.sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
