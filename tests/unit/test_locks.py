"""One writer at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from screenmm.errors import UserError
from screenmm.locks import lock_results


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
        "from screenmm.locks import lock_results; lock_results(Path(sys.argv[1])); "
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
