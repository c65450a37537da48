"""Work through a shard: many workers, a time limit per item, and resume after a kill.

Each worker is a process that holds one pack of items at a time (of one item, unless a GPU
wants more), so an engine that hangs or crashes costs one item, never the shard, and it is
always known which one: a pack that is lost is done again item by item. Finished items go to
a journal beside the output; a restarted stage takes them from there. Results come back in
the order of the items, however many workers there are, so the output's bytes do not
depend on it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import IO, Any, cast

from screenmm.core.errors import LigandError, Reason, ScreenMMError
from screenmm.execution.progress import progress
from screenmm.files.disk import disk_trouble
from screenmm.files.locks import lock_output, owner_of
from screenmm.files.whole import replace_whole
from screenmm.run.ledger import Event, Status

log = logging.getLogger(__name__)

LONGEST_WAIT_S = 3600.0

Result = dict[str, Any]
"""What a worker returns for one item: plain JSON, so that it fits the journal."""

Pack = list[tuple[str, Any]]
"""Items, with their keys, that a worker gets together."""


@dataclass(frozen=True)
class Task:
    """One stage's work on one item.

    Parameters
    ----------
    stage : str
        Name of the stage, for the ledger.
    start : callable
        ``start(*arguments)`` makes, once in each worker, what does the work: a module-level
        class. An error in it stops the stage. What it makes is called with an item, returns a
        Result, and raises :class:`LigandError` for what the item cannot do. With a
        ``pack_size`` it is called with several items and returns a list of Result or
        LigandError, one for each.
    arguments : tuple
        Picklable; paths and settings.
    time_limit_s : float
        Per item, from the moment its worker gets it.
    subject : str
        Name of the ledger column that an item's key fills: ``inchikey`` or ``record``.
    receptor : str
        Receptor of the ledger rows; empty before receptors matter.
    pack_size : int or None
        Most items that a worker works on together. The packs follow from the items'
        order alone, also after a resume. None: one item, not a list of one.
    """

    stage: str
    start: Callable[..., Callable[[Any], Any]]
    arguments: tuple[Any, ...]
    time_limit_s: float
    subject: str = "inchikey"
    receptor: str = ""
    pack_size: int | None = None


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
        self.output = output
        self.path = output.with_name(f".{output.name}.journal")
        self._fingerprint = fingerprint
        self._handle: Any = None
        self._lock: IO[bytes] | None = None

    def acquire(self) -> None:
        """Become the only process that works on this output.

        Raises
        ------
        ScreenMMError
            Another process does: one that a killed Snakemake left behind, for example.
        """
        path = self.path.with_suffix(".lock")
        handle = lock_output(path)
        if handle is None:
            raise ScreenMMError(
                f"another process ({owner_of(path)}) is working on {self.output.name} in "
                f"{path.parent}: wait until it has ended, or end it, then run again"
            )
        # a file object: it is closed with the journal, however that ends
        self._lock = os.fdopen(handle, "rb")

    def read(self) -> dict[str, Outcome]:
        """Read finished items; a torn last line is left out and done again."""
        done: dict[str, Outcome] = {}
        if not self.path.exists():
            return done
        with self.path.open(encoding="utf-8", errors="replace") as handle:
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
        with replace_whole(self.path) as partial, partial.open("w", encoding="utf-8") as handle:
            handle.write(json.dumps({"fingerprint": self._fingerprint}) + "\n")
            for outcome in done.values():
                handle.write(_line(outcome))
        self._handle = self.path.open("a", encoding="utf-8")

    def add(self, outcome: Outcome) -> None:
        """Append a finished item."""
        self._handle.write(_line(outcome))
        self._handle.flush()

    def close(self) -> None:
        """Close the file; it stays for a later resume."""
        if self._handle is not None:
            self._handle.close()

    def keep(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the journal beside the output that stands, for one that is asked for later.

        Items that failed are left out: another time they may not fail.
        """
        self.close()
        self.open({each.key: each for each in outcomes if each.result is not None})
        self.close()
        self.path.with_suffix(".lock").unlink(missing_ok=True)
        self.release()

    def release(self) -> None:
        """Let others work on this output."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def remove(self) -> None:
        """Delete the journal, once the output stands."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".lock").unlink(missing_ok=True)
        self.release()


