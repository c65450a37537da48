"""Files of pairs: one for each that was scored, named by its row, with what the shard kept."""

from __future__ import annotations

import gzip
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.core.errors import LedgerError
from screenmm.exports.variant_complexes import write_variant_complexes
from screenmm.tables.dictionary import VARIANT_SCORES
from screenmm.tables.schema import schema
from tests.unit.analysis.varied import EFFECTS, WILD, fill

SCORED = [each for each in EFFECTS if each["status"] == "scored"]


def shard(path: Path, rows: list[dict]) -> Path:
    """Scores in variants with the complexes of each that was scored."""
    cells = [
        {"variant": each["variant"], "inchikey": each["inchikey"], "kind": each["kind"],
         "complexes": None if each["status"] == "failed" else f"END of {each['variant']}\n"}
        for each in rows
    ]  # fmt: skip
    pq.write_table(pa.Table.from_pylist(cells, schema(VARIANT_SCORES)), path)
    return path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "screen.duckdb"
    with duckdb.connect(str(path)) as con:
        fill(con, ["al\npha/β"])
    return path


def test_a_file_for_each_scored_pair_by_its_row(database: Path, tmp_path: Path) -> None:
    with_ligand = [each for each in EFFECTS if "inchikey" in each]
    shards = [
        shard(tmp_path / "b1.parquet", with_ligand[:5]),
        shard(tmp_path / "b2.parquet", with_ligand[5:]),
    ]
    folder = tmp_path / "variant_complexes"
    folder.mkdir()
    (folder / "0009_stale.pdb.gz").write_text("of an earlier run")
    assert write_variant_complexes(database, shards, folder) == len(SCORED)
    assert [path.name for path in folder.iterdir()] == [WILD]
    found = {path.name: path for path in (folder / WILD).iterdir()}
    assert sorted(found) == [
        f"{number:04d}_{each['variant'].replace(':', '_')}_al_pha.pdb.gz"
        for number, each in enumerate(EFFECTS, start=1)
        if each["status"] == "scored"
    ]
    lines = gzip.decompress(found["0004_V93F_al_pha.pdb.gz"].read_bytes()).decode().splitlines()
    assert lines[0].rstrip() == "TITLE     V93F with al pha/?"
    assert [line[:6] for line in lines] == ["TITLE ", "REMARK", "REMARK", "END of"]
    assert {len(line) for line in lines[:3]} == {80}
    before = {name: path.read_bytes() for name, path in found.items()}
    write_variant_complexes(database, shards[::-1], folder)
    assert {path.name: path.read_bytes() for path in (folder / WILD).iterdir()} == before


def test_a_pair_whose_complexes_were_not_kept_is_a_defect(database: Path, tmp_path: Path) -> None:
    path = shard(tmp_path / "b1.parquet", SCORED[1:])
    with pytest.raises(LedgerError, match="M90I with KEY-alpha was scored, and its complexes"):
        write_variant_complexes(database, [path], tmp_path / "variant_complexes")
    assert not (tmp_path / "variant_complexes").exists()
