"""A shard that is cut short goes on where it was, unless what it depends on has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from screenmm.execution.batch import Task
from screenmm.execution.shard import run_shard


class Count:
    """Counts, in a file, how often it worked."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def __call__(self, item: Any) -> dict[str, Any]:
        with self._log.open("a") as handle:
            handle.write("x")
        return {"value": item}


def test_finished_items_are_kept_only_for_the_same_settings_and_inputs(tmp_path: Path) -> None:
    log, given = tmp_path / "log", tmp_path / "given"
    given.write_text("one")
    task = Task("dock", Count, (log,), 60.0)

    def worked(settings: str, *, ends: bool = False) -> int:
        log.write_text("")
        try:
            with run_shard(task, [("A", 1)], tmp_path / "out", settings, [given], 1) as outcomes:
                assert [each.result for each in outcomes] == [{"value": 1}]
                if not ends:
                    raise KeyboardInterrupt
        except KeyboardInterrupt:
            pass
        return len(log.read_text())

    assert worked("dielectric 1") == 1
    assert worked("dielectric 1") == 0
    assert worked("dielectric 2") == 1
    given.write_text("two")
    assert worked("dielectric 2") == 1
    assert worked("dielectric 2", ends=True) == 0
    # the output stands, nothing is left to go on with
    assert worked("dielectric 2") == 1
