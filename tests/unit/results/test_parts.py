"""Views over a run's files, where there are files and where there are none."""

from __future__ import annotations

from dataclasses import replace

from screenmm.results.parts import open_parts
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