def _line(outcome: Outcome) -> str:
    events = [{k: str(getattr(e, k)) for k in Event.__dataclass_fields__} for e in outcome.events]
    return json.dumps({"key": outcome.key, "result": outcome.result, "events": events}) + "\n"


def fingerprint(*parts: str) -> str:
    """Digest of all that a shard's results depend on."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


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
        Where finished items are kept; the caller removes it, or keeps it, when its output stands.

    Yields
    ------
    Outcome
        One per item, in order.

    Raises
    ------
    ScreenMMError
        A worker could not start, or met what is no ligand's fault, as a full disk; the journal
        keeps what was finished.
    """
    journal.acquire()
    asked = {key for key, _ in items}
    done = {key: outcome for key, outcome in journal.read().items() if key in asked}
    if done:
        log.info("%s: %d of %d items taken from the journal", task.stage, len(done), len(items))
    size = task.pack_size or 1
    packs = [list(items[start : start + size]) for start in range(0, len(items), size)]
    # a pack is done as a whole: what its members come to may hang on the last digit together
    todo = [pack for pack in packs if any(key not in done for key, _ in pack)]
    for key, _ in (member for pack in todo for member in pack):
        done.pop(key, None)
    journal.open(done)
    try:
        count = sum(map(len, todo))
        for outcome in progress(_compute(task, todo, workers), count, task.stage):
            journal.add(outcome)
            done[outcome.key] = outcome
    finally:
        journal.close()
    for key, _ in items:
        yield done[key]


def _compute(task: Task, todo: Sequence[Pack], workers: int) -> Iterator[Outcome]:
    """Yield outcomes as they come, in any order."""
    waiting = deque(todo)
    died: set[str] = set()
    crew = [_Worker(task) for _ in range(min(max(1, workers), len(todo)))]
    try:
        while waiting or any(worker.held for worker in crew):
            worker = _next_to_serve(crew)
            held, answers = worker.held, worker.take()
            if held and isinstance(answers, LigandError):
                if len(held) > 1:
                    # one of them did it: each on its own shows which
                    waiting.extend([member] for member in held)
                elif isinstance(answers, _Death) and held[0][0] not in died:
                    # the machine may have run out of memory: once more, after the others
                    died.add(held[0][0])
                    waiting.append(held)
                else:
                    yield _outcome(task, held[0][0], answers)
            elif isinstance(answers, list):
                for (key, _), answer in zip(held, answers, strict=True):
                    yield _outcome(task, key, answer)
            crew.remove(worker)
            if not waiting:
                worker.stop()
            elif worker.alive:
                worker.give(waiting.popleft())
                crew.append(worker)
            else:
                crew.append(_Worker(task))
    finally:
        for worker in crew:
            worker.stop()


def _next_to_serve(crew: list[_Worker]) -> _Worker:
    """Wait for the first worker that answered, ended, or used up its item's time."""
    while True:
        soonest = min(crew, key=lambda worker: worker.deadline)
        left_s = soonest.deadline - time.monotonic()
        if left_s <= 0:
            return soonest
        ready = wait([worker.pipe for worker in crew], min(left_s, LONGEST_WAIT_S))
        if ready:
            return next(worker for worker in crew if worker.pipe in ready)


class _Death(LigandError):
    """The worker died, or had no memory left, while it held the item."""


