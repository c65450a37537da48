"""Small inputs that once failed, one folder each with its config and what is right."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import ROOT


@pytest.fixture
def cases() -> Path:
    """The folder with a folder for each case."""
    cases = Path(os.environ.get("SCREENMM_CASES", ROOT.parent / "shared/cases"))
    if not cases.is_dir():
        pytest.skip(f"no cases at {cases}: set SCREENMM_CASES")
    return cases


@pytest.fixture
def case(cases: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A function that copies a case into a folder of its own and returns that folder."""
    # results are relative to the working folder
    monkeypatch.chdir(tmp_path)

    def copied(name: str) -> Path:
        # the originals may be without write bits
        return shutil.copytree(cases / name, tmp_path / name, copy_function=shutil.copyfile)

    return copied
