"""A new stage is a module, a rule and an environment: nothing else names it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from .conftest import FRAGMENTS, ROOT, Screen

MODULE = '''\
"""Stage ``tally``: how many records of a shard became parents."""

import argparse
import json
from pathlib import Path

from screenmm.config.settings import Ligands
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

STAGE = Stage(
    "tally",
    place=25,
    words="count a shard's parents",
    version=1,
    keys={"ligands": frozenset({"max_heavy_atoms"})},
    shards_of="split",
    reads={"parents": "library/parents/{shard}.parquet"},
    writes={"tally": "tallies/{shard}.json"},
    unit="record",
    rate=Rate(1e-5, 0.5),
    passes={"tallies/": "Parents, counted"},
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_settings_argument(parser)
    parser.add_argument("--parents", type=Path, required=True)
    parser.add_argument("--tally", type=Path, required=True)


def run(args: argparse.Namespace) -> None:
    import pyarrow.parquet as pq

    most = settings_of(args, STAGE).section("ligands", Ligands).max_heavy_atoms
    count = pq.read_metadata(args.parents).num_rows
    args.tally.write_text(json.dumps({"parents": count, "max_heavy_atoms": most}))
'''

RULE = """\
rule tally:
    input:
        parents="<results>/library/parents/{shard}.parquet",
    output:
        tally="<results>/tallies/{shard}.json",
    log:
        "<logs>/tally/{shard}.log",
    conda:
        "../../envs/tally.yaml"
    params:
        settings=stage_settings(SETTINGS, "tally"),
    shell:
        "screenmm tally --settings {params.settings:q} --parents {input.parents:q} "
        "--tally {output.tally:q} 2> {log:q}"
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project with one stage more."""
    folder = tmp_path / "checkout"
    for name in ("workflow", "envs", "profiles", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    snakefile = (ROOT / "Snakefile").read_text()
    last = 'include: "workflow/rules/library.smk"\n'
    assert last in snakefile
    (folder / "Snakefile").write_text(
        snakefile.replace(last, f'{last}include: "workflow/rules/tally.smk"\n')
    )
    (folder / "workflow/screenmm/stages/tally.py").write_text(MODULE)
    (folder / "workflow/rules/tally.smk").write_text(RULE)
    shutil.copy(ROOT / "envs/library.yaml", folder / "envs/tally.yaml")
    return folder


def test_a_new_stage_is_a_module_a_rule_and_an_environment(checkout: Path, screen: Screen) -> None:
    (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config))
    environment = os.environ | {"PYTHONPATH": str(checkout / "workflow")}

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=screen.folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout + done.stderr

    def snakemake(target: str, *options: str) -> str:
        files = ["--snakefile", str(checkout / "Snakefile"), "--configfile", "config.yaml"]
        return run("snakemake", *files, "--cores", "1", *options, target)

    tally = "results/tallies/b.json"
    snakemake("results/library/sources.parquet")  # only then there are shards
    snakemake(tally)
    counted = json.loads((screen.folder / tally).read_text())
    assert counted == {"parents": len(FRAGMENTS), "max_heavy_atoms": 100}
    assert "Nothing to be done" in snakemake(tally)
    assert "count a shard's parents" in run("screenmm", "--help")

    plan = json.loads(run("screenmm", "plan", "config.yaml", "--json"))
    assert plan["stages"]["tally"]["units"] == plan["records"]
    code = (
        "import sys; from pathlib import Path\n"
        "from screenmm.config.settings import load_settings\n"
        "from screenmm.run.layout import Layout\n"
        "from screenmm.audit.stages import described, entities, intermediate\n"
        "stage = next(s for s in described() if s.name == 'tally')\n"
        "targets = Layout(Path('results')).targets(load_settings(Path('config.yaml')))\n"
        "print(targets['tally'], entities(stage.writes.values()), intermediate()['tallies/'])"
    )
    assert run("python", "-c", code) == "{'b'} ['tallies/'] Parents, counted\n"

    # a key that it reads makes it again, another one does not
    for key, value, runs in (("max_states", 1, False), ("max_heavy_atoms", 40, True)):
        screen.config.setdefault("ligands", {})[key] = value
        (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config))
        assert ("rule tally:" in snakemake(tally, "--dry-run")) == runs
