"""Small real screens, run by the real Snakemake."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from .slurm import LocalSlurm, local_slurm, why_not

ROOT = Path(__file__).resolve().parents[2]

FRAGMENTS = {
    "nicotinamide": "NC(=O)c1cccnc1",
    "indole": "c1ccc2[nH]ccc2c1",
    "benzamide": "NC(=O)c1ccccc1",
    "7-azaindole": "c1cnc2[nH]ccc2c1",
    "aminopyrimidine": "Nc1ncccn1",
    "phenol": "Oc1ccccc1",
}
"""Rigid molecules that dock in about a second."""


@dataclass
class Screen:
    """A screen in a folder of its own."""

    folder: Path
    config: dict

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def write_library(self, molecules: dict[str, str], name: str = "library.smi") -> None:
        lines = [f"{smiles} {title}\n" for title, smiles in molecules.items()]
        (self.folder / name).write_text("".join(lines))

    def run(self, cores: int = 2, *options: str, check: bool = True) -> Counter[str]:
        """Run the workflow; returns how many jobs of each rule ran."""
        (self.folder / "config.yaml").write_text(yaml.safe_dump(self.config, sort_keys=False))
        done = subprocess.run(
            [
                "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores),
                "--workflow-profile", str(ROOT / "profiles/default"),
                "--configfile", "config.yaml", *options,
            ],
            cwd=self.folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.output = done.stdout + done.stderr
        if check:
            assert done.returncode == 0, self.output[-6000:]
        return Counter(re.findall(r"Finished jobid: \d+ \(Rule: (\w+)\)", self.output))

    def bytes_of(self, *names: str) -> dict[str, bytes]:
        return {name: (self.results / name).read_bytes() for name in names}


@pytest.fixture
def screen(tmp_path: Path, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> Screen:
    return new_screen(tmp_path, tyk2_protein, tyk2_ligands)


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
        "docking": {"poses": 2},
        "scoring": {"top": 100, "poses": 1, "shard_size": 3, "max_iterations": 10},
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
