"""Progress in a log: few lines, each told once, and a last one."""

import re

import pytest

from screenmm import progress as module
from screenmm.progress import progress


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_items_pass_through_unchanged() -> None:
    assert list(progress(iter("abc"), 3, "dock")) == ["a", "b", "c"]


def test_a_quick_run_logs_one_final_line(capsys: pytest.CaptureFixture[str]) -> None:
    list(progress(range(1000), 1000, "dock"))
    (line,) = lines(capsys)
    assert re.fullmatch(r"dock: 1000/1000 \[00:00<00:00, .* ligand/s\]", line)


def test_no_items_log_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress([], 0, "dock")) == []
    assert lines(capsys) == []


def test_lines_come_at_intervals_and_never_twice(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = {"now": 0.0}
    monkeypatch.setattr(module.time, "monotonic", lambda: clock["now"])
    for _ in progress(range(10), 10, "score", unit="record"):
        clock["now"] += 12
    told = lines(capsys)
    # 30 s have passed after the 3rd, 6th and 9th item of 12 s each
    assert [line.split(" ")[1] for line in told] == ["3/10", "6/10", "9/10", "10/10"]
    assert told[0].startswith("score: 3/10 [00:36<01:24,")
    assert "\r" not in "".join(told)
    assert "record" in told[0]
