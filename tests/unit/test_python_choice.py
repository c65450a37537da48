"""Which Python ``make`` takes, and what it says where there is none. Scripts stand for others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

Choose = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    """Run the script where there are only the named commands: ``choose(*named, python3="3.9")``."""
    (tmp_path / "sh").symlink_to("/bin/sh")

    def run(*named: str, **versions: str) -> subprocess.CompletedProcess[str]:
        for name, version in versions.items():
            command = tmp_path / name.replace("_", ".")
            command.write_text(
                f"#!/bin/sh\ncase $2 in *ensurepip*) exit {int('bare' in version)} ;; esac\n"
                f"echo {version.split()[0]}\n"
                if version
                else "#!/bin/sh\nexit 127\n"
            )
            command.chmod(0o755)
        script = str(ROOT / "envs/python.sh")
        return subprocess.run(
            [tmp_path / "sh", script, *named],
            env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("versions", "taken"),
    [
        ({"python3_11": "3.11", "python3_12": "3.12", "python3": "3.13"}, "python3.11"),
        ({"python3_12": "3.12", "python3_13": "3.13"}, "python3.12"),
        ({"python3_13": "3.13", "python3": "3.10"}, "python3.13"),
        ({"python3": "3.13"}, "python3"),
        # pyenv leaves commands that do not run
        ({"python3_11": "", "python3_12": "3.12"}, "python3.12"),
        ({"python3_11": "3.11 bare", "python3_13": "3.13"}, "python3.13"),
    ],
)
def test_the_first_that_fits_is_taken(
    choose: Choose, tmp_path: Path, versions: dict[str, str], taken: str
) -> None:
    done = choose(**versions)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{tmp_path / taken}\n"


@pytest.mark.parametrize(
    ("named", "versions", "said"),
    [
        ([], {}, "found: none of python3.11 python3.12 python3.13 python3 runs."),
        ([""], {"python3": "3.10"}, "found: python3 of version 3.10."),
        ([], {"python3_12": "3.12 bare", "python3": "3.14"},
         "found: python3.12 without venv (on Debian: apt-get install python3.12-venv), "
         "python3 of version 3.14."),
        (["/nowhere/python"], {"python3": "3.12"}, "found: none of /nowhere/python runs."),
        (["python3"], {"python3": "2.7", "python3_12": "3.12"}, "found: python3 of version 2.7."),
    ],
)  # fmt: skip
def test_none_that_fits_is_one_line_that_says_what_was_found(
    choose: Choose, named: list[str], versions: dict[str, str], said: str
) -> None:
    done = choose(*named, **versions)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"ScreenMM needs Python 3.11, 3.12 or 3.13; {said} "
        "Name one: make PYTHON=/path/to/python3.12\n"
    )


def test_this_python_is_taken_where_it_is_named(choose: Choose) -> None:
    assert choose(sys.executable).stdout == f"{sys.executable}\n"
