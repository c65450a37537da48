"""Fixtures shared by all tests: real structures, real molecules."""

from __future__ import annotations

import os
from importlib.resources import files
from pathlib import Path

import pytest
from rdkit import Chem

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def benchmark_data() -> Path:
    folder = Path(os.environ.get("SCREENMM_BENCHMARK_DATA", ROOT.parent / "shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no benchmark data at {folder}: set SCREENMM_BENCHMARK_DATA")
    return folder


@pytest.fixture(scope="session")
def tyk2_folder() -> Path:
    return Path(str(files("openmmforcefields"))) / "data/perses_jacs_systems/tyk2"


@pytest.fixture(scope="session")
def tyk2_protein(tyk2_folder: Path) -> Path:
    return tyk2_folder / "Tyk2_protein.pdb"


@pytest.fixture(scope="session")
def tyk2_ligands(tyk2_folder: Path) -> list[Chem.Mol]:
    supplier = Chem.SDMolSupplier(str(tyk2_folder / "Tyk2_ligands_shifted.sdf"), removeHs=False)
    return list(supplier)
