from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.config.settings import Settings, parse_settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A valid config; its library is one methane."""
    for name in ("library.smi", "receptor.pdb", "ligand.sdf"):
        (tmp_path / name).write_text("C methane\n")
    return parse_settings(
        {
            "name": "small",
            "results": str(tmp_path / "results"),
            "library": {"files": ["library.smi"]},
            "receptors": {"a": {"structure": "receptor.pdb"}, "b": {"structure": "receptor.pdb"}},
            "pocket": {"ligand": "ligand.sdf"},
        },
        tmp_path,
    )
