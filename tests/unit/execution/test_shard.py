"""A shard that is cut short goes on where it was, unless what it depends on has changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from screenmm.core.errors import LigandError, Reason
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


class CountUnless(Count):
    """The same, but an item that is 0 fails."""

    def __call__(self, item: Any) -> dict[str, Any]:
        found = super().__call__(item)
        if not item:
            raise LigandError(Reason.NOT_FINITE, "nothing")
        return found


def test_results_that_are_kept_serve_a_later_output(tmp_path: Path) -> None:
    log, output = tmp_path / "log", tmp_path / "out"

    def worked(settings: str, **items: int) -> int:
        log.write_text("")
        task = Task("score_variants", CountUnless, (log,), 60.0)
        with run_shard(task, [*items.items()], output, settings, [], 1, keeps=True) as outcomes:
            found = {each.key: each.result and each.result["value"] for each in outcomes}
            assert found == {key: item or None for key, item in items.items()}
        return len(log.read_text())

    assert worked("a", x=1, y=2) == 2
    assert [path.name for path in tmp_path.iterdir() if path != log] == [".out.journal"]
    assert worked("a", x=1, y=2) == 0
    # one more, one less: what is asked for no more is forgotten
    assert worked("a", y=2, z=3) == 1
    assert worked("a", x=1) == 1
    assert worked("b", x=1) == 1
    # what failed is tried again
    assert worked("b", x=1, fails=0) == 1
    assert worked("b", x=1, fails=0) == 1
