"""Small real screens, run by the real Snakemake."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from filelock import FileLock
from rdkit import Chem

from .slurm import LocalSlurm, local_slurm, why_not

ROOT = Path(__file__).resolve().parents[2]

SLURM_PROFILE = ROOT / "profiles/slurm/config.yaml"

SOON = (
    "--slurm-init-seconds-before-status-checks", "4", "--seconds-between-status-checks", "4",
    "--max-status-checks-per-second", "1",
)  # fmt: skip
"""Ask Slurm more often than a cluster's owner would like."""

MANY_THREADS = (
    "standardise", "prepare_ligands", "gather", "dock", "dock_again", "score", "inspect", "rank",
    "score_variants",
)  # fmt: skip
"""Rules whose jobs ask for more cores than the tests' node has to spare."""

FRAGMENTS = {
    "nicotinamide": "NC(=O)c1cccnc1",
    "indole": "c1ccc2[nH]ccc2c1",
    "benzamide": "NC(=O)c1ccccc1",
    "7-azaindole": "c1cnc2[nH]ccc2c1",
    "aminopyrimidine": "Nc1ncccn1",
    "phenol": "Oc1ccccc1",
}
"""Rigid molecules that dock in about a second."""


MORE = {
    "aniline": "Nc1ccccc1",
    "picoline": "Cc1ccncc1",
    "thiophene": "c1ccsc1",
    "imidazole": "c1c[nH]cn1",
    "quinoline": "c1ccc2ncccc2c1",
    "salicylamide": "NC(=O)c1ccccc1O",
}
LIBRARY = FRAGMENTS | MORE
"""Twelve of them."""

CHEAP = {"docking": {"poses": 1, "effort": "fast"}, "scoring": {
    "top": 2, "poses": 1, "protocol": "fast", "max_iterations": 5}}  # fmt: skip

STABLE = ("ranking.csv", "ledger.csv", "hits.sdf")
"""What has the same bytes wherever and however a screen ran."""

RANKED = "results/ranking.csv"
"""Where a run may end whose test asks nothing of the report."""

OF_CAMPAIGN = (*STABLE, "variants.csv", "biomarkers.csv")
"""The same, of a campaign that ends with variants."""


@dataclass
class Screen:
    """A screen in a folder of its own."""

    folder: Path
    config: dict
    environment: dict[str, str] = field(default_factory=dict)
    workers: int = 1
    """Of each job: to start one takes longer than a test's few molecules."""

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def write_library(self, molecules: dict[str, str], name: str = "library.smi") -> None:
        lines = [f"{smiles} {title}\n" for title, smiles in molecules.items()]
        (self.folder / name).write_text("".join(lines))

    def write_config(self) -> None:
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False))

    def run(self, cores: int = 2, *options: str, check: bool = True) -> Counter[str]:
        """Run the workflow; returns how many jobs of each rule ran."""
        process = self.start(cores, *options)
        self.output, _ = process.communicate()
        if check:
            assert process.returncode == 0, self.output[-6000:]
        return jobs_in(self.output)

    def start(self, cores: int = 2, *options: str) -> subprocess.Popen:
        """Start the workflow; what it says comes on its standard output."""
        self.write_config()
        return subprocess.Popen(
            [
                "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", "config.yaml",
                "--set-threads", *(f"{rule}={self.workers}" for rule in MANY_THREADS),
                "--workflow-profile", str(ROOT / "profiles/default"), "--cores", str(cores),
                *options,
            ],
            cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=os.environ | self.environment,
        )  # fmt: skip

    def bytes_of(self, *names: str) -> dict[str, bytes]:
        return {name: (self.results / name).read_bytes() for name in names}


def jobs_in(output: str) -> Counter[str]:
    """How many jobs of each rule ended, as Snakemake said."""
    return Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", output))


def rows(path: Path) -> list[dict[str, str]]:
    """Read a table."""
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


Made = Callable[[Path], Screen]


