"""Replay of a real screen: every ligand comes out the same, and what was tampered with is found."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from .conftest import FRAGMENTS, Screen, new_screen

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(4)]

LIBRARY = {name: FRAGMENTS[name] for name in ("indole", "phenol")} | {
    "phenol again": FRAGMENTS["phenol"],
    "silane": "C[Si](C)(C)C",
    "not a molecule": "c1ccc",
    # camphor whose two marks exclude each other
    "strained": "CC1(C)[C@@H]2CC[C@]1(C)C(=O)C2",
}


@pytest.fixture(scope="module")
def finished(tmp_path_factory, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> Screen:
    """Two ligands, one duplicate, three records that fail; one ligand is scored."""
    screen = new_screen(tmp_path_factory.mktemp("replayed"), tyk2_protein, tyk2_ligands)
    screen.write_library(LIBRARY)
    screen.config["library"]["shard_size"] = 100
    screen.config["scoring"] |= {"top": 1, "jitter_replicas": 1}
    screen.run(2)
    return screen


def replay(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "screenmm.cli", "replay", *words, "--config", "config.yaml"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_record_replays_exactly(finished: Screen) -> None:
    done = replay(finished.folder, *LIBRARY, "--receptor-too", "--json", "--workers", "2")
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["platform"] == "CPU"
    assert found["tolerance_kcal_mol"] is None
    assert found["changed_versions"] == {}
    steps = found["steps"]
    assert {step["verdict"] for step in steps} == {"identical"}
    by_key = {key: [s["step"] for s in steps if s["key"] == key] for key in LIBRARY}
    whole = [
        "settings", "input", "standardise", "merge", "prepare_ligands", "receptor", "dock",
        "select", "score", "minimised", "inspect", "ranking", "ledger",
    ]  # fmt: skip
    assert by_key["indole"] == by_key["phenol again"] == by_key["strained"] == whole
    assert by_key["silane"] == ["settings", "input", "standardise", "ledger"]
    ledger = {step["key"]: step["recomputed"] for step in steps if step["step"] == "ledger"}
    assert ledger["silane"].startswith("failed unsupported_element Si: the force field covers")
    assert ledger["not a molecule"].startswith("failed invalid_structure ")
    assert ledger["strained"].startswith("failed embedding_failed ")
    fate, twin = ledger["phenol again"].split("; ")
    assert fate.startswith("ranked rank by ")
    assert twin == (
        "duplicate duplicate_structure the same structure as phenol "
        f"(record {record_of(finished, 'phenol')})"
    )
    # one of the two reaches scoring: the choice among all ligands is replayed, too
    scored = {step["key"] for step in steps if step["step"] == "score" and step["stored"]}
    assert scored in ({"indole"}, {"phenol", "phenol again"})


def record_of(screen: Screen, name: str) -> str:
    table = pq.read_table(screen.results / "library/sources.parquet").to_pylist()
    return next(row["record"] for row in table if row["name"] == name)


def test_what_was_tampered_with_is_found(finished: Screen, tmp_path: Path) -> None:
    folder = tmp_path / "screen"
    shutil.copytree(finished.folder, folder)
    scored = []
    for path in sorted((folder / "results/scores/tyk2").glob("b*.parquet")):
        if not path.name.endswith(".events.parquet"):
            table = pq.read_table(path)
            scored += table["inchikey"].to_pylist()
            better = pa.array([x - 0.01 for x in table["vdw_kcal_mol"].to_pylist()])
            column = table.schema.get_field_index("vdw_kcal_mol")
            pq.write_table(table.set_column(column, "vdw_kcal_mol", better), path)
    ranking = folder / "results/ranking.csv"
    lines = ranking.read_text().splitlines()
    lines = [
        line.replace(",A:", ",A:TRP:999 -9.9; A:", 1) if scored[0] in line else line
        for line in lines
    ]
    ranking.write_text("\n".join(lines) + "\n")
    library = folder / "library.smi"
    library.write_text(library.read_text().replace("C[Si](C)(C)C", "C[Si](C)(C)CC"))
    done = replay(folder, scored[0], "silane", "--json")
    assert done.returncode == 1
    wrong = {
        (step["key"], step["step"]): step["detail"]
        for step in json.loads(done.stdout)["steps"]
        if step["verdict"] != "identical"
    }
    assert set(wrong) == {(scored[0], "score"), (scored[0], "ranking"), ("silane", "input")}
    assert "vdw 0.0100" in wrong[scored[0], "score"]
    assert "dg_mmgbsa 0.0000" in wrong[scored[0], "score"]
    assert wrong[scored[0], "ranking"] == "columns main_residues"
    assert wrong["silane", "input"].endswith("is now 'C[Si](C)(C)CC'")
    last = done.stderr.splitlines()[-1]
    assert last.startswith("screenmm replay: 3 of 17 steps differ from what the run stored: ")


def test_unknown_and_ambiguous_names_are_told(finished: Screen, tmp_path: Path) -> None:
    done = replay(finished.folder, "indol")
    assert done.returncode == 1
    assert "no record, InChIKey or name 'indol' in this run; closest: indole, " in done.stderr
    folder = tmp_path / "screen"
    shutil.copytree(finished.folder / "results/library", folder / "results/library")
    shutil.copytree(finished.folder / "results/ligands", folder / "results/ligands")
    for name in ("config.yaml", "receptor.pdb", "crystal_ligand.sdf", "library.smi"):
        shutil.copy(finished.folder / name, folder)
    unfinished = replay(folder, "indole")
    assert "holds no finished run (no ledger.csv): run the screen to its end" in unfinished.stderr
    shutil.copy(finished.results / "ledger.csv", folder / "results")
    sources = folder / "results/library/sources.parquet"
    table = pq.read_table(sources)
    names = pa.array(
        ["twice" if n in ("indole", "phenol") else n for n in table["name"].to_pylist()]
    )
    place = table.schema.get_field_index("name")
    pq.write_table(table.set_column(place, "name", names), sources)
    done = replay(folder, "twice")
    assert done.returncode == 1
    assert "twice names 2 different molecules: " in done.stderr
    assert "SIKJAQJRHWYJAI-UHFFFAOYSA-N" in done.stderr  # indole
    assert "ISWSIDIOOBJBQZ-UHFFFAOYSA-N" in done.stderr  # phenol
    other = replay(finished.folder, "indole", "--receptor", "wt")
    assert "no receptor 'wt' in the config; it has tyk2" in other.stderr


def test_a_file_that_the_receptor_was_made_from_and_is_gone_is_named(
    finished: Screen, tmp_path: Path
) -> None:
    folder = tmp_path / "screen"
    shutil.copytree(finished.folder, folder)
    (folder / "crystal_ligand.sdf").unlink()
    done = replay(folder, "indole", "--receptor-too")
    assert done.returncode == 1
    assert "crystal_ligand.sdf is not here: receptor tyk2 cannot be prepared again" in done.stderr
