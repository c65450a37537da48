"""A score that only one engine gives: from its module to the ranking, the controls, the page."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import duckdb
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import rdMolDescriptors

import screenmm.docking.engines
from screenmm.analysis.controls import controls
from screenmm.analysis.verdict import score_words
from screenmm.config.engines import engines
from screenmm.config.settings import Docking
from screenmm.core.columns import Column
from screenmm.core.errors import UserError
from screenmm.docking.engine import DockedPose
from screenmm.docking.shard import own_scores
from screenmm.files.sdf import read_record, sd_record, split_records
from screenmm.files.whole import write_text_gz
from screenmm.report.hit_table import hit_table
from screenmm.results.parts import open_parts
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import engine_scores, names, ranking
from tests.unit.screens import DRUGS, Screen, _embedded, _pocket

ENGINE = """
    from screenmm.config.engines import EngineFacts
    from screenmm.core.columns import Column

    FACTS = EngineFacts(
        words="as it is, with its rings counted",
        keys=frozenset({"poses"}),
        cpu_s=0.5,
        scores=(
            Column("rings", "DOUBLE", "", 2, "Ring count", "Rings of the ligand", 1),
            Column("unknown_kcal_mol", "DOUBLE", "kcal/mol", 4, "Unknown", "Never given", -1),
        ),
    )


    class Counting:
        def dock(self, mol, seed):
            from screenmm.docking.engine import DockedPose

            rings = float(mol.GetRingInfo().NumRings())
            return [DockedPose(mol, dock_score_kcal_mol=-rings / 8, scores={"rings": rings})]


    def make(settings, site):
        return Counting()
"""
# workers are fresh interpreters, which run the script's head again
SCRIPT = """
    import sys

    import screenmm.docking.engines

    screenmm.docking.engines.__path__.append({folder!r})

    from screenmm.cli import main

    if __name__ == "__main__":
        sys.exit(main())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the engine's module."""
    folder = tmp_path_factory.mktemp("engines")
    (folder / "counting.py").write_text(dedent(ENGINE))
    return folder


@pytest.fixture
def counting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    path = [*screenmm.docking.engines.__path__, str(folder)]
    monkeypatch.setattr(screenmm.docking.engines, "__path__", path)
    engines.cache_clear()
    yield "counting"
    monkeypatch.undo()
    engines.cache_clear()


