"""The dictionary of columns against what it must not change, and against the code's own types."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from screenmm.config.docs import check_docs
from screenmm.config.engines import engines
from screenmm.core.columns import Column
from screenmm.docking.engine import DockedPose
from screenmm.inspection.interactions import Interaction
from screenmm.library.standardise import ParentRow
from screenmm.mmgbsa.score import Terms
from screenmm.results.database import TABLES as DATABASE
from screenmm.run.ledger import Event
from screenmm.tables import dictionary
from screenmm.tables.dictionary import (
    DOCKED,
    EVENTS,
    INTERACTION,
    LEDGER,
    PARENTS,
    PICKS,
    TERMS,
    engine_scores,
    names,
    ranking,
    ranking_scores,
)
from screenmm.tables.docs import TABLES, generated
from screenmm.tables.schema import ARROW, arrow_type, schema

RANKING = (
    "rank,name,inchikey,smiles,receptor,ranked_by,dg_mmgbsa_kcal_mol,vdw_kcal_mol,coulomb_kcal_mol,"
    "gb_kcal_mol,sa_kcal_mol,strain_kcal_mol,dg_sd_kcal_mol,rank_low,rank_high,main_residues,"
    "minimisation,dock_score_kcal_mol,cnn_score,cnn_affinity_pk,cnn_score_minimised,"
    "cnn_affinity_minimised_pk,origin,template,heavy_atoms,state_smiles,formal_charge,"
    "molecular_weight,state,pose,engine,tier,effort,cnn_vs,ligand_efficiency_kcal_mol,"
    "dg_size_corrected_kcal_mol,consensus_ecr,consensus_mean_rank,consensus_z,aliases,label,"
    "affinity_kcal_mol,records,pose_checks_passed,pose_checks_failed,interactions"
)
PICKED = (
    "pick,receptor,name,inchikey,smiles,rank,dg_mmgbsa_kcal_mol,dock_score_kcal_mol,heavy_atoms,"
    "cluster,cluster_size,nearest_tanimoto,pose_checks_passed,pose_checks_failed,interactions,"
    "reason,how_to_get"
)
POSES = {
    "inchikey": "string", "state": "string", "pose": "int32", "smiles": "string",
    "engine": "string", "origin": "string", "template": "string",
    "dock_score_kcal_mol": "double", "cnn_score": "double",
    "cnn_affinity_pk": "double",
}  # fmt: skip
SCORES = {
    "inchikey": "string", "state": "string", "pose": "int32", "dg_mmgbsa_kcal_mol": "double",
    "vdw_kcal_mol": "double", "coulomb_kcal_mol": "double", "gb_kcal_mol": "double",
    "sa_kcal_mol": "double", "strain_kcal_mol": "double",
    "replicas_kcal_mol": "list<element: double>", "iterations": "int32",
    "minimisation": "string", "rmsd_angstrom": "double", "platform": "string",
    "own_kernels": "string",
    "residue": "list<element: string>", "residue_vdw_kcal_mol": "list<element: float>",
    "residue_coulomb_kcal_mol": "list<element: float>",
    "residue_gb_kcal_mol": "list<element: float>", "residue_sa_kcal_mol": "list<element: float>",
    "ligand_gb_kcal_mol": "double", "ligand_sa_kcal_mol": "double",
    "moved_atoms": "list<element: int32>", "moved_xyz_angstrom": "list<element: float>",
}  # fmt: skip
INSPECTED = {
    "inchikey": "string", "state": "string", "pose": "int32",
    "check_name": "list<element: string>", "passed": "list<element: bool>",
    "residue": "list<element: string>", "kind": "list<element: string>",
    "distance_angstrom": "list<element: double>",
    "ligand_atoms": "list<element: list<element: int32>>",
    "cnn_score_minimised": "double", "cnn_affinity_minimised_pk": "double",
}  # fmt: skip
SOURCES = {
    "record": "string", "file": "string", "position": "int64", "name": "string", "label": "int8",
    "affinity_kcal_mol": "double",
}  # fmt: skip


def test_csv_files_have_the_columns_that_people_read() -> None:
    """Those of 0.1: scripts of users name them, and their order is in files that exist."""
    assert ",".join(names(ranking())) == RANKING
    assert ",".join(names(PICKS)) == PICKED
    assert ",".join(names(LEDGER)) == (
        "record,file,position,name,inchikey,receptor,stage,status,reason,message"
    )


@pytest.mark.parametrize(
    ("table", "expected"),
    [("POSES", POSES), ("SCORES", SCORES), ("INSPECTED", INSPECTED), ("SOURCES", SOURCES)],
)
def test_parquet_files_keep_their_types(table: str, expected: dict[str, str]) -> None:
    found = schema(getattr(dictionary, table))
    assert {field.name: str(field.type).replace("item:", "element:") for field in found} == expected


def test_the_code_s_own_rows_have_the_dictionary_s_names() -> None:
    for row, columns in ((Event, EVENTS), (Terms, TERMS), (Interaction, INTERACTION)):
        assert [each.name for each in fields(row)] == names(columns)
    assert [each.name for each in fields(ParentRow)][: len(PARENTS)] == names(PARENTS)
    assert set(names(DOCKED)) < {each.name for each in fields(DockedPose)}


@pytest.mark.parametrize("kind", sorted(ARROW))
def test_a_type_is_the_same_for_arrow_and_duckdb(kind: str) -> None:
    for nested in (kind, f"{kind}[]", f"{kind}[][]"):
        table = pa.table({"x": pa.array([None], arrow_type(nested))})
        with duckdb.connect() as con:
            con.register("made", table)
            assert con.execute("DESCRIBE made").fetchall()[0][1] == nested


def test_every_score_has_words_and_a_better_side() -> None:
    for each in ranking_scores(engine_scores()):
        assert each.words, each.name
        assert each.better in (1, -1), each.name


def test_meaning_tells_the_better_side() -> None:
    assert Column("x", hint="what it costs", better=-1).meaning == "What it costs; lower is better"
    assert Column("x", better=1).meaning == "Higher is better"
    assert Column("x", hint="Å between them").meaning == "Å between them"


def test_every_documented_column_has_a_meaning_and_every_table_is_documented() -> None:
    for name, (_, columns) in TABLES.items():
        assert all(each.meaning for each in columns), name
        assert len(set(names(columns))) == len(columns), name
    (text,) = generated().values()
    kept = set(DATABASE) - {"receptors"}
    assert {table for table in kept if f"`{table}`" not in text} == set()


def test_the_page_of_columns_is_that_of_the_dictionary(root: Path) -> None:
    check_docs(root, generated())


@pytest.mark.parametrize("name", sorted(engines()))
def test_an_engine_s_scores_are_numbers_with_names_of_their_own(name: str) -> None:
    for each in engines()[name].scores:
        assert each.type == "DOUBLE"
        assert each in engine_scores()
