"""Sources that take turns, so that no parent or place has all of a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def in_turns(sources: Iterable[Iterable[T]]) -> Iterator[T]:
    """One of each source, then the next of each, until all are empty."""
    left = [iter(source) for source in sources]
    while left:
        still = []
        for source in left:
            for each in source:
                yield each
                still.append(source)
                break
        left = still