def run_once(tmp_path_factory: pytest.TempPathFactory, name: str, made: Made) -> Screen:
    """A screen that ran on two cores of this machine.

    The processes of a parallel test run share it: the first that asks runs it.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = shared / name, shared / f"{name}.done"
    with FileLock(shared / f"{name}.lock"):
        if done.exists():
            screen = Screen(folder, yaml.safe_load((folder / "config.yaml").read_text()))
            screen.output = done.read_text()
        else:
            folder.mkdir()
            screen = made(folder)
            screen.run(2)
            done.write_text(screen.output)
    return screen


@pytest.fixture(scope="session")
def finished(tmp_path_factory, tyk2_protein, tyk2_ligands) -> Screen:
    """Six fragments, several shards."""

    def made(folder: Path) -> Screen:
        screen = new_screen(folder, tyk2_protein, tyk2_ligands)
        screen.config["controls"] = {"redock": True}
        screen.workers = 2
        return screen

    return run_once(tmp_path_factory, "finished", made)


@pytest.fixture(scope="session")
def tiered(tmp_path_factory, tyk2_protein, tyk2_ligands) -> Screen:
    """Three fragments docked in two tiers."""

    def made(folder: Path) -> Screen:
        screen = new_screen(folder, tyk2_protein, tyk2_ligands)
        in_tiers(screen)
        return screen

    return run_once(tmp_path_factory, "tiered", made)


def in_tiers(screen: Screen) -> None:
    """Dock three fragments, each a shard, and the best of them again; score two."""
    screen.write_library({name: FRAGMENTS[name] for name in ("indole", "phenol", "benzamide")})
    screen.config["library"]["shard_size"] = 1
    tiers = [{"effort": "fast"}, {"effort": "standard", "top": 1}]
    screen.config["docking"] = {"poses": 2, "tiers": tiers}
    screen.config["scoring"] |= {"top": 2, "protocol": "fast"}
    screen.config["ranking"] = {"by": "mmgbsa"}


@pytest.fixture
def copy(finished: Screen, tmp_path: Path) -> Screen:
    """The finished screen, to change."""
    folder = tmp_path / "screen"
    # times and Snakemake's records come along: nothing is out of date
    shutil.copytree(finished.folder, folder)
    return Screen(folder, deepcopy(finished.config))


@pytest.fixture
def screen(tmp_path: Path, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> Screen:
    return new_screen(tmp_path, tyk2_protein, tyk2_ligands)


@pytest.fixture
def configured_in_tiers(screen: Screen) -> Screen:
    """A screen with tiers whose config is written."""
    in_tiers(screen)
    screen.write_config()
    return screen


@pytest.fixture
def campaign(screen: Screen) -> Screen:
    """Two rounds of four of twelve fragments."""
    in_rounds(screen)
    return screen


@pytest.fixture(scope="session")
def campaigned(tmp_path_factory, tyk2_protein, tyk2_ligands) -> Screen:
    """The same, run to its end."""

    def made(folder: Path) -> Screen:
        screen = new_screen(folder, tyk2_protein, tyk2_ligands)
        in_rounds(screen)
        return screen

    return run_once(tmp_path_factory, "campaigned", made)


def in_rounds(screen: Screen) -> None:
    """Dock eight of twelve fragments in two rounds, and in the second what was proposed.

    One record repeats, and one is broken. The two best are scored in a variant.
    """
    screen.write_library(LIBRARY | {"again": FRAGMENTS["indole"], "broken": "c1ccc"})
    screen.config |= CHEAP
    screen.config["library"]["shard_size"] = 8
    screen.config["rounds"] = {"number": 2, "batch": 4, "audit": "25 %"}
    screen.config["generate"] = {
        "proposers": {"fragments": 1, "genetic": 1}, "batch": 1, "proposals": 8, "parents": 4,
        "known_parts": False, "min_similarity": 0,
    }  # fmt: skip
    screen.config["variants"] = {
        "of": "tyk2", "list": ["V93A", "D1000N"], "top": 2, "controls": 2, "replicas": 1,
        "rotamers": 2,
    }  # fmt: skip


@pytest.fixture
def configured(screen: Screen) -> Screen:
    """A screen whose config is written."""
    screen.write_config()
    return screen


def new_screen(folder: Path, protein: Path, ligands: list[Chem.Mol]) -> Screen:
    shutil.copy(protein, folder / "receptor.pdb")
    crystal = next(mol for mol in ligands if mol.GetProp("_Name") == "ejm_42")
    Chem.MolToMolFile(crystal, str(folder / "crystal_ligand.sdf"))
    config = {
        "name": "small",
        "results": "results",
        "library": {"files": ["library.smi"], "shard_size": 3},
        "receptors": {"tyk2": {"structure": "receptor.pdb"}},
        "pocket": {"ligand": "crystal_ligand.sdf", "min_size_angstrom": 14},
        "ligands": {"max_states": 1},
        "docking": {"poses": 2, "effort": "fast"},
        "scoring": {"top": 100, "poses": 1, "shard_size": 3, "max_iterations": 10},
        # half a minute more for each screen; that of ``finished`` has it
        "controls": {"redock": False},
    }
    screen = Screen(folder, config)
    screen.write_library(FRAGMENTS)
    return screen


@pytest.fixture(scope="session")
def slurm() -> Iterator[LocalSlurm]:
    """A real Slurm of one node with two fake GPUs."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    with local_slurm() as running:
        yield running


@pytest.fixture
def slurm_profile(tmp_path: Path) -> Callable[..., Path]:
    """Make a copy of the project's profile with some keys changed, as its users do."""

    def write(**keys: object) -> Path:
        content = yaml.safe_load(SLURM_PROFILE.read_text())
        content["set-threads"] = dict.fromkeys(MANY_THREADS, 1)
        for key, value in keys.items():
            name = key.replace("_", "-")
            content[name] = content.get(name, {}) | value if isinstance(value, dict) else value
        folder = tmp_path / "profile"
        folder.mkdir(exist_ok=True)
        (folder / "config.yaml").write_text(yaml.safe_dump(content))
        return folder

    return write


@pytest.fixture
def through_slurm(slurm_profile: Callable[..., Path]) -> Callable[..., Counter[str]]:
    """Run a screen through Slurm: ``through_slurm(screen, *options, check=True, **keys)``."""

    def run(screen: Screen, *options: str, check: bool = True, **keys: object) -> Counter[str]:
        profile = slurm_profile(**keys)
        return screen.run(100, "--workflow-profile", str(profile), *SOON, *options, check=check)

    return run
