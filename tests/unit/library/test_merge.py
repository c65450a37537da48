from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.config.settings import Library, Ligands
from screenmm.library.merge import MergeCounts, merge
from screenmm.library.split import SOURCES, split
from screenmm.library.standardise import ParentRow, write_parents
from screenmm.run.ledger import Event, Status, read_events
from tests.hostile import HostileLibrary
from tests.records import standardised


def sources(path: Path, records: list[tuple[str, str]]) -> Path:
    rows = [
        {"record": record, "file": "f", "position": place, "name": name}
        for place, (record, name) in enumerate(records, start=1)
    ]
    pq.write_table(pa.Table.from_pylist(rows, schema=SOURCES), path)
    return path


def run(
    folder: Path, order: list[tuple[str, str]], rows: list[ParentRow], size: int = 4
) -> MergeCounts:
    folder.mkdir(exist_ok=True)
    half = len(rows) // 2
    for name, part in (("p1", rows[:half]), ("p2", rows[half:])):
        write_parents(folder / f"{name}.parquet", part)
    source = sources(folder / "sources.parquet", order)
    return merge([folder / "p1.parquet", folder / "p2.parquet"], source, size, folder / "out")


def shards(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "out" / "shards").iterdir()}


ROWS = [
    ParentRow("r1", "KEY-A", "Oc1ccccn1", "pose z"),
    ParentRow("r2", "KEY-A", "O=c1cccc[nH]1", "pose a"),
    ParentRow("r3", "KEY-B", "CC", None),
    ParentRow("r4", "KEY-A", "Oc1ccccn1", "pose z"),
    ParentRow("r5", "KEY-B", "CC", None),
]


def test_duplicates_keep_names_and_name_their_primary(tmp_path: Path) -> None:
    order = [
        ("r2", "second"),
        ("r1", "first"),
        ("r3", ""),
        ("x", "failed"),
        ("r5", "5"),
        ("r4", "4"),
    ]
    counts = run(tmp_path, order, ROWS)
    assert counts == MergeCounts(ligands=2, duplicates=3, shards=1)
    (shard,) = (tmp_path / "out" / "shards").iterdir()
    assert pq.read_table(shard).to_pylist() == [
        {"inchikey": "KEY-A", "smiles": "O=c1cccc[nH]1", "poses": ["pose a", "pose z"]},
        {"inchikey": "KEY-B", "smiles": "CC", "poses": []},
    ]
    members = pq.read_table(tmp_path / "out" / "membership.parquet").to_pylist()
    assert [(m["record"], m["inchikey"], m["primary"]) for m in members] == [
        ("r2", "KEY-A", True),
        ("r1", "KEY-A", False),
        ("r3", "KEY-B", True),
        ("r5", "KEY-B", False),
        ("r4", "KEY-A", False),
    ]
    events = read_events([tmp_path / "out" / "merge.events.parquet"])
    assert [(e.record, e.message) for e in events] == [
        ("r1", "a further pose of second (record r2)"),
        ("r5", "the same structure as record r3"),
        ("r4", "a further pose of second (record r2)"),
    ]
    assert {(e.status, e.reason) for e in events} == {(Status.DUPLICATE, "duplicate_structure")}


def test_shards_do_not_depend_on_order_or_names(tmp_path: Path) -> None:
    rows = [ParentRow(f"r{i}", f"KEY-{i % 50}", "C" * (i % 50 + 1), f"p{i}") for i in range(80)]
    run(tmp_path / "a", [(row.record, "n") for row in rows], rows)
    run(tmp_path / "b", [(row.record, "m") for row in rows[::-1]], rows[::-1])
    assert shards(tmp_path / "a") == shards(tmp_path / "b")
    assert len(shards(tmp_path / "a")) > 10


def test_one_more_ligand_changes_one_shard(tmp_path: Path) -> None:
    rows = [ParentRow(f"r{i}", f"KEY-{i}", "C") for i in range(60)]
    more = [*rows, ParentRow("new", "KEY-NEW", "CC")]
    run(tmp_path / "a", [(row.record, "") for row in rows], rows, size=25)
    run(tmp_path / "b", [(row.record, "") for row in more], more, size=25)
    before, after = shards(tmp_path / "a"), shards(tmp_path / "b")
    assert sum(before.get(n) != after.get(n) for n in before | after) == 1


@pytest.mark.parametrize("files", [0, 1])
def test_no_parents_make_no_ligands(tmp_path: Path, files: int) -> None:
    paths = [tmp_path / "p.parquet"][:files]
    for path in paths:
        write_parents(path, [])
    source = sources(tmp_path / "sources.parquet", [("x", "")])
    assert merge(paths, source, 5, tmp_path / "out") == MergeCounts(0, 0, 0)
    assert pq.read_table(tmp_path / "out" / "membership.parquet").num_rows == 0
    assert list((tmp_path / "out" / "shards").iterdir()) == []


def test_hostile_records_in_equal_ligands_duplicates_filtered_and_failed(
    hostile: HostileLibrary, tmp_path: Path
) -> None:
    split(Library(files=list(hostile.files), shard_size=40), tmp_path)
    parents: list[Path] = []
    events: list[Event] = []
    settings = Ligands.model_validate({"filters": {"heavy_atoms": {"min": 4}}})
    for shard in sorted((tmp_path / "records").iterdir()):
        rows, shard_events = standardised(shard, settings)
        parents.append(tmp_path / "parents" / shard.name)
        write_parents(parents[-1], rows)
        events += shard_events
    counts = merge(parents, tmp_path / "sources.parquet", 40, tmp_path)
    statuses = [event.status for event in events]
    assert hostile.records == (
        counts.ligands
        + counts.duplicates
        + statuses.count(Status.FAILED)
        + statuses.count(Status.FILTERED)
    )
    members = pq.read_table(tmp_path / "membership.parquet").to_pylist()
    aspirin = [m for m in members if m["inchikey"] == "BSYNRYMUTXBXSQ-UHFFFAOYSA-N"]
    assert [m["primary"] for m in aspirin] == [True, False, False]
