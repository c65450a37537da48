from __future__ import annotations

import json
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.errors import LibraryError
from screenmm.library.split import SplitCounts, split
from screenmm.settings import Library, LibraryFile
from tests.hostile import HostileLibrary


def files_of(library: HostileLibrary, label: int = 0) -> list[LibraryFile]:
    """The hostile files; those that can hold no label column get a label."""
    return [
        LibraryFile(path=path, label=label if ".smi" in path.name else None)
        for path in library.files
    ]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def smi(folder: Path, name: str, lines: list[str]) -> Path:
    path = folder / name
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def split_lines(folder: Path, lines: list[str], shard_size: int = 8) -> dict[str, bytes]:
    path = smi(folder, "library.smi", lines)
    split(Library(files=[path], shard_size=shard_size), folder / "out")
    return bytes_of(folder / "out" / "records")


@pytest.fixture(scope="module")
def hostile_split(
    hostile: HostileLibrary, tmp_path_factory: pytest.TempPathFactory
) -> tuple[SplitCounts, Path]:
    out = tmp_path_factory.mktemp("split")
    settings = Library(
        files=files_of(hostile), label_column="active", affinity_column="dg_kcal", shard_size=7
    )
    return split(settings, out), out


def test_every_hostile_record_is_in_one_shard(
    hostile: HostileLibrary, hostile_split: tuple[SplitCounts, Path]
) -> None:
    counts, out = hostile_split
    sources = pq.read_table(out / "sources.parquet").to_pylist()
    assert {(row["file"], row["position"]) for row in sources} == set(hostile.expected)
    assert counts.records == hostile.records == len(sources)
    records = [
        record
        for path in (out / "records").iterdir()
        for record in pq.read_table(path, columns=["record"]).column(0).to_pylist()
    ]
    assert sorted(records) == sorted(row["record"] for row in sources)
    assert len(set(records)) == len(records)
    assert counts.shards == len(list((out / "records").iterdir()))


def test_what_readers_refuse_has_its_reason(
    hostile: HostileLibrary, hostile_split: tuple[SplitCounts, Path]
) -> None:
    counts, out = hostile_split
    rows = {
        row["record"]: row
        for path in (out / "records").iterdir()
        for row in pq.read_table(path).to_pylist()
    }
    broken = 0
    for source in pq.read_table(out / "sources.parquet").to_pylist():
        row = rows[source["record"]]
        expected = hostile.expected[source["file"], source["position"]]
        if row["kind"] == "broken":
            broken += 1
            assert row["reason"] == expected
            assert row["message"]
            assert len(row["structure"]) <= 1000
    assert counts.broken == broken > 15


def test_annotations_are_read_and_bad_ones_counted(
    hostile_split: tuple[SplitCounts, Path],
) -> None:
    counts, out = hostile_split
    sources = pq.read_table(out / "sources.parquet").to_pylist()
    found = {(row["file"], row["position"]): row for row in sources}
    first = found["table.csv", 2]
    assert (first["name"], first["label"], first["affinity_kcal_mol"]) == ("a", 1, -7.5)
    assert found["table.csv", 3]["name"] == "b, with comma"
    assert found["structures.sdf", 1]["affinity_kcal_mol"] == -8.5
    assert found["structures.sdf", 1]["name"] == "L-alanine 3D"
    assert found["hostile.smi", 2]["label"] == 0
    unsure = found["table.csv", 5]
    assert (unsure["label"], unsure["affinity_kcal_mol"]) == (None, None)
    # table.csv: maybe, strong; table.parquet: 2, inf
    told = json.loads((out / "annotations.json").read_text())
    assert told["labels"]["unreadable"] == told["affinities"]["unreadable"] == 2
    assert told["labels"]["examples"] == [
        "table.csv:5: 'maybe' is no label",
        "table.parquet:4: '2' is no label",
    ]
    assert told["affinities"]["examples"] == [
        "table.csv:5: 'strong' is not a number",
        "table.parquet:4: 'inf' is not finite",
    ]
    labels = [row["label"] for row in sources]
    assert told["labels"]["active"] == labels.count(1) > 2
    assert told["labels"]["inactive"] == labels.count(0) > 2
    known = [row["affinity_kcal_mol"] for row in sources if row["affinity_kcal_mol"] is not None]
    assert told["affinities"]["read"] == len(known)
    assert told["affinities"]["lowest_kcal_mol"] == min(known) == -10
    assert counts.told[0] == (
        "The label of 2 records was not understood and left empty: table.csv:5: 'maybe' is no "
        "label; table.parquet:4: '2' is no label."
    )


