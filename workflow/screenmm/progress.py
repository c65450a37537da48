"""Progress of long stages: a bar on a terminal, sparse lines in a log."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")
LOG_INTERVAL_S = 30.0


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
    on_terminal = sys.stderr.isatty()
    bar = tqdm(
        items,
        total=total,
        desc=what,
        unit=f" {unit}",
        file=sys.stderr,
        mininterval=0.5 if on_terminal else LOG_INTERVAL_S,
        maxinterval=LOG_INTERVAL_S,
        dynamic_ncols=on_terminal,
        ncols=None if on_terminal else 100,
        ascii=not on_terminal,
        smoothing=0.1,
        # one line per update in a log, not one line overwritten
        bar_format=None if on_terminal else "{desc}: {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]\n",
    )
    yield from bar
