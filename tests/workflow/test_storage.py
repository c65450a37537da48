"""Jobs that share no disk: each runs in an empty folder and has what its rule declares."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from screenmm.config.settings import load_settings
from screenmm.execution.usage import read_usage
from screenmm.run.layout import Layout

from .conftest import FRAGMENTS, OF_CAMPAIGN, ROOT, STABLE, Screen, rows

pytestmark = [
    pytest.mark.workflow,
    pytest.mark.system,
    pytest.mark.minutes(12),
    pytest.mark.skipif(
        shutil.which("rsync") is None,
        reason="snakemake-storage-plugin-fs needs rsync: apt-get install rsync",
    ),
]

HERE = Path(__file__).parent / "no_shared_disk"
GIVEN = ("library.smi", "receptor.pdb", "crystal_ligand.sdf")


@pytest.fixture
def small(screen: Screen) -> Screen:
    """Two fragments in one shard, docked in two tiers beside a template, with the workflow below
    their folder, as sources are sent."""
    screen.write_library({name: FRAGMENTS[name] for name in ("indole", "phenol")})
    screen.config["docking"] = {
        "poses": 2, "tiers": [{"effort": "fast"}, {"effort": "standard", "top": 1}],
        "templates": ["crystal_ligand.sdf"],
    }  # fmt: skip
    screen.config["scoring"]["max_iterations"] = 3
    asked = "hydrogen bond to Val93"
    screen.config["ranking"] = {"interactions": {"must_not": [asked]}}
    screen.write_config()
    return screen


def through_store(folder: Path, store: Path, *options: str) -> tuple[Counter[str], str]:
    """Run a screen with all files in a store; returns jobs by rule, and the output."""
    jobs = folder.parent / "jobs"
    jobs.mkdir(exist_ok=True)
    done = subprocess.run(
        ["snakemake", "--configfile", "config.yaml", "--jobs", "2",
         "--executor", "cluster-generic",
         "--cluster-generic-submit-cmd", str(HERE / "submit.sh"),
         "--cluster-generic-status-cmd", str(HERE / "status.sh"),
         "--default-storage-provider", "fs", "--default-storage-prefix", str(store),
         "--shared-fs-usage", "none", "--job-deploy-sources",
         "--seconds-between-status-checks", "1", "--max-status-checks-per-second", "10", *options],
        cwd=folder, env=os.environ | {"JOBS_FOLDER": str(jobs)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    logs = "".join(path.read_text() for path in jobs.glob("*/output"))
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{logs[-3000:]}"
    return Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", done.stdout)), done.stdout


def sent(screen: Screen, folder: Path) -> tuple[Path, Path]:
    """Lay out a screen in a folder of its own, and its inputs in a store."""
    work, store = folder / "work", folder / "store"
    work.mkdir()
    store.mkdir()
    for name in ("Snakefile", "workflow", "envs"):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, work / name)
    shutil.copy(screen.folder / "config.yaml", work)
    for name in GIVEN:
        for place in (work, store):
            shutil.copy(screen.folder / name, place)
    return work, store


def test_a_screen_runs_to_its_report_without_a_shared_disk(small: Screen, tmp_path: Path) -> None:
    work, store = sent(small, tmp_path)
    jobs, _ = through_store(work, store)
    assert all(count == 1 for count in jobs.values())
    assert {
        "check_filters",
        "dock",
        "advance",
        "dock_again",
        "score",
        "rank",
        "report",
        "crate",
    } <= set(jobs)

    # nothing but the lock was left where snakemake ran
    assert [path.name for path in (work / "results").rglob("*")] == [".run.lock"]
    results = store / "results"
    small.run(2)
    for name in STABLE:
        assert (results / name).read_bytes() == (small.results / name).read_bytes(), name
    files = Layout(results, 2)
    usage = read_usage(files.usage)
    jobs_of = files.targets(load_settings(work / "config.yaml"))
    for rule, targets in jobs_of.items():
        assert {target: len(lines) for target, lines in usage[rule].items()} == dict.fromkeys(
            targets, 1
        ), rule
    metrics = json.loads((results / "metrics.json").read_text())
    assert metrics["costs"]["total"]["jobs"] == sum(map(len, jobs_of.values()))
    assert ".snakemake/" not in (results / "ro-crate-metadata.json").read_text()

    _, said = through_store(work, store, "--dry-run")
    assert "Nothing to be done" in said
    # what a job is given by another path is still a reason to run again
    _, said = through_store(work, store, "--dry-run", "--config", "library={shard_size: 2}")
    assert dict(re.findall(r"^(split|dock) +(\d+)$", said, re.MULTILINE)) == {"split": "1"}


def test_rounds_run_without_a_shared_disk(
    campaigned: Screen, campaign: Screen, tmp_path: Path
) -> None:
    campaign.write_config()
    work, store = sent(campaign, tmp_path)
    jobs, _ = through_store(work, store)
    assert (jobs["choose"], jobs["dock"], jobs["select_batch"], jobs["conclude"]) == (2, 2, 2, 1)
    for name in OF_CAMPAIGN:
        assert (store / "results" / name).read_bytes() == (campaigned.results / name).read_bytes()
    done = rows(store / "results/rounds.csv")
    assert all(float(row["cpu_h"]) > 0 for row in done)
    _, said = through_store(work, store, "--dry-run")
    assert "Nothing to be done" in said


def test_a_file_that_no_store_can_give_is_named(small: Screen) -> None:
    (small.folder / "library.smi").rename(small.folder / "{lib}.smi")
    small.config["library"]["files"] = ["{lib}.smi"]
    store = ("--default-storage-provider", "fs", "--default-storage-prefix", str(small.folder))
    small.run(1, "-n", *store, check=False)
    assert "library.files.0.path: {lib}.smi holds what Snakemake takes for" in small.output
