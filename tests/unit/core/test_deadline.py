from __future__ import annotations

import signal
import threading
import time

import pytest

from screenmm.core.deadline import deadline
from screenmm.core.errors import LigandError, Reason


def spin(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def test_longer_work_is_stopped_with_the_time_limit_reason():
    started = time.monotonic()
    with (
        pytest.raises(LigandError, match=r"docking took longer than 0\.05 s") as raised,
        deadline(0.05, "docking"),
    ):
        spin(10)
    assert raised.value.reason is Reason.TIME_LIMIT
    assert time.monotonic() - started < 5


def test_shorter_work_is_left_alone():
    before = signal.getsignal(signal.SIGALRM)
    with deadline(0.05, "docking"):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before
    spin(0.1)


def test_the_alarm_is_off_after_an_error_of_the_work():
    with pytest.raises(KeyError), deadline(10, "docking"):
        raise KeyError("x")
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_none_is_no_bound():
    with deadline(None, "docking"):
        assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_an_outer_deadline_goes_on_counting():
    def work() -> None:
        with deadline(0.1, "the ligand"):
            with deadline(10, "docking"):
                spin(0.2)
            spin(10)

    with pytest.raises(LigandError, match=r"the ligand took longer than 0\.1 s"):
        work()


def test_an_inner_deadline_strikes_first():
    with (
        pytest.raises(LigandError, match="docking took longer"),
        deadline(10, "the ligand"),
        deadline(0.05, "docking"),
    ):
        spin(10)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_alarm_lost_in_a_destructor_comes_again():
    class Lossy:
        def __del__(self) -> None:
            spin(0.3)

    def work() -> None:
        with deadline(0.1, "docking"):
            Lossy()
            spin(10)

    with pytest.raises(LigandError, match="docking took longer"):
        work()


def test_an_alarm_that_became_another_error_is_still_a_time_limit():
    def work() -> None:
        with deadline(0.05, "docking"):
            try:
                spin(10)
            except Exception as error:
                raise ValueError("no toolkit could do it") from error

    with pytest.raises(LigandError, match="docking took longer"):
        work()


def test_another_thread_is_not_bounded():
    seen: list[str] = []

    def work() -> None:
        with deadline(0.01, "docking"):
            spin(0.05)
        seen.append("done")

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == ["done"]


@pytest.mark.parametrize("seconds", [0.0, -1.0])
def test_no_time_at_all_is_an_error_of_the_caller(seconds: float):
    with pytest.raises(ValueError, match="leaves no time"), deadline(seconds, "docking"):
        pass
