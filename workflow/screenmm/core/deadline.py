"""A bound on the time that one piece of work may take."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from screenmm.core.errors import LigandError, Reason

_AGAIN_S = 1.0
"""The alarm repeats: an exception raised inside a destructor or callback is lost."""


@contextmanager
def deadline(seconds: float | None, what: str) -> Iterator[None]:
    """Stop the body after a time.

    Works in the main thread of a process on POSIX, where the alarm interrupts Python
    between two instructions; in another thread, or elsewhere, the body is not bounded.
    Deadlines nest: an outer one goes on counting and strikes when the inner one is over.

    Parameters
    ----------
    seconds : float or None
        Greater than zero; None: no bound.
    what : str
        What is bounded, for the message.

    Raises
    ------
    LigandError
        The body took longer (reason ``time_limit``).
    ValueError
        ``seconds`` is not positive.
    """
    if seconds is None:
        yield
        return
    if seconds <= 0:
        raise ValueError(f"a deadline of {seconds:g} s leaves no time")
    if not hasattr(signal, "setitimer") or (
        threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    struck: list[LigandError] = []

    def expire(_number: int, _frame: FrameType | None) -> None:
        struck.append(LigandError(Reason.TIME_LIMIT, f"{what} took longer than {seconds:g} s"))
        raise struck[-1]

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, expire)
    outer_s, outer_interval_s = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)
    try:
        try:
            yield
        except Exception as error:
            # a package that catches everything may have made another error of it
            if struck and error not in struck:
                raise struck[-1] from error
            raise
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if outer_s:
            left_s = max(outer_s - (time.monotonic() - started), 1e-6)
            signal.setitimer(signal.ITIMER_REAL, left_s, outer_interval_s)
