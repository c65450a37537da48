"""Screens as modules of another Snakefile: the example of the docs, and what must go wrong."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from screenmm.demo import write_demo
from screenmm.files.locks import lock_results

from .conftest import ROOT, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(5)]

EXAMPLE = ROOT / "docs/examples/two_screens"
TIERS = [{"effort": "fast"}, {"effort": "standard", "top": 1}]
MODULES = {"wild_type": "tyk2", "variant": "M90F"}
"""Modules of the example, and their receptors."""


def snakemake(folder: Path, *options: str, snakefile: Path | str = "Snakefile") -> tuple[int, str]:
    """Run in a folder without a profile; returns the status and what was said."""
    done = subprocess.run(
        ["snakemake", "--snakefile", str(snakefile), "--cores", "2", *options],
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example as its docs say, run once in a folder of its own; with what it said.

    But for the tiers in which the second screen docks.
    """
    folder = tmp_path_factory.mktemp("two_screens")
    shutil.copy(EXAMPLE / "fragments.smi", folder)
    config = yaml.safe_load((EXAMPLE / "screens.yaml").read_text())
    config["variant"]["docking"] = {"poses": 2, "tiers": TIERS}
    (folder / "screens.yaml").write_text(yaml.safe_dump(config))
    write_demo(folder / "tyk2")
    status, said = snakemake(folder, snakefile=EXAMPLE / "Snakefile")
    assert status == 0, said[-6000:]
    return folder, said


@pytest.mark.system
def test_two_screens_run_side_by_side(example: tuple[Path, str]) -> None:
    folder, said = example
    jobs = Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", said))
    for module, receptor in MODULES.items():
        assert [jobs[f"{module}_{rule}"] for rule in ("split", "prepare_receptor", "rank")] == [
            1
        ] * 3
        with (folder / f"results/{module}/ranking.csv").open(newline="") as handle:
            rows = list(csv.DictReader(handle))
        assert {row["receptor"] for row in rows} == {receptor}
        names = ["2-aminopyrimidine", "7-azaindole", "nicotinamide"]
        assert sorted(row["name"] for row in rows) == names
        assert sorted(row["tier"] for row in rows) == (["1"] * 3 if module == "wild_type"
                                                       else ["1", "1", "2"])  # fmt: skip
        # it held the folder, as a screen alone does
        assert "process" in (folder / f"results/{module}/.run.lock").read_text()
        assert f"results/{module}/report.html" in said.rpartition("steps (100%) done")[2]
    assert (jobs["wild_type_dock_again"], jobs["variant_dock_again"]) == (0, 1)
    # each screened its own receptor
    tables = [(folder / f"results/{module}/ranking.csv").read_text() for module in MODULES]
    assert tables[0] != tables[1]
    status, said = snakemake(folder, "-n", snakefile=EXAMPLE / "Snakefile")
    assert status == 0
    assert "Nothing to be done" in said


