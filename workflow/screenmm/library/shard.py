"""A shard of records, into parents."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from screenmm.config.settings import Ligands
from screenmm.execution.batch import Outcome, Result, Task
from screenmm.execution.shard import run_shard
from screenmm.library.standardise import (
    ParentRow,
    read_records,
    standardise_record,
    write_parents,
)
from screenmm.run.ledger import Event, Status, write_events

RECORDS_PER_WORKER = 500
"""About what a worker does in the time that it takes to start one."""


def standardise_shard(
    settings: Ligands,
    *,
    given_poses: bool,
    records: Path,
    parents: Path,
    events: Path,
    workers: int,
    asked: str,
) -> None:
    """Standardise a shard.

    Parameters
    ----------
    settings : Ligands
        Filters and limits.
    given_poses : bool
        Whether the library's poses are kept.
    records : Path
        Records (.parquet).
    parents, events : Path
        Parents and ledger rows (.parquet) to write.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.
    """
    task = Task(
        stage="standardise",
        start=Standardiser,
        arguments=(settings, given_poses),
        time_limit_s=settings.time_limit_s,
        subject="record",
    )
    items = [(row["record"], row) for row in read_records(records)]
    few = min(workers, -(-len(items) // RECORDS_PER_WORKER))
    with run_shard(task, items, parents, asked, [records], few) as outcomes:
        made = [_parent(outcome) for outcome in outcomes]
        write_parents(parents, [parent for parent in made if parent])
        write_events(
            events,
            (
                event
                for outcome, parent in zip(outcomes, made, strict=True)
                for event in _events(outcome, parent)
            ),
        )


def _parent(outcome: Outcome) -> ParentRow | None:
    found = (outcome.result or {}).get("parent")
    return ParentRow(**found) if found else None


def _events(outcome: Outcome, parent: ParentRow | None) -> list[Event]:
    """Ledger rows of a record: its failures, why it was filtered, or what its parent tells."""
    if parent:
        return [*outcome.events, *parent.events()]
    found = (outcome.result or {}).get("event")
    told = [Event(**{**found, "status": Status(found["status"])})] if found else []
    return [*outcome.events, *told]


class Standardiser:
    """Settings, once per worker.

    Parameters
    ----------
    settings : Ligands
    keep_pose : bool
        Whether the record's coordinates are kept.
    """

    def __init__(self, settings: Ligands, keep_pose: bool) -> None:
        self._settings = settings
        self._keep_pose = keep_pose

    def __call__(self, row: dict[str, Any]) -> Result:
        """Standardise one record into a parent or a ledger event."""
        found = standardise_record(row, self._settings, keep_pose=self._keep_pose)
        return {"parent" if isinstance(found, ParentRow) else "event": asdict(found)}
