"""A file of records, standardised in this process."""

from __future__ import annotations

from pathlib import Path

from screenmm.config.settings import Ligands
from screenmm.library.standardise import ParentRow, read_records, standardise_record
from screenmm.run.ledger import Event


def standardised(
    records: Path, settings: Ligands, *, keep_pose: bool = False
) -> tuple[list[ParentRow], list[Event]]:
    """Parents and events, each in the file's order."""
    rows: list[ParentRow] = []
    events: list[Event] = []
    for row in read_records(records):
        result = standardise_record(row, settings, keep_pose=keep_pose)
        if isinstance(result, Event):
            events.append(result)
        else:
            rows.append(result)
            events += result.events()
    return rows, events
