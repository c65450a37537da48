"""Poses of several tiers of docking: which count, and what the ranking and the ledger say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.results.fates import check_invariant, make_ledger
from screenmm.results.parts import open_parts
from screenmm.results.ranking import make_ranking
from screenmm.tables.dictionary import POSES
from screenmm.tables.schema import schema
from tests.unit.screens import Screen


def docked_only(screen: Screen) -> list[str]:
    """Ligands of the receptor wt that were docked and not scored, the best last."""
    con = open_parts(screen.parts)
    found = con.execute(
        "SELECT inchikey FROM poses ANTI JOIN selected USING (receptor, inchikey) "
        "WHERE receptor = 'wt' GROUP BY inchikey ORDER BY min(dock_score_kcal_mol) DESC"
    ).fetchall()
    con.close()
    return [row[0] for row in found]


def test_the_last_tiers_poses_count_and_stand_before_those_left_behind(
    screen: Screen, tmp_path: Path
) -> None:
    worst, *others = docked_only(screen)
    assert others
    row = next(
        row
        for path in screen.parts.poses["wt"]
        for row in pq.read_table(path).to_pylist()
        if row["inchikey"] == worst
    )
    again = row | {"dock_score_kcal_mol": row["dock_score_kcal_mol"] - 0.001}
    path = tmp_path / "b.parquet"
    pq.write_table(pa.Table.from_pylist([again], schema=schema(POSES)), path)
    later = {name: [[path] if name == "wt" else []] for name in screen.parts.poses}
    con = open_parts(replace(screen.parts, later=later, efforts=("fast", "standard")))
    make_ranking(con, "mmgbsa")
    make_ledger(con)
    check_invariant(con)

    ranked = con.execute(
        "SELECT inchikey, tier, effort, dock_score_kcal_mol FROM ranking "
        "WHERE receptor = 'wt' AND dg_mmgbsa_kcal_mol IS NULL ORDER BY rank"
    ).fetchall()
    assert ranked[0] == (worst, 2, "standard", again["dock_score_kcal_mol"])
    assert [each[0] for each in ranked[1:]] == others[::-1]
    assert {each[1:3] for each in ranked[1:]} == {(1, "fast")}
    count = "SELECT count(*) FROM {} WHERE receptor = 'wt' AND inchikey = '{}'"
    (now,) = con.execute(count.format("poses", worst)).fetchone() or (0,)
    (before,) = con.execute(count.format("earlier_poses", worst)).fetchone() or (0,)
    assert (now, before > 0) == (1, True)
    messages = con.execute(
        "SELECT message FROM ledger WHERE receptor = 'wt' AND inchikey IN (?, ?)",
        [worst, others[-1]],
    ).fetchall()
    told = " ".join(message for (message,) in messages)
    assert "by docking (pose of tier 2, standard)" in told
    assert "by docking (pose of tier 1, fast)" in told
    con.close()


def test_without_tiers_nobody_is_told_of_one(screen: Screen) -> None:
    con = open_parts(screen.parts)
    make_ranking(con, "mmgbsa")
    found = con.execute("SELECT DISTINCT tier, effort FROM ranking").fetchall()
    assert found == [(1, "standard")]
    by = con.execute("SELECT DISTINCT ranked_by FROM ranking ORDER BY 1").fetchall()
    assert by == [("MM/GBSA",), ("docking",)]
    con.close()
