"""Stage ``standardise``: a shard of records into parents."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from screenmm.batch import Journal, Result, Task, fingerprint, run_batch
from screenmm.files import sha256
from screenmm.ledger import Event, Status, write_events
from screenmm.library.standardise import (
    ParentRow,
    read_records,
    standardise_record,
    write_parents,
)
from screenmm.settings import Ligands
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    text_of,
    workers_of,
)

RECORDS_PER_WORKER = 500
"""About what a worker does in the time that it takes to start one."""

_worker: dict[str, Any] = {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--records", type=Path, required=True, help="records (.parquet)")
    parser.add_argument("--parents", type=Path, required=True, help="parents to write (.parquet)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Standardise a shard."""
    given = settings_of(args)
    settings = Ligands.model_validate(given["ligands"])
    keep_pose = given["docking"]["engine"] == "given"
    task = Task(
        stage="standardise",
        function=standardise_row,
        start=start_worker,
        start_args=(settings, keep_pose),
        time_limit_s=settings.time_limit_s,
        subject="record",
    )
    items = [(row["record"], row) for row in read_records(args.records)]
    workers = min(workers_of(args), -(-len(items) // RECORDS_PER_WORKER))
    journal = Journal(args.parents, fingerprint(text_of(given), sha256(args.records)))
    parents: list[ParentRow] = []
    events: list[Event] = []
    for outcome in run_batch(task, items, workers, journal):
        events += outcome.events
        found = outcome.result or {}
        if "parent" in found:
            parent = ParentRow(**found["parent"])
            parents.append(parent)
            events += parent.events()
        elif "event" in found:
            events.append(Event(**{**found["event"], "status": Status(found["event"]["status"])}))
    write_parents(args.parents, parents)
    write_events(args.events, events)
    journal.remove()


def start_worker(settings: Ligands, keep_pose: bool) -> None:
    """Keep the settings in the worker."""
    _worker.update(settings=settings, keep_pose=keep_pose)


def standardise_row(row: dict[str, Any]) -> Result:
    """Standardise one record into a parent or a ledger event."""
    found = standardise_record(row, _worker["settings"], keep_pose=_worker["keep_pose"])
    return {"parent" if isinstance(found, ParentRow) else "event": asdict(found)}
