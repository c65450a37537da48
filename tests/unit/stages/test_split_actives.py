"""Known actives come behind the library, with label 1, whichever way the config is handed over."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from screenmm.cli import main
from screenmm.config.settings import load_settings
from screenmm.run.stages import stage_settings

CONFIG = """\
name: x
results: results/x
library: {files: [library.smi]}
receptors: {wt: {structure: protein.pdb}}
pocket: {center: [0, 0, 0], size: [20, 20, 20]}
controls: {actives: [known.smi]}
"""


def test_actives_are_records_with_label_1(tmp_path: Path) -> None:
    (tmp_path / "library.smi").write_text("CCO ethanol\nc1ccccc1O phenol\n")
    (tmp_path / "known.smi").write_text("c1ccccc1O hit\nnonsense broken\n")
    (tmp_path / "protein.pdb").touch()
    (tmp_path / "my.yaml").write_text(CONFIG)
    by_rule = stage_settings(load_settings(tmp_path / "my.yaml"), "split")
    tables = []
    for name, settings in (("hand", str(tmp_path / "my.yaml")), ("rule", by_rule)):
        out = tmp_path / name
        assert main(["split", "--settings", settings, "--out", str(out)]) == 0
        tables.append(pq.read_table(out / "sources.parquet").to_pylist())
    assert tables[0] == tables[1]
    assert [(row["name"], row["file"], row["label"]) for row in tables[0]] == [
        ("ethanol", "library.smi", None),
        ("phenol", "library.smi", None),
        ("hit", "known.smi", 1),
        ("broken", "known.smi", 1),
    ]
