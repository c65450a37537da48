"""Which pose counts: DuckDB over all shards and Python over one say the same."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from screenmm.tables.best_pose import best_pose_sql, best_poses
from screenmm.tables.dictionary import DG, POSE_KEY
from screenmm.tables.schema import schema

ENERGIES = st.one_of(
    st.sampled_from([-30.0, -20.0, 0.0, -0.0, float("nan"), float("inf"), float("-inf"), None]),
    st.floats(-100, 100),
)
ROW = st.tuples(st.sampled_from("AB"), st.integers(1, 11), st.integers(1, 12), ENERGIES)
Rows = list[tuple[str, int, int, float | None]]


@given(st.lists(ROW, max_size=24, unique_by=lambda row: row[:3]))
@example([("A", 2, 1, -7.0), ("A", 10, 1, -7.0)])
@example([("A", 1, 2, -7.0), ("A", 1, 1, -7.0), ("A", 1, 3, -6.9)])
@example([("A", 1, 1, 0.0), ("A", 2, 1, -0.0), ("A", 3, 1, float("nan"))])
@example([("A", 1, 1, float("-inf")), ("B", 1, 1, None)])
def test_duckdb_and_python_choose_the_same_pose(found: Rows) -> None:
    rows = [
        {"inchikey": key, "state": f"{key}_s{state}", "pose": pose, DG.name: energy}
        for key, state, pose, energy in found
    ]
    scores = pa.Table.from_pylist(rows, schema=schema((*POSE_KEY, DG)))
    with duckdb.connect() as con:
        con.register("shard", scores)
        con.execute("CREATE VIEW scores AS SELECT 'wt' AS receptor, * FROM shard")
        chosen = con.execute(
            f"SELECT inchikey, chosen.state, chosen.pose FROM ({best_pose_sql()})"
        ).fetchall()
    assert best_poses(rows) == {key: (state, pose) for key, state, pose in chosen}
