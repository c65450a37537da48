"""The ledger: the fate of every record, one row per event.

Stages append :class:`Event` rows and write them as Parquet with a fixed schema.
The last stage turns events into one fate per record and receptor and checks that
records in = ranked + filtered + duplicates + failed + predicted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.core.errors import LigandError, Reason
from screenmm.files.whole import replace_whole
from screenmm.tables.dictionary import EVENTS
from screenmm.tables.schema import schema


class Status(StrEnum):
    """What an event says."""

    OK = "ok"
    FILTERED = "filtered"
    DUPLICATE = "duplicate"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Event:
    """One row of the ledger.

    Before ligands are merged an event names its ``record``; afterwards its ``inchikey``.
    A narrower subject (``state``, ``pose``) means that only this state or pose is
    concerned, not the ligand as a whole.
    """

    stage: str
    status: Status
    record: str = ""
    inchikey: str = ""
    receptor: str = ""
    state: str = ""
    pose: str = ""
    reason: str = ""
    message: str = ""

    @classmethod
    def failure(cls, stage: str, error: LigandError, **subject: str) -> Event:
        """Event of a failure: what the error says, about the named subject."""
        return cls(stage, Status.FAILED, reason=error.reason, message=error.message, **subject)

    @classmethod
    def filtered(cls, stage: str, reason: Reason, message: str, **subject: str) -> Event:
        """Event of a deliberate exclusion."""
        return cls(stage, Status.FILTERED, reason=reason, message=message, **subject)


SCHEMA = schema(EVENTS)
BATCH = 20_000


def write_events(path: Path, events: Iterable[Event]) -> None:
    """Write events as Parquet, whole or not at all.

    Parameters
    ----------
    path : Path
        The file to make.
    events : iterable of Event
        In the order in which they shall be read back.
    """
    # as columns: row by row a million duplicates would take gigabytes
    batches = list(_batches(events))
    table = pa.Table.from_batches(batches, schema=SCHEMA).combine_chunks()
    with replace_whole(path) as partial:
        pq.write_table(table, partial)


def _batches(events: Iterable[Event]) -> Iterator[pa.RecordBatch]:
    rows = iter(events)
    while chunk := list(islice(rows, BATCH)):
        columns = [[str(getattr(event, name)) for event in chunk] for name in SCHEMA.names]
        arrays = [pa.array(column, pa.string()) for column in columns]
        yield pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def read_events(paths: Iterable[Path]) -> list[Event]:
    """Read events back, in the order of the files and of their rows."""
    return [
        Event(**{**row, "status": Status(row["status"])})
        for path in paths
        for row in pq.read_table(path, schema=SCHEMA).to_pylist()
    ]
