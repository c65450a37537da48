"""Views over a run's files: where there are none, and of an earlier version's."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.results.parts import open_parts
from screenmm.tables.dictionary import CAME, LIGANDS, MEMBERSHIP, OWN_KERNELS, SOURCES, names
from screenmm.tables.schema import schema
from tests.unit.screens import Screen

VIEWS = ("events", "ligands", "poses", "scores", "residues", "moved", "inspected", "selected")


def test_no_files_give_no_rows_and_the_same_columns(screen: Screen) -> None:
    nothing = {"poses": {each: [] for each in screen.parts.poses}, "scores": {}, "inspected": {}}
    empty = replace(screen.parts, events=[], ligands=[], selected=None, **nothing)
    with open_parts(screen.parts) as full, open_parts(empty) as none:
        for view in VIEWS:
            columns, without = (
                [row[:2] for row in con.execute(f"DESCRIBE {view}").fetchall()]
                for con in (full, none)
            )
            assert without == columns, view
            assert none.execute(f"SELECT count(*) FROM {view}").fetchone() == (0,), view


def test_poses_of_before_there_were_templates_have_no_origin(screen: Screen, tmp_path: Path):
    poses = {}
    for receptor, (first, *others) in screen.parts.poses.items():
        tables = [pq.read_table(path) for path in (first, *others)]
        poses[receptor] = [tmp_path / f"{receptor}_{i}.parquet" for i in range(len(tables))]
        for table, path in zip(tables, poses[receptor], strict=True):
            pq.write_table(table.drop_columns(names(CAME)), path)
    with open_parts(replace(screen.parts, poses=poses)) as con:
        rows, origins = con.execute("SELECT count(*), count(origin) FROM poses").fetchone()
    assert rows > 0
    assert origins == 0
    with open_parts(screen.parts) as con:
        found = con.execute("SELECT DISTINCT origin, template FROM poses").fetchall()
    assert found == [("search", None)]


def test_scores_of_before_own_kernels_were_told_may_lie_beside_later_ones(
    screen: Screen, tmp_path: Path
) -> None:
    (receptor, paths), *_ = screen.parts.scores.items()
    table = pa.concat_tables([pq.read_table(path) for path in paths])
    for older in (0, 1, 2):
        shards = [tmp_path / f"{older}_{i}.parquet" for i in range(2)]
        for i, shard in enumerate(shards):
            lacks = older in (2, i)
            half = table.slice(i * 5, 5)
            pq.write_table(half.drop_columns([OWN_KERNELS.name]) if lacks else half, shard)
        with open_parts(replace(screen.parts, scores={receptor: shards})) as con:
            rows = con.execute("SELECT count(*), count(own_kernels) FROM scores").fetchone()
            assert rows == (10, 0 if older == 2 else 5)
            assert con.execute("SELECT count(*) FROM residues").fetchone() == (10,)


def test_a_proposal_that_the_library_has_is_its_duplicate(screen: Screen, tmp_path: Path) -> None:
    with open_parts(screen.parts) as con:
        before = con.execute("SELECT count(*) FROM sources").fetchone()[0]
        (key,) = con.execute('SELECT min(inchikey) FROM membership WHERE "primary"').fetchone()
        ligands = con.execute("SELECT count(*) FROM ligands").fetchone()[0]
    records = [
        {"record": f"genetic-2-{n}", "file": "round 2: genetic", "position": n, "name": f"{n}"}
        for n in (1, 2)
    ]
    members = [
        {"record": "genetic-2-1", "inchikey": key, "primary": True},
        {"record": "genetic-2-2", "inchikey": "NEW", "primary": True},
    ]
    made = [{"inchikey": each["inchikey"], "smiles": "CC", "poses": []} for each in members]
    paths = []
    for name, rows, columns in (
        ("sources", records, SOURCES), ("membership", members, MEMBERSHIP), ("made", made, LIGANDS),
    ):  # fmt: skip
        paths.append(tmp_path / f"{name}.parquet")
        pq.write_table(pa.Table.from_pylist(rows, schema(columns)), paths[-1])
    sources, membership, proposed = paths
    parts = replace(
        screen.parts,
        sources=[*screen.parts.sources, sources],
        membership=[*screen.parts.membership, membership],
        proposed=[proposed],
    )
    with open_parts(parts) as con:
        assert con.execute(
            'SELECT record, "primary" FROM membership '
            "WHERE record LIKE 'genetic%' ORDER BY record"
        ).fetchall() == [("genetic-2-1", False), ("genetic-2-2", True)]
        assert con.execute(
            "SELECT ordinal FROM sources WHERE record LIKE 'genetic%' ORDER BY record"
        ).fetchall() == [(before,), (before + 1,)]
        assert con.execute("SELECT count(*), count(DISTINCT inchikey) FROM ligands").fetchone() == (
            ligands + 1, ligands + 1,
        )  # fmt: skip
