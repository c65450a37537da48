"""Compiled kernels are kept beside the parameters, unless somebody said otherwise."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from screenmm.devices.compiled import VARIABLE, keep_compiled_kernels


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    # what the test adds is taken back as well
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.delenv(VARIABLE)


def test_they_are_kept_in_the_cache_folder(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCREENMM_CACHE", str(tmp_path / "cache"))
    keep_compiled_kernels()
    folder = Path(os.environ[VARIABLE])
    assert folder == tmp_path / "cache/kernels"
    assert folder.is_dir()


def test_where_nothing_is_kept_openmm_is_told_nothing(monkeypatch) -> None:
    monkeypatch.setenv("SCREENMM_CACHE", "")
    keep_compiled_kernels()
    assert VARIABLE not in os.environ


def test_a_folder_that_somebody_named_stays(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("SCREENMM_CACHE", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "/elsewhere")
    keep_compiled_kernels()
    assert os.environ[VARIABLE] == "/elsewhere"
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch, caplog) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SCREENMM_CACHE", str(tmp_path / "file"))
    keep_compiled_kernels()
    assert VARIABLE not in os.environ
    assert "compiled kernels are not kept" in caplog.text