@pytest.fixture(scope="module")
def docked(screen: Screen, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command ``dock`` makes of the screen's ligands with the new engine."""
    home = tmp_path_factory.mktemp("docked")
    centre = _pocket()
    records = []
    for name, parent, state, *_ in DRUGS:
        key, smiles = screen.keys[name], state or parent
        tags = {"inchikey": key, "smiles": smiles}
        records.append(sd_record(_embedded(smiles, centre), f"{key}_s1", tags))
    write_text_gz(home / "states.sdf.gz", "".join(records))
    receptor = ReceptorFolder(home / "wt")
    receptor.path.mkdir()
    receptor.pdbqt.write_text("")
    box = {"center_angstrom": centre.tolist(), "size_angstrom": [20.0, 20.0, 20.0]}
    receptor.pocket.write_text(json.dumps(box))
    script = home / "script.py"
    script.write_text(dedent(SCRIPT).format(folder=str(folder)))
    given = {
        "method": 1,
        "seed": 1,
        "docking": Docking().model_dump(mode="json") | {"engine": "counting"},
    }
    subprocess.run(
        [sys.executable, script, "dock", "--settings", json.dumps(given), "--workers", "1",
         "--states", home / "states.sdf.gz", "--receptor", receptor.path,
         "--poses", home / "poses.sdf.gz", "--table", home / "poses.parquet",
         "--events", home / "poses.events.parquet"],
        check=True,
    )  # fmt: skip
    return home


@pytest.fixture
def con(screen: Screen, docked: Path, counting: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """The screen ranked by docking with the new engine."""
    parts = replace(
        screen.parts, poses={"wt": [docked / "poses.parquet"]}, scores={}, selected=None
    )
    connection = open_parts(parts)
    make_ranking(connection, "mmgbsa")
    yield connection
    connection.close()


def _rings(smiles: str) -> float:
    return float(rdMolDescriptors.CalcNumRings(Chem.MolFromSmiles(smiles)))


def test_the_poses_have_it(docked: Path) -> None:
    rows = pq.read_table(docked / "poses.parquet").to_pylist()
    assert len(rows) == len(DRUGS)
    assert list(rows[0])[-5:] == [
        "dock_score_kcal_mol", "cnn_score", "cnn_affinity_pk", "rings", "unknown_kcal_mol",
    ]  # fmt: skip
    assert [row["rings"] for row in rows] == [_rings(row["smiles"]) for row in rows]
    assert {row["unknown_kcal_mol"] for row in rows} == {None}
    mols = map(read_record, split_records(docked / "poses.sdf.gz"))
    assert [mol.GetDoubleProp("rings") for mol in mols] == [row["rings"] for row in rows]


def test_the_ranking_has_it_behind_the_scores_of_every_engine(
    con: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    write_ranking(con, tmp_path / "ranking.csv")
    with (tmp_path / "ranking.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(DRUGS)
    assert list(rows[0]) == names(ranking(engine_scores()))
    assert [row["rings"] for row in rows] == [f"{_rings(row['smiles']):.2f}" for row in rows]
    assert {row["unknown_kcal_mol"] for row in rows} == {""}


def test_controls_measure_it_and_name_it(con: duckdb.DuckDBPyConnection) -> None:
    found = controls(con)["wt"].classification
    assert list(found)[:3] == ["rank", "dock_score_kcal_mol", "rings"]
    # the docking score of this engine is nothing but the rings, the other way round
    assert found["rings"].roc_auc == found["dock_score_kcal_mol"].roc_auc
    assert score_words()["rings"] == "Ring count"


def test_the_page_s_table_has_it(con: duckdb.DuckDBPyConnection) -> None:
    head = hit_table(con, "wt", len(DRUGS), 100, {}).head()
    (column,) = (each for each in head["columns"] if each["key"] == "rings")
    assert column == {
        "key": "rings", "label": "Ring count", "unit": "", "kind": "number", "decimals": 2,
        "hint": "Rings of the ligand; higher is better", "details": ["Ring count", ""],
        "shown": True,
    }  # fmt: skip
    assert "unknown_kcal_mol" not in {each["key"] for each in head["columns"]}
    assert ("rings", 2) in head["csv"]


def test_other_engines_tables_do_not_have_it(screen: Screen, counting: str) -> None:
    con = screen.open()
    assert "rings" not in {row[0] for row in con.execute("DESCRIBE ranking").fetchall()}
    con.close()


def test_scores_of_an_engine_that_is_gone_do_not_get_lost(screen: Screen, docked: Path) -> None:
    parts = replace(screen.parts, poses={"wt": [docked / "poses.parquet"]}, scores={})
    with pytest.raises(UserError, match=r"no engine here declares: rings, unknown_kcal_mol; inst"):
        open_parts(parts)


def test_a_score_that_is_not_declared_is_refused(counting: str) -> None:
    pose = DockedPose(Chem.MolFromSmiles("C"), scores={"rings": 0.0, "atoms": 1.0})
    with pytest.raises(ValueError, match="engine counting gives atoms, which its FACTS do not"):
        own_scores(counting, pose)


def test_a_score_cannot_take_another_column_s_name(
    counting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clash = replace(engines()[counting], scores=(Column("rank", "DOUBLE"),))
    monkeypatch.setattr(
        "screenmm.tables.dictionary.engines", lambda: {**engines(), counting: clash}
    )
    with pytest.raises(ValueError, match="engine counting: its score 'rank' has the name"):
        engine_scores()
