"""A shard's work from its items to its files, resumed where an earlier attempt stopped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from screenmm.execution.batch import Journal, Outcome, Task, fingerprint, run_batch
from screenmm.files.whole import sha256


@contextmanager
def run_shard(
    task: Task,
    items: Sequence[tuple[str, Any]],
    output: Path,
    settings: str,
    inputs: Sequence[Path],
    workers: int,
    *,
    keeps: bool = False,
) -> Iterator[list[Outcome]]:
    """Work through a shard; what was finished is kept until the block that writes it has ended.

    Parameters
    ----------
    task : Task
        What to do.
    items : sequence of (key, item)
        Keys are unique within the shard.
    output : Path
        The main output; the journal of finished items lies beside it.
    settings : str
        The stage's settings as text.
    inputs : sequence of Path
        Files that the results depend on. Where one, or the settings, changed since an earlier
        attempt, nothing of that is taken over.
    workers : int
        Processes side by side.
    keeps : bool
        Whether the results are kept for a later output, of which some items may be the same. Keys
        then tell all that an item is, and the settings all that is computed with.

    Yields
    ------
    list of Outcome
        One per item, in order.

    Raises
    ------
    ScreenMMError
        See :func:`screenmm.execution.batch.run_batch`.
    """
    journal = Journal(output, fingerprint(settings, *map(sha256, inputs)))
    outcomes = list(run_batch(task, items, workers, journal))
    yield outcomes
    if keeps:
        journal.keep(outcomes)
    else:
        journal.remove()
