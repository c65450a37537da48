"""What reaches MM/GBSA, and the shards it is written to."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.files.sdf import split_records
from screenmm.files.whole import write_text_gz
from screenmm.results.select import (
    best_docked,
    best_scored,
    select_poses,
    write_named_shards,
    write_shards,
    write_states,
)

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


@pytest.mark.parametrize(("top", "places"), [(1, 1), ("34 %", 2), ("99 %", 3), (9, 3)])
def test_a_later_tier_docks_the_best_of_the_one_before(
    tmp_path: Path, top: int | str, places: int
) -> None:
    a, b, c = KEYS
    found = best_docked([table(tmp_path / "b.parquet", rows())], top)
    assert found == sorted((b, a, c)[:places])


def test_nobody_advances_where_nothing_was_docked() -> None:
    assert best_docked([], "10 %") == []


def test_a_ligand_has_the_poses_of_its_last_tier_and_comes_before_those_left_behind(
    tmp_path: Path,
) -> None:
    a, b, c = KEYS
    first = table(tmp_path / "first.parquet", rows())
    # c advanced and is the worst of all; its only pose is of another state than before
    second = table(tmp_path / "second.parquet", [(c, f"{c}_s2", 1, -4.0)])
    assert select_poses([first], 2, 2, [[second]]) == [f"{b}_s1_p1", f"{c}_s2_p1"]
    assert select_poses([first], 1, 2, [[second]]) == [f"{c}_s2_p1"]
    assert select_poses([first], 9, 1, [[]]) == select_poses([first], 9, 1)
    # one that a later tier failed to dock has the poses that it has
    assert select_poses([first], 3, 1, [[second]]) == [f"{a}_s1_p1", f"{b}_s1_p1", f"{c}_s2_p1"]


def test_a_title_of_two_tiers_is_the_later_ones_record(tmp_path: Path) -> None:
    title = f"{KEYS[0]}_s1_p1"
    for tier in ("first", "second"):
        write_text_gz(tmp_path / f"{tier}.sdf.gz", f"{title}\n{tier}\n\nM  END\n$$$$\n")
    files = [tmp_path / "second.sdf.gz", tmp_path / "first.sdf.gz"]
    assert write_shards([title], files, 1, tmp_path / "shards") == 1
    (record,) = split_records(tmp_path / "shards/b.sdf.gz")
    assert record.split("\n")[1] == "second"


def test_states_go_on_as_they_were_prepared(tmp_path: Path) -> None:
    a, b, c = KEYS
    states = [f"{a}_s1", f"{a}_s2", f"{a}_s10", f"{b}_s1", f"{c}_s1"]
    text = "".join(f"{state}\n\n\nM  END\n$$$$\n" for state in states)
    write_text_gz(tmp_path / "states.sdf.gz", text)
    assert write_states([c, a], [tmp_path / "states.sdf.gz"], 5, tmp_path / "shards") == 1
    held = [record.split("\n", 1)[0] for record in split_records(tmp_path / "shards/b.sdf.gz")]
    assert held == [f"{a}_s1", f"{a}_s2", f"{a}_s10", f"{c}_s1"]
    assert write_states([], [tmp_path / "states.sdf.gz"], 5, tmp_path / "none") == 0


def test_named_shards_are_there_however_many_ligands_there_are(tmp_path: Path) -> None:
    records = "".join(f"{title}\n\n\n  0  0\nM  END\n$$$$\n" for title in (
        "KEY-B_s0_p1", "KEY-A_s0_p1", "KEY-A_s0_p2", "KEY-C_s0_p1",
    ))  # fmt: skip
    write_text_gz(tmp_path / "poses.sdf.gz", records)
    chosen = ["KEY-A_s0_p2", "KEY-A_s0_p1", "KEY-B_s0_p1", "KEY-C_s0_p1"]
    out = tmp_path / "shards"
    for _ in range(2):
        write_named_shards(chosen, [tmp_path / "poses.sdf.gz"], ("b0", "b1", "b2"), 2, out)
    titles = {
        path.name: [text.split("\n", 1)[0] for text in split_records(path)]
        for path in sorted(out.iterdir())
    }
    assert titles == {
        "b0.sdf.gz": ["KEY-A_s0_p2", "KEY-A_s0_p1", "KEY-B_s0_p1"],
        "b1.sdf.gz": ["KEY-C_s0_p1"],
        "b2.sdf.gz": [],
    }


def test_the_best_scored_ligands_and_their_best_poses(tmp_path: Path) -> None:
    rows = [
        ("A", "A_s0", 1, -5.0), ("A", "A_s0", 2, -9.0), ("A", "A_s1", 1, -7.0),
        ("B", "B_s0", 1, -8.0), ("C", "C_s0", 1, -6.0),
    ]  # fmt: skip
    columns = ("inchikey", "state", "pose", "dg_mmgbsa_kcal_mol")
    scores = pa.table(dict(zip(columns, map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(scores, tmp_path / "scores.parquet")
    files = [tmp_path / "scores.parquet"]
    assert best_scored(files, 2, 2) == ["A_s0_p2", "A_s1_p1", "B_s0_p1"]
    assert best_scored(files, 9, 1) == ["A_s0_p2", "B_s0_p1", "C_s0_p1"]
    assert best_scored([], 2, 2) == []