def test_names_survive_but_for_control_characters(
    hostile: HostileLibrary, hostile_split: tuple[SplitCounts, Path]
) -> None:
    _, out = hostile_split
    sources = pq.read_table(out / "sources.parquet").to_pylist()
    found = {(row["file"], row["position"]): row["name"] for row in sources}
    for place, name in hostile.names.items():
        assert found[place] == "".join(" " if c < " " else c for c in name).strip()
    assert found["lines and spaces é.smi.gz", 5] == "café latin-1"


def test_shards_do_not_depend_on_order_names_or_file_names(tmp_path: Path) -> None:
    lines = [f"{'C' * (i + 1)}O mol{i}" for i in range(100)] + ["CCO again", "CCO", "", "x"]
    first = split_lines(tmp_path, lines)
    half = len(lines) // 2
    b = smi(tmp_path, "zz.smi", [line.split(" ")[0] + " other" for line in lines[half:]])
    a = smi(tmp_path, "aa.smi", lines[:half][::-1])
    (tmp_path / "zz.smi").write_text(b.read_text().replace("\n other\n", "\n\n"))
    split(Library(files=[b, a], shard_size=8), tmp_path / "other")
    assert bytes_of(tmp_path / "other" / "records") == first
    assert len(first) > 8


def test_one_more_record_changes_one_leaf(tmp_path: Path) -> None:
    lines = [f"{'C' * (i + 1)}N" for i in range(120)]
    before = split_lines(tmp_path, lines, shard_size=50)
    after = split_lines(tmp_path, [*lines, "OCC"], shard_size=50)
    changed = {name for name in before | after if before.get(name) != after.get(name)}
    assert len(changed) == 1


def test_unchanged_shards_keep_their_time_and_stale_ones_go(tmp_path: Path) -> None:
    lines = [f"{'C' * (i + 1)}N" for i in range(120)]
    split_lines(tmp_path, lines, shard_size=50)
    folder = tmp_path / "out" / "records"
    times = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    split_lines(tmp_path, [*lines, "OCC"], shard_size=50)
    kept = {path.name for path in folder.iterdir() if times[path.name] == path.stat().st_mtime_ns}
    assert len(kept) == len(times) - 1
    assert list(split_lines(tmp_path, ["CCO"])) == ["b.parquet"]


def test_repeats_are_numbered_and_still_split(tmp_path: Path) -> None:
    split_lines(tmp_path, ["CCO"] * 40 + ["CCN"], shard_size=8)
    shards = [pq.read_table(p).to_pylist() for p in (tmp_path / "out" / "records").iterdir()]
    assert max(len(rows) for rows in shards) <= 8
    ids = {row["record"] for rows in shards for row in rows if row["structure"] == "CCO"}
    base = min(ids, key=len)
    assert ids == {base, *(f"{base}-{n}" for n in range(2, 41))}


def test_trailing_blank_lines_are_no_records(tmp_path: Path) -> None:
    path = smi(tmp_path, "a.smi", ["CC", "", "CN", "", ""])
    counts = split(Library(files=[path]), tmp_path / "out")
    assert (counts.records, counts.broken) == (3, 1)


def test_default_columns_of_a_table_are_found_whatever_their_case(tmp_path: Path) -> None:
    path = smi(tmp_path, "a.csv", ["Compound_ID,SMILES", "x1,CCO"])
    split(Library(files=[path]), tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "sources.parquet")["name"].to_pylist() == ["x1"]


