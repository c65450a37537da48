from __future__ import annotations

from pathlib import Path

import pytest

from tests.hostile import HostileLibrary, write_hostile_library


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> HostileLibrary:
    folder: Path = tmp_path_factory.mktemp("hostile")
    return write_hostile_library(folder)
