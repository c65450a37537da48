"""Progress of long stages: a bar on a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

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
        return iter(tqdm(items, what, total, unit=f" {unit}", mininterval=0.5, dynamic_ncols=True))
    return _logged(items, total, what, unit)


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