@pytest.mark.system
@pytest.mark.parametrize("module", MODULES)
def test_what_a_module_made_is_that_of_the_screen_alone(
    example: tuple[Path, str], tmp_path: Path, module: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(example[0], folder)
    config = yaml.safe_load((folder / "screens.yaml").read_text())[module]
    config["results"] = f"results/{module}"
    (folder / "alone.yaml").write_text(yaml.safe_dump(config))
    _, said = snakemake(folder, "-n", "--configfile", "alone.yaml", snakefile=ROOT / "Snakefile")
    assert "Nothing to be done" in said


@pytest.mark.system
def test_a_module_does_not_start_where_another_run_writes(
    example: tuple[Path, str], tmp_path: Path
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(example[0], folder)
    (folder / "results/variant/ranking.csv").unlink()
    handle = lock_results(folder / "results/variant")
    try:
        status, said = snakemake(folder, snakefile=EXAMPLE / "Snakefile")
    finally:
        os.close(handle)
    assert status == 1
    assert "another run writes to results/variant" in said
    assert "Finished jobid" not in said


@pytest.mark.system
def test_snakemakes_own_report_has_both_screens(example: tuple[Path, str], tmp_path: Path) -> None:
    folder = example[0]
    page = tmp_path / "own.html"
    status, said = snakemake(folder, "--report", str(page), snakefile=EXAMPLE / "Snakefile")
    assert status == 0, said[-3000:]
    text = page.read_text()
    assert "Virtual screens, by ScreenMM" in text
    assert "results/wild_type/ranking.csv" in text
    assert "results/variant/ranking.csv" in text


Outer = Callable[..., Path]


@pytest.fixture
def outer(screen: Screen) -> Outer:
    """Write a Snakefile that uses the screen as module ``first``; returns its folder."""

    def write(config: str = "config", *, inside: str = "", after: str = "") -> Path:
        (screen.folder / "config.yaml").write_text(yaml.safe_dump(screen.config))
        (screen.folder / "Snakefile").write_text(
            'configfile: "config.yaml"\n'
            f'module first:\n    snakefile: "{ROOT}/Snakefile"\n    config: {config}\n{inside}\n'
            f"use rule * from first as first_*\n{after}\n"
        )
        return screen.folder

    return write


def test_a_module_redocks_and_gates(outer: Outer, screen: Screen) -> None:
    screen.config["controls"] = {"redock": True, "gate": "stop"}
    status, said = snakemake(outer(), "-n")
    assert status == 0, said[-3000:]
    counted = dict(re.findall(r"^(\w+) +(\d+)$", said, re.MULTILINE))
    assert [counted[f"first_{rule}"] for rule in ("redock", "rescore", "gate")] == ["1"] * 3
    # none of them is missing: rules are local under their new names
    assert "localrules directive" not in said


def test_a_modules_job_finds_the_command_without_the_environment(outer: Outer) -> None:
    folder = outer()
    beside = Path(sys.executable).parent
    bare = os.pathsep.join(
        each
        for each in os.environ["PATH"].split(os.pathsep)
        if not shutil.which("screenmm", path=each)
    )
    done = subprocess.run(
        [str(beside / "snakemake"), "results/library/sources.parquet", "--cores", "1"],
        cwd=folder, env=os.environ | {"PATH": bare}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert (folder / "results/library/sources.parquet").is_file()


@pytest.mark.parametrize("before", [True, False])
def test_a_module_starts_beside_an_onstart_of_the_main_snakefile(
    outer: Outer, screen: Screen, before: bool
) -> None:
    mine = screen.folder / "results"
    mine.mkdir()
    (mine / "mine.txt").write_text("mine")
    folder = outer(after="" if before else 'onstart:\n    print("my own start")\n')
    if before:
        text = (folder / "Snakefile").read_text()
        (folder / "Snakefile").write_text(f'onstart:\n    print("my own start")\n\n{text}')
    status, said = snakemake(folder, "results/library/sources.parquet")
    assert status == 1
    assert "the results folder results holds mine.txt, and no run of ScreenMM made it" in said
    assert "my own start" not in said
    (mine / "mine.txt").unlink()
    status, said = snakemake(folder, "results/library/sources.parquet")
    assert status == 0, said[-3000:]
    assert said.count("my own start") == 1


def test_another_use_of_a_rule_starts_nothing_twice(outer: Outer) -> None:
    again = "use rule split from first as first_split with:\n    priority: 5\n"
    status, said = snakemake(outer(after=again), "results/library/sources.parquet")
    assert status == 0, said[-3000:]


def test_a_config_of_a_file_elsewhere_keeps_its_paths(outer: Outer, screen: Screen) -> None:
    elsewhere = screen.folder / "elsewhere"
    elsewhere.mkdir()
    for name in ("library.smi", "receptor.pdb", "crystal_ligand.sdf"):
        (screen.folder / name).rename(elsewhere / name)
    (elsewhere / "my.yaml").write_text(yaml.safe_dump(screen.config))
    folder = outer(
        'config_from("elsewhere/my.yaml")', inside="    pathvars:\n        results='out'"
    )
    text = (folder / "Snakefile").read_text()
    imported = "from screenmm.config.settings import config_from\n"
    (folder / "Snakefile").write_text(imported + text)
    status, said = snakemake(folder, "-n", "-p")
    assert status == 0, said[-3000:]
    assert '"path": "elsewhere/library.smi"' in said
    assert "--out out/receptors/tyk2" in said


@pytest.mark.parametrize(
    ("config", "inside", "after", "complaint"),
    [
        ("{}", "", "", 'module first has no config: write config: config\\["first"\\]'),
        ("config | {'sed': 2}", "", "", "module first: .* unknown key 'sed'; did you mean seed"),
        ("config", "    prefix: 'one'", "", "prefix and replace_prefix also move what is read"),
        (
            "config", "",
            f'module second:\n    snakefile: "{ROOT}/Snakefile"\n    config: config\n'
            "    pathvars:\n        results='results/second'\n"
            "use rule * from second as second_*\n",
            "modules first and second write to .*: give each a results folder of its own",
        ),
    ],
)  # fmt: skip
def test_what_a_module_cannot_be(
    outer: Outer, config: str, inside: str, after: str, complaint: str
) -> None:
    status, said = snakemake(outer(config, inside=inside, after=after), "-n")
    assert status == 1
    assert re.search(complaint, said, re.DOTALL), said[-3000:]
