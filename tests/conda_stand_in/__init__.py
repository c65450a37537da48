"""A stand-in for conda: see README.md."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent

POISON = """\
#!/bin/sh
echo "this is the screenmm of the environment that Snakemake runs in" >&2
exit 97
"""


def variables(folder: Path) -> dict[str, str]:
    """Environment variables with which ``conda`` is the stand-in.

    Parameters
    ----------
    folder : Path
        For a ``screenmm`` that fails, ahead of the one beside ``snakemake``: a rule whose
        own environment has none must not borrow it.

    Returns
    -------
    dict
        To be added to the present ones.
    """
    poison = folder / "screenmm"
    poison.write_text(POISON)
    poison.chmod(0o755)
    found = {"PATH": os.pathsep.join([str(HERE / "bin"), str(folder), os.environ["PATH"]])}
    # uv reads none of pip's settings; where pip finds more wheels, uv must find them too
    if "PIP_FIND_LINKS" in os.environ:
        found["UV_FIND_LINKS"] = os.environ["PIP_FIND_LINKS"].replace(" ", ",")
    return found


@contextmanager
def conda_is_the_stand_in(folder: Path) -> Iterator[None]:
    """Let this process and those it starts find the stand-in."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables(folder).items():
            patch.setenv(name, value)
        yield
