"""Progress of long stages: a bar on a terminal, sparse lines in a log.

A rule sends its stage's standard error to a log file. Where a person sits at a terminal
all the same, the bar is drawn there and the log gets its lines too.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")
LOG_INTERVAL_S = 30.0
LOG_LINE = "{desc}{n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]"


def progress(items: Iterable[T], total: int, what: str, unit: str = "ligand") -> Iterator[T]:
    """Pass items on and show how many are done, the rate and the time left.

    Parameters
    ----------
    items : iterable
        Passed through unchanged.
    total : int
        How many there will be.
    what : str
        Name of the work, shown before the bar.
    unit : str
        What is counted.
    """
    if total == 0:
        return iter(items)
    if sys.stderr.isatty():
        return _drawn(items, total, what, unit, sys.stderr)
    logged = _logged(items, total, what, unit)
    try:
        terminal = open("/dev/tty", "w", encoding="utf-8")  # noqa: SIM115  (closed by _drawn)
    except OSError:
        return logged
    return _drawn(logged, total, what, unit, terminal)


def _drawn(items: Iterable[T], total: int, what: str, unit: str, terminal: TextIO) -> Iterator[T]:
    """Draw a bar on a terminal; it goes away at the end, the rule's message stays."""
    with tqdm(
        items, what, total, unit=f" {unit}", file=terminal, mininterval=0.5,
        dynamic_ncols=True, leave=terminal is sys.stderr,
    ) as bar:  # fmt: skip
        yield from bar
    if terminal is not sys.stderr:
        terminal.close()


def _logged(items: Iterable[T], total: int, what: str, unit: str) -> Iterator[T]:
    """Print a line now and then, and one at the end; never the same count twice."""
    began = told = time.monotonic()

    def tell(done: int) -> None:
        line = tqdm.format_meter(
            done,
            total,
            time.monotonic() - began,
            prefix=f"{what}: ",
            unit=f" {unit}",
            bar_format=LOG_LINE,
        )
        print(line, file=sys.stderr, flush=True)

    done = 0
    for done, item in enumerate(items, start=1):
        yield item
        if done < total and time.monotonic() - told >= LOG_INTERVAL_S:
            tell(done)
            told = time.monotonic()
    tell(done)
