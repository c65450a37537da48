"""One writer at a time."""

import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from screenmm.core.errors import UserError
from screenmm.execution.batch import Journal
from screenmm.files.locks import lock_output, lock_results, owner_of, try_lock

WITHOUT_LOCKS = """
import ctypes, errno, platform, struct

# the kernel answers flock as a file system without locks does: a filter on system calls
number = {"x86_64": 73, "aarch64": 32}[platform.machine()]
code = [(0x20, 0, 0, 0), (0x15, 0, 1, number), (0x06, 0, 0, 0x50000 | errno.ENOLCK),
        (0x06, 0, 0, 0x7FFF0000)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *each) for each in code))
header = struct.pack("HxxxxxxP", len(code), ctypes.addressof(program))
libc = ctypes.CDLL(None, use_errno=True)
done = libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, ctypes.c_char_p(header), 0, 0)
if done:
    raise SystemExit(77)
"""


def test_a_second_run_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    handle = lock_results(tmp_path / "results")
    with pytest.raises(UserError, match=rf"process {os.getpid()} of .* since .* UTC") as caught:
        lock_results(tmp_path / "results")
    assert "results folder of its own" in str(caught.value)
    os.close(handle)
    again = lock_results(tmp_path / "results")
    os.close(again)


def test_a_killed_run_leaves_the_folder_free(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; "
        "from screenmm.files.locks import lock_results; lock_results(Path(sys.argv[1])); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    assert done.returncode == -9
    handle = lock_results(tmp_path)
    os.close(handle)


def test_programs_that_a_run_starts_do_not_hold_the_folder(tmp_path: Path) -> None:
    handle = lock_results(tmp_path)
    with subprocess.Popen(["sleep", "30"], close_fds=False) as child:
        os.close(handle)
        again = lock_results(tmp_path)
        child.kill()
    os.close(again)


def test_a_file_system_without_locks_is_worked_on_with_a_warning(tmp_path: Path) -> None:
    if platform.machine() not in ("x86_64", "aarch64"):
        pytest.skip("the number of flock is not known here")
    code = f"""{WITHOUT_LOCKS}
import logging, sys
from pathlib import Path
from screenmm.execution.batch import Journal
from screenmm.files.locks import lock_results
logging.basicConfig()
folder = Path(sys.argv[1])
for _ in range(2):
    lock_results(folder)
    Journal(folder / "out.parquet", "f").acquire()
"""
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode == 77:
        pytest.skip("this kernel lets no process filter its system calls")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("see to it that only one run writes there (No locks available)") == 4


def test_a_file_that_its_owner_takes_away_meanwhile_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last owner deletes the file between its opening and its locking by the next."""
    path = tmp_path / ".out.lock"
    calls = []

    def slow(of: Path) -> int | None:
        handle = try_lock(of)
        calls.append(handle)
        if len(calls) == 1:
            of.unlink()
            of.touch()
        return handle

    monkeypatch.setattr("screenmm.files.locks.try_lock", slow)
    handle = lock_output(path)
    assert handle is not None
    assert len(calls) == 2
    assert os.fstat(handle).st_ino == path.stat().st_ino
    assert owner_of(path) == f"process {os.getpid()} on {socket.gethostname()}"
    assert try_lock(path) is None
    os.close(handle)


def test_the_next_owner_of_an_output_signs_anew(tmp_path: Path) -> None:
    first = Journal(tmp_path / "out.parquet", "f")
    first.acquire()
    first.remove()
    second = Journal(tmp_path / "out.parquet", "f")
    second.acquire()
    assert owner_of(tmp_path / ".out.parquet.lock") == (
        f"process {os.getpid()} on {socket.gethostname()}"
    )
    second.remove()
    assert owner_of(tmp_path / ".out.parquet.lock") == "unknown"
