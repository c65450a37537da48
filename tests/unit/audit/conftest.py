"""A finished results folder, with the files and records that a run leaves."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from screenmm.audit.crate import write_crate
from screenmm.config.settings import Settings, load_settings
from screenmm.execution.usage import metered
from screenmm.metrics.model import write_metrics
from screenmm.run.layout import Layout
from tests.unit.made_up import metrics

ROOT = Path(__file__).resolve().parents[3]
HOST = "mallorys-laptop"
"""A person's name that must not travel."""


@dataclass
class Screen:
    """A project folder below a person's folder, with one input outside it."""

    folder: Path

    @property
    def results(self) -> Path:
        return self.folder / "results"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def settings(self) -> Settings:
        return load_settings(self.config)

    def write(self) -> None:
        write_crate(self.settings, self.folder, self.results, ROOT)

    def entities(self) -> dict[str, dict]:
        text = (self.results / "ro-crate-metadata.json").read_text()
        return {entity["@id"]: entity for entity in json.loads(text)["@graph"]}

    def add_usage(self, rule: str, target: str, **changes: object) -> None:
        """Append a line to a job's record."""
        folder = self.results / "usage"
        path = folder / rule / f"{target}.jsonl" if target else folder / f"{rule}.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as handle:
            handle.write(json.dumps(self.line | changes) + "\n")

    def record_line(self) -> None:
        """Take a line as a real job writes it, and give its machine a telling name."""
        path = self.folder / "one.jsonl"
        command = ["screenmm", "dock", "--receptor", str(self.results / "receptors/wt")]
        with metered("dock", path, command):
            pass
        self.line = json.loads(path.read_text())
        self.line["host"]["name"] = HOST
        path.unlink()


def make_screen(folder: Path, shards: int) -> Screen:
    """Write a finished screen of so many ligand shards."""
    screen = Screen(folder / "home/mallory/project")
    screen.folder.mkdir(parents=True)
    outside = folder / "home/mallory/secret"
    outside.mkdir()
    (outside / "crystal.sdf").write_text("a ligand\n")
    (screen.folder / "library.smi").write_text("CCO ethanol\n")
    (screen.folder / "protein.pdb").write_text("END\n")
    config = {
        "name": "audited",
        "results": str(screen.results),
        "library": {"files": ["library.smi"]},
        "receptors": {"wt": {"structure": "protein.pdb"}},
        "pocket": {"ligand": str(outside / "crystal.sdf")},
    }
    screen.config.write_text(yaml.safe_dump(config))
    for name in (
        "library/sources.parquet", "library/annotations.json", "ligands/membership.parquet",
        "ligands/merge.events.parquet",
        "ranking.csv", "picks.csv", "hits.sdf", "ledger.csv", "screen.duckdb", "report.html",
        "receptors/wt/receptor.cif", "complexes/wt/0001_a b.cif", "library/records/b.parquet",
        "controls/wt/redock.json", "library/parents/b.parquet", "scores/wt.manifest.json",
        "inspected/wt/b.parquet", "selected/wt/shards/b.sdf.gz",
        "bias/fates.csv", "figures/wt-roc.svg", "tables/wt-roc.csv", "view_hits.pml",
        "view_hits.cxc",
    ):  # fmt: skip
        path = screen.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"contents of {name}\n")
    write_metrics(
        metrics(platforms={"CUDA": 4}, own_kernels={"A100": 3, "A100 and host": 1}),
        screen.results / "metrics.json",
    )
    for number in range(shards):
        for name in ("ligands/shards/{}.parquet", "poses/wt/{}.parquet"):
            path = screen.results / name.format(f"b{number:012b}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    (screen.results / "ligands/states").mkdir()
    screen.record_line()
    targets = {**Layout(screen.results).targets(screen.settings), "report": {""}}
    for rule, jobs in targets.items():
        for target in jobs:
            screen.add_usage(rule, target)
    return screen


@pytest.fixture
def screen(tmp_path: Path) -> Screen:
    return make_screen(tmp_path, 2)


@pytest.fixture
def make(tmp_path: Path) -> Callable[[int], Screen]:
    return lambda shards: make_screen(tmp_path, shards)
