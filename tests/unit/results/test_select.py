"""What reaches MM/GBSA, and the shards it is written to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.files.sdf import split_records
from screenmm.files.whole import write_text_gz
from screenmm.results.select import select_poses, write_shards

KEYS = [f"{letter * 14}-UHFFFAOYSA-N" for letter in "ABC"]


def table(path: Path, rows: list[tuple[str, str, int, float | None]]) -> Path:
    names = ("inchikey", "state", "pose", "dock_score_kcal_mol")
    columns = dict(zip(names, zip(*rows, strict=True), strict=True))
    types = [pa.string(), pa.string(), pa.int32(), pa.float64()]
    pq.write_table(pa.table(columns, pa.schema(list(zip(names, types, strict=True)))), path)
    return path


def rows() -> list[tuple[str, str, int, float | None]]:
    a, b, c = KEYS
    return [
        (a, f"{a}_s1", 1, -7.0), (a, f"{a}_s1", 2, -6.9), (a, f"{a}_s2", 1, -6.0),
        (b, f"{b}_s1", 1, -9.0), (c, f"{c}_s1", 1, -5.0),
    ]  # fmt: skip


def test_the_best_docked_ligands_go_on_each_state_before_second_poses(tmp_path: Path) -> None:
    a, b, _ = KEYS
    chosen = select_poses([table(tmp_path / "b.parquet", rows())], top=2, poses=2)
    assert chosen == [f"{a}_s1_p1", f"{a}_s2_p1", f"{b}_s1_p1"]


def test_a_ligand_counts_by_its_best_pose_and_equals_by_their_keys(tmp_path: Path) -> None:
    a, b, _ = KEYS
    best_and_worst = [(a, f"{a}_s1", 1, -9.0), (a, f"{a}_s1", 2, -3.0), (b, f"{b}_s1", 1, -6.0)]
    path = table(tmp_path / "spread.parquet", best_and_worst)
    assert select_poses([path], top=1, poses=1) == [f"{a}_s1_p1"]
    path = table(tmp_path / "tied.parquet", [(b, f"{b}_s1", 1, -6.0), (a, f"{a}_s1", 1, -6.0)])
    assert select_poses([path], top=1, poses=1) == [f"{a}_s1_p1"]


def test_no_table_selects_nothing() -> None:
    assert select_poses([], top=2, poses=2) == []


def test_shards_hold_the_chosen_records_and_replace_what_was_there(tmp_path: Path) -> None:
    poses = tmp_path / "poses.sdf.gz"
    titles = [f"{state}_p{pose}" for _, state, pose, _ in rows()]
    write_text_gz(poses, "".join(f"{title}\n\n\nM  END\n$$$$\n" for title in titles))
    out = tmp_path / "shards"
    assert write_shards(titles, [poses], 1, out) == 3
    held = [
        text.split("\n", 1)[0] for path in sorted(out.iterdir()) for text in split_records(path)
    ]
    assert sorted(held) == sorted(titles)
    assert write_shards(titles[:1], [poses], 1, out) == 1
    assert len(list(out.iterdir())) == 1
    assert write_shards([], [poses], 1, out) == 0
    assert list(out.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"poses.sdf.gz", "shards"}
