"""What a shard depends on, its settings and its files, is in its journal's fingerprint."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.cli import main
from screenmm.config.settings import load_settings
from screenmm.execution import shard as module
from screenmm.files.whole import sha256, write_text_gz
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.run.stages import stage_settings
from screenmm.tables.dictionary import LIGANDS, SCORES
from screenmm.tables.schema import schema
from tests.unit.stages.test_split_actives import CONFIG

OUTPUTS = {
    "standardise": ["parents.parquet"],
    "prepare_ligands": ["states.sdf.gz"],
    "dock": ["poses.sdf.gz", "table.parquet"],
    "score": ["scores.parquet", "minimised.sdf.gz"],
    "inspect": ["inspected.parquet"],
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A receptor's files, and an empty shard of every kind."""
    for name in ("library.smi", "known.smi", "protein.pdb"):
        (tmp_path / name).write_text("C methane\n")
    (tmp_path / "my.yaml").write_text(CONFIG)
    receptor = ReceptorFolder(tmp_path / "wt")
    receptor.path.mkdir()
    for path in receptor.files:
        path.write_text(f"of {path.name}")
    receptor.pocket.write_text('{"center_angstrom": [0, 0, 0], "size_angstrom": [20, 20, 20]}')
    write_text_gz(tmp_path / "empty.sdf.gz", "")
    for name, columns in (("ligands", LIGANDS), ("scored", SCORES)):
        pq.write_table(
            pa.Table.from_pylist([], schema=schema(columns)), tmp_path / f"{name}.parquet"
        )
    records = pa.schema([("record", pa.string())])
    pq.write_table(pa.Table.from_pylist([], schema=records), tmp_path / "records.parquet")
    return tmp_path


def inputs_of(stage: str, home: Path) -> dict[str, Path]:
    """Files of a stage, by the option that names each."""
    return {
        "standardise": {"records": home / "records.parquet"},
        "prepare_ligands": {"ligands": home / "ligands.parquet"},
        "dock": {"states": home / "empty.sdf.gz", "receptor": home / "wt"},
        "score": {"poses": home / "empty.sdf.gz", "receptor": home / "wt"},
        "inspect": {
            "scores": home / "scored.parquet", "minimised": home / "empty.sdf.gz",
            "receptor": home / "wt",
        },
    }[stage]  # fmt: skip


def depended_on(stage: str, home: Path) -> list[Path]:
    receptor = ReceptorFolder(home / "wt")
    of_receptor = {
        "dock": receptor.docked_into,
        "score": receptor.model,
        # the CNN is asked about poses in the receptor as docking had it
        "inspect": (receptor.structure, *receptor.model, receptor.pdbqt),
    }
    own = [path for option, path in inputs_of(stage, home).items() if option != "receptor"]
    return [*own, *of_receptor.get(stage, ())]


@pytest.fixture
def fingerprinted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What went into each fingerprint."""
    noted: list[tuple[str, ...]] = []
    real: Callable[..., str] = module.fingerprint

    def spy(*parts: str) -> str:
        noted.append(parts)
        return real(*parts)

    monkeypatch.setattr(module, "fingerprint", spy)
    return noted


@pytest.mark.parametrize("stage", OUTPUTS)
def test_settings_and_inputs_are_in_the_fingerprint(
    stage: str, home: Path, fingerprinted: list[tuple[str, ...]]
) -> None:
    options = {option: str(path) for option, path in inputs_of(stage, home).items()}
    for name in (*OUTPUTS[stage], "events.parquet"):
        options[name.split(".")[0]] = str(home / "out" / name)
    (home / "out").mkdir()
    asked = json.loads(stage_settings(load_settings(home / "my.yaml"), stage))
    if stage in ("dock", "score"):
        section, key = {"dock": ("docking", "device"), "score": ("scoring", "platform")}[stage]
        asked[section][key] = {"dock": "cpu", "score": "CPU"}[stage]
    command = [stage.replace("_", "-"), "--workers", "1", "--settings", json.dumps(asked)]
    assert main([*command, *(x for n, path in options.items() for x in (f"--{n}", path))]) == 0
    ((settings, *digests),) = fingerprinted
    assert json.loads(settings) == asked
    assert digests == [sha256(path) for path in depended_on(stage, home)]