class _Worker:
    """A process of its own, and the pack it holds."""

    def __init__(self, task: Task) -> None:
        # a fresh interpreter: OpenMM does not survive a fork
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        arguments = (theirs, task.start, task.arguments, task.pack_size)
        self._process = context.Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        theirs.close()
        self._task = task
        self._started = False
        self.alive = True
        self.held: Pack = []
        self.deadline = float("inf")

    def give(self, pack: Pack) -> None:
        """Let the idle worker begin a pack; its time runs from here."""
        self.held = pack
        self.deadline = time.monotonic() + self._task.time_limit_s * len(pack)
        # a worker that died while idle shows when its answer is taken
        with suppress(OSError):
            self.pipe.send([item for _, item in pack])

    def take(self) -> list[Result | LigandError] | LigandError | None:
        """Take what the pack came to; None when the worker has only just started."""
        self.held, self.deadline = [], float("inf")
        limit_s = self._task.time_limit_s
        if not self.pipe.poll():
            self.stop()
            return LigandError(
                Reason.TIME_LIMIT,
                f"not finished within {limit_s:g} s; raise time_limit_s, which makes this stage "
                "run again for the whole library",
            )
        try:
            answer = self.pipe.recv()
        except (EOFError, OSError):
            return self._death()
        if not self._started and answer is not None:
            raise ScreenMMError(f"{self._task.stage}: a worker could not start: {answer}")
        self._started = True
        if isinstance(answer, _Stop):
            raise ScreenMMError(f"{self._task.stage}: {answer}")
        if isinstance(answer, _Death):
            self.stop()  # gives its memory back
        return cast("list[Result | LigandError] | None", answer)

    def _death(self) -> _Death:
        self._process.join()
        how = _how_ended(self._process.exitcode)
        self.stop()
        if not self._started:
            raise ScreenMMError(f"{self._task.stage}: a worker {how} while it started")
        return _Death(Reason.WORKER_DIED, f"the worker process {how}, twice")

    def stop(self) -> None:
        """End the process, whatever it does."""
        self.alive = False
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _how_ended(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"was killed by {signal.Signals(-exitcode).name}"
    return f"ended with exit code {exitcode}"


def _serve(
    pipe: Connection,
    start: Callable[..., Callable[[Any], Any]],
    arguments: tuple[Any, ...],
    pack_size: int | None,
) -> None:
    """Run in the worker process: start, say so, then answer pack after pack."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the stage itself decides what it means
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        work = start(*arguments)
    except ScreenMMError as error:
        pipe.send(str(error))
        return
    except Exception as error:
        traceback.print_exc()
        pipe.send(_one_line(error))
        return
    pipe.send(None)
    with suppress(EOFError):
        while True:
            items = pipe.recv()
            try:
                if pack_size is None:
                    pipe.send([_guarded(work, item) for item in items])
                else:
                    pipe.send(_guarded_pack(work, items))
            except (_Stop, _Death) as answer:
                pipe.send(answer)


def _end_with_parent() -> None:
    """End when the stage was killed: nobody waits for the item any more."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _guarded(work: Callable[[Any], Result], item: Any) -> Result | LigandError:
    """Run one item in the worker; every error comes back as a value."""
    try:
        # a fresh result and one read back from the journal are alike
        return json.loads(json.dumps(work(item)))
    except LigandError as error:
        return error
    except Exception as error:
        _stop_if_no_ligands_fault(error)
        # an unforeseen error of one molecule must not stop the shard; it is on record
        traceback.print_exc()
        return LigandError(Reason.INTERNAL_ERROR, _one_line(error)[:500])


def _guarded_pack(
    work: Callable[[list[Any]], list[Result | LigandError]], items: list[Any]
) -> list[Result | LigandError]:
    """Run a pack in the worker; if that fails as a whole, its items one by one."""
    try:
        return [
            answer if isinstance(answer, LigandError) else json.loads(json.dumps(answer))
            for answer in work(items)
        ]
    except Exception as error:
        _stop_if_no_ligands_fault(error)
        if len(items) > 1:
            log.warning("a pack of %d failed (%s): one by one", len(items), _one_line(error)[:200])
            return [_guarded_pack(work, [item])[0] for item in items]
        if isinstance(error, LigandError):
            return [error]
        traceback.print_exc()
        return [LigandError(Reason.INTERNAL_ERROR, _one_line(error)[:500])]


class _Stop(Exception):
    """No ligand's fault: with every other one it would go the same way."""


def _stop_if_no_ligands_fault(error: Exception) -> None:
    """Tell errors of the machine or the set-up from those of a molecule.

    Raises
    ------
    _Stop
        A call of the system that failed, as on a full disk, or an error raised on purpose that
        names no ligand.
    _Death
        No memory left: other processes may have had it.
    """
    if isinstance(error, LigandError):
        return
    if isinstance(error, MemoryError):
        raise _Death(Reason.WORKER_DIED, "the worker had no memory left, twice") from error
    reason = str(error) if isinstance(error, ScreenMMError) else disk_trouble(error)
    # packages raise OSError without a number for what they cannot read
    if reason is None and isinstance(error, OSError) and error.errno is not None:
        reason = f"{_one_line(error)}; mend it and run again: finished work is kept"
    if reason is not None:
        raise _Stop(reason) from error


def _one_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _outcome(task: Task, key: str, value: Result | LigandError) -> Outcome:
    subject = {task.subject: key, "receptor": task.receptor}
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