@pytest.mark.parametrize(
    ("name", "lines", "keys", "message"),
    [
        ("a.csv", ["smile,id", "CC,1"], {}, "no column 'smiles'.*columns: smile, id.*'smile'"),
        ("a.csv", ["smi;id", "CC;1"], {}, "separated by ';'"),
        ("a.csv", ['"smiles,id', "CC,1"], {}, "its quotes do not match: '\"smiles,id'"),
        ("a.csv", [], {}, "is empty"),
        ("a.csv", ["smiles,id"], {}, "holds no records"),
        ("a.csv", ["smiles,act", "C,1"], {"label_column": "active"},
         "label 'active'.*label: 0.*did you mean 'act'"),
        ("a.csv", ["smiles", "CC"], {"id_column": "code"}, "no column 'code'"),
        ("a.csv", ["smiles", "CC"], {"affinity_column": "dg"}, "affinity 'dg'"),
        ("a.smi", ["CC x"], {"label_column": "active"}, "label 'active'.*label: 0"),
        ("a.csv", ["smiles,act", "C,high", "CC,", "CCC,low"], {"label_column": "act"},
         r"a.csv: none of 2 labels in 'act' .*a.csv:2: 'high' is no label: write 1 or 0, active"),
        ("a.csv", ["smiles,dG", "C,-7"], {"affinity_column": "dg2"}, "did you mean 'dG'"),
        ("a.csv", ["smiles,p", "C,7.5", "CC,6", "CCC,-1"], {"affinity_column": "p"},
         r"2 of 3 affinities in 'p' .* above 0 .*affinity_unit .*\(pKi, nM or uM\)"),
        ("a.csv", ["smiles,p", "C,-7.5", "CC,"], {"affinity_column": "p", "affinity_unit": "pKi"},
         "none of 1 values in 'p' .* in pKi, .*'-7.5' is no pKi.*affinity_unit .*kcal_mol"),
        ("a.smi.gz", ["CC x"], {}, "not a gzip file"),
        ("a.parquet", ["CC x"], {}, "cannot be read as Parquet"),
    ],
)  # fmt: skip
def test_unusable_files_say_how_to_mend_them(
    tmp_path: Path, name: str, lines: list[str], keys: dict[str, str], message: str
) -> None:
    path = smi(tmp_path, name, lines)
    with pytest.raises(LibraryError, match=message):
        split(Library(files=[path], **keys), tmp_path / "out")
    assert not list(tmp_path.glob("out/*"))


def test_a_cut_gzip_file_is_no_library(tmp_path: Path, hostile: HostileLibrary) -> None:
    whole = next(path for path in hostile.files if path.name.endswith(".smi.gz"))
    cut = tmp_path / "cut.smi.gz"
    shutil.copy(whole, cut)
    cut.write_bytes(cut.read_bytes()[:-200])
    with pytest.raises(LibraryError, match="gzip stream ends or breaks"):
        split(Library(files=[cut]), tmp_path / "out")


def test_a_parquet_column_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"smiles": [1, 2]}), path)
    with pytest.raises(LibraryError, match="holds int64, not text"):
        split(Library(files=[path]), tmp_path / "out")


def test_sdf_headers_are_no_part_of_the_structure(tmp_path: Path, hostile: HostileLibrary) -> None:
    source = next(path for path in hostile.files if path.name == "structures.sdf")
    text = source.read_text()
    renamed = text.replace("L-alanine 3D", "another name").replace("RDKit ", "Maker ")
    settings = {"shard_size": 3}
    (tmp_path / "a.sdf").write_text(text)
    (tmp_path / "b.sdf").write_text(renamed)
    split(Library(files=[tmp_path / "a.sdf"], **settings), tmp_path / "a")
    split(Library(files=[tmp_path / "b.sdf"], **settings), tmp_path / "b")
    assert bytes_of(tmp_path / "a" / "records") == bytes_of(tmp_path / "b" / "records")
