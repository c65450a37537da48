"""Progress in a log: few lines, each told once, and a last one."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import sys
import termios
from pathlib import Path

import pytest

from screenmm.execution import progress as module
from screenmm.execution.progress import progress


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
    # elapsed since the beginning, not since the last line
    assert told[1].startswith("score: 6/10 [01:12<00:48,")
    assert "\r" not in "".join(told)
    assert "record" in told[0]


def test_a_terminal_gets_the_bar_and_the_log_its_lines(tmp_path: Path) -> None:
    """A stage whose standard error goes to a file, run under a real terminal (a pty)."""
    log = tmp_path / "stage.log"
    script = (
        "from screenmm.execution.progress import progress; list(progress(range(500), 500, 'dock'))"
    )
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
        with log.open("w") as handle:
            os.dup2(handle.fileno(), 2)
        os.execv(sys.executable, [sys.executable, "-c", script])
    shown = b""
    with contextlib.suppress(OSError):  # Linux reports the end of a pty as an error
        while chunk := os.read(terminal, 65536):
            shown += chunk
    assert os.waitpid(child, 0)[1] == 0
    assert b"dock: 100%" in shown or b"dock:   0%" in shown
    assert log.read_text().startswith("dock: 500/500 [")
