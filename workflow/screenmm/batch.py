"""Work through a shard: many workers, a time limit per item, and resume after a kill.

Every item runs in a worker process of its own pool, so an engine that hangs or crashes
costs one item, never the shard. Finished items go to a journal beside the output; a
restarted stage takes them from there. Results come back in the order of the items,
however many workers there are, so the output's bytes do not depend on it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import TimeoutError as TaskTimeoutError
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from screenmm.errors import LigandError, Reason
from screenmm.ledger import Event, Status
from screenmm.progress import progress

log = logging.getLogger(__name__)

Result = dict[str, Any]
"""What a worker returns for one item: plain JSON, so that it fits the journal."""


@dataclass(frozen=True)
class Task:
    """One stage's work on one item.

    Parameters
    ----------
    stage : str
        Name of the stage, for the ledger.
    function : callable
        ``function(item) -> Result``; a module-level function. It raises
        :class:`LigandError` for what the item cannot do.
    start : callable
        Called once in each worker before its first item, with ``start_args``.
    start_args : tuple
        Picklable; paths and settings.
    time_limit_s : float
        Per item.
    subject : str
        Name of the ledger column that an item's key fills: ``inchikey`` or ``record``.
    receptor : str
        Receptor of the ledger rows; empty before receptors matter.
    """

    stage: str
    function: Callable[[Any], Result]
    start: Callable[..., None]
    start_args: tuple[Any, ...]
    time_limit_s: float
    subject: str = "inchikey"
    receptor: str = ""


@dataclass
class Outcome:
    """What came of one item: a result, or ledger events, or both."""

    key: str
    result: Result | None = None
    events: list[Event] = field(default_factory=list)


class Journal:
    """Finished items of a shard, one JSON line each.

    Parameters
    ----------
    output : Path
        The stage's main output; the journal lies beside it.
    fingerprint : str
        Of all that the results depend on. A journal of another fingerprint is dropped.
    """

    def __init__(self, output: Path, fingerprint: str) -> None:
        self.path = output.with_name(f".{output.name}.journal")
        self._fingerprint = fingerprint
        self._handle: Any = None

    def read(self) -> dict[str, Outcome]:
        """Read finished items; a torn last line is left out and done again."""
        done: dict[str, Outcome] = {}
        if not self.path.exists():
            return done
        with self.path.open(encoding="utf-8") as handle:
            for number, line in enumerate(handle):
                try:
                    row = json.loads(line)
                except json.JSONDecodeError:
                    break
                if number == 0:
                    if row.get("fingerprint") != self._fingerprint:
                        return {}
                    continue
                events = [Event(**{**e, "status": Status(e["status"])}) for e in row["events"]]
                done[row["key"]] = Outcome(row["key"], row["result"], events)
        return done

    def open(self, done: dict[str, Outcome]) -> None:
        """Start the file anew with what is already done, whole or not at all."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        aside = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with aside.open("w", encoding="utf-8") as handle:
            handle.write(json.dumps({"fingerprint": self._fingerprint}) + "\n")
            for outcome in done.values():
                handle.write(_line(outcome))
        os.replace(aside, self.path)
        self._handle = self.path.open("a", encoding="utf-8")

    def add(self, outcome: Outcome) -> None:
        """Append a finished item."""
        self._handle.write(_line(outcome))
        self._handle.flush()

    def close(self) -> None:
        """Close the file; it stays for a later resume."""
        if self._handle is not None:
            self._handle.close()

    def remove(self) -> None:
        """Delete the journal, once the output stands."""
        self.close()
        self.path.unlink(missing_ok=True)


def _line(outcome: Outcome) -> str:
    events = [{k: str(getattr(e, k)) for k in Event.__dataclass_fields__} for e in outcome.events]
    return json.dumps({"key": outcome.key, "result": outcome.result, "events": events}) + "\n"


def fingerprint(*parts: str) -> str:
    """Digest of all that a shard's results depend on."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _guarded(function: Callable[[Any], Result], item: Any) -> Result | LigandError:
    """Run one item in the worker; every error comes back as a value."""
    try:
        return function(item)
    except LigandError as error:
        return error
    except Exception as error:
        # an unforeseen error of one molecule must not stop the shard; it is on record
        text = " ".join(f"{type(error).__name__}: {error}".split())
        return LigandError(Reason.INTERNAL_ERROR, text[:500])


def run_batch(
    task: Task,
    items: Sequence[tuple[str, Any]],
    workers: int,
    journal: Journal,
) -> Iterator[Outcome]:
    """Work through items and yield their outcomes in the items' order.

    Parameters
    ----------
    task : Task
        What to do.
    items : sequence of (key, item)
        Keys are unique within the shard.
    workers : int
        Processes side by side.
    journal : Journal
        Where finished items are kept; the caller removes it when its output stands.

    Yields
    ------
    Outcome
        One per item, in order.
    """
    done = journal.read()
    if done:
        log.info("%s: %d of %d items taken from the journal", task.stage, len(done), len(items))
    todo = [(key, item) for key, item in items if key not in done]
    journal.open(done)
    try:
        for outcome in progress(_compute(task, todo, workers), len(todo), task.stage):
            journal.add(outcome)
            done[outcome.key] = outcome
    finally:
        journal.close()
    for key, _ in items:
        yield done[key]


def _compute(
    task: Task, todo: Sequence[tuple[str, Any]], workers: int
) -> Iterator[Outcome]:
    if not todo:
        return
    with ProcessPool(
        max_workers=max(1, min(workers, len(todo))),
        initializer=task.start,
        initargs=task.start_args,
        # a fresh interpreter: OpenMM and torch do not survive a fork
        context=get_context("spawn"),
    ) as pool:
        waiting = [
            (key, pool.schedule(_guarded, args=(task.function, item), timeout=task.time_limit_s))
            for key, item in todo
        ]
        try:
            for key, future in waiting:
                yield _outcome(task, key, future)
        except BaseException:
            pool.stop()
            raise


def _outcome(task: Task, key: str, future: Any) -> Outcome:
    subject = {task.subject: key, "receptor": task.receptor}
    try:
        value = future.result()
    except TaskTimeoutError:
        value = LigandError(
            Reason.TIME_LIMIT, f"not finished within {task.time_limit_s:g} s; raise time_limit_s"
        )
    except ProcessExpired as error:
        value = LigandError(
            Reason.WORKER_DIED, f"the worker process ended with exit code {error.exitcode}"
        )
    if isinstance(value, LigandError):
        return Outcome(key, None, [Event.failure(task.stage, value, **subject)])
    failures = value.pop("failures", [])
    events = [
        Event.failure(
            task.stage,
            LigandError(Reason(f["reason"]), f["message"]),
            **subject,
            **{k: str(v) for k, v in f.items() if k in ("state", "pose")},
        )
        for f in failures
    ]
    return Outcome(key, value, events)
