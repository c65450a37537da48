"""Profiles of schedulers: each is taken by its executor plugin, in a dry run of a real screen."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
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

ASKED = {
    # rule: threads, MB, minutes
    "split": (1, 2000, 240),
    "standardise": (2, 2000, 60),
    "merge": (1, 8000, 60),
    "prepare_ligands": (8, 1000 + 8 * 500, 120),
    "prepare_receptor": (1, 4000, 60),
    "check_filters": (1, 2000, 60),
    "reference": (1, 2000, 60),
    "redock": (1, 2000, 60),
    "rescore": (1, 2000 + 1000, 60),
    "compare": (1, 2000, 60),
    "gate": (1, 2000, 60),
    "dock": (8, 1000 + 8 * 500, 240),
    "advance": (1, 8000, 60),
    "dock_again": (8, 1000 + 8 * 500, 240),
    "select": (1, 8000, 60),
    "score": (8, 2000 + 8 * 1000, 240),
    "inspect": (8, 1000 + 8 * 500, 60),
    "manifest": (1, 2000, 60),
    "rank": (4, 8000, 120),
    "report": (1, 2000, 60),
    "crate": (1, 2000, 60),
}
"""What a job of each rule asks for at its first attempt."""

RESOURCES = """
import json, sys
from pathlib import Path
from snakemake.api import ConfigSettings, OutputSettings, ResourceSettings, SnakemakeApi
with SnakemakeApi(OutputSettings(stdout=False)) as api:
    workflow = api.workflow(
        resource_settings=ResourceSettings(cores=64),
        config_settings=ConfigSettings(configfiles=[Path("config.yaml")]),
        snakefile=Path(sys.argv[1]),
    )._workflow
    asked = {
        rule.name: [
            {
                name: value
                for name, value in rule.expand_resources({}, [], attempt).items()
                if name in ("_cores", "mem_mb", "runtime")
            }
            for attempt in (1, 2)
        ]
        for rule in workflow.rules
    }
print(json.dumps(asked))
"""
"""Prints what the rules ask for, by rule and attempt."""


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
    assert set(found.get("set-resources", {})) <= rules
    assert set(found.get("slurm-array-jobs", "").split(",")) <= rules | {""}
    assert not {"config", "configfile", "configfiles"} & set(found)


@pytest.mark.workflow
def test_each_rule_asks_for_threads_memory_and_time_that_grow(folder: Path, root: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", RESOURCES, str(root / "Snakefile")],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found.pop("screen")
    for rule, (first, second) in found.items():
        grown = {name: 2 * first[name] for name in ("mem_mb", "runtime")}
        assert second == {"_cores": first["_cores"]} | grown, rule
    asked = {
        rule: (found[rule][0]["_cores"], found[rule][0]["mem_mb"], found[rule][0]["runtime"])
        for rule in ASKED
    }
    assert asked == ASKED


def test_htcondor_asks_for_the_rules_memory_by_its_own_name(root: Path) -> None:
    content = profile(root, "htcondor")
    default = content["default-resources"]["htcondor_request_mem_mb"]
    for rule, (threads, mb, _) in ASKED.items():
        own = content["set-resources"].get(rule, {}).get("htcondor_request_mem_mb", default)
        for attempt in (1, 2):
            assert eval(own, {"attempt": attempt, "threads": threads}) == attempt * mb, rule


def test_grid_engine_is_asked_for_memory_by_the_slot(root: Path) -> None:
    command = profile(root, "sge")["cluster-generic-submit-cmd"]
    filled = re.sub(r"\{resources\.mem_mb\}", "5000", command).replace("{threads}", "8")
    asked = re.search(r"-l (h_vmem=\S+)", filled)
    assert asked is not None
    said = subprocess.run(
        ["sh", "-c", f"echo {asked[1]}"], capture_output=True, text=True, check=True
    )
    assert said.stdout == "h_vmem=625M\n"


def test_grid_engine_status_script_is_valid_and_executable(root: Path) -> None:
    script = root / "profiles/sge/status.sh"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", str(script)], check=True)
