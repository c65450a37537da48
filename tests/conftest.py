"""Fixtures shared by all tests: real structures, real molecules."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import openmm
import pytest
from playwright.sync_api import Browser, expect, sync_playwright
from rdkit import Chem

from tests.browsers import SLOW_MS

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put files that take longest first: one that begins last leaves the other cores idle.

    Pytest-xdist hands files out in this order with ``--no-loadscope-reorder``.
    """

    def minutes(item: pytest.Item) -> float:
        marker = item.get_closest_marker("minutes")
        return marker.args[0] if marker else 0.0

    items.sort(key=minutes, reverse=True)


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


@pytest.fixture(scope="session")
def opencl_environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a process whose OpenMM has OpenCL, on the CPU by Intel's runtime.

    The loader reads it once, when OpenMM is imported: such a test needs its own process.
    """
    runtime = Path(sys.prefix) / "lib/libintelocl.so"
    if not runtime.exists():
        pytest.skip("no OpenCL runtime: pip install intel-opencl-rt intel-cmplr-lib-rt")
    # the wheel's own .icd names the runtime by a path that does not exist
    vendors = tmp_path_factory.mktemp("OpenCL")
    (vendors / "intel.icd").write_text(f"{runtime}\n")
    environment = {**os.environ, "OCL_ICD_VENDORS": str(vendors)}
    code = "import openmm; openmm.Platform.getPlatformByName('OpenCL')"
    asked = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    if asked.returncode != 0:
        last = asked.stderr.strip().rpartition("\n")[2]
        pytest.skip(f"no OpenCL platform ({last}): apt-get install ocl-icd-libopencl1")
    return environment


@pytest.fixture
def broken_cuda_environment(tmp_path: Path) -> dict[str, str]:
    """Environment of a process whose OpenMM has a CUDA plugin that does not load."""
    plugins = tmp_path / "plugins"
    plugins.mkdir()
    for plugin in (Path(openmm.version.openmm_library_path) / "plugins").glob("*.so"):
        if "CUDA" not in plugin.name:
            (plugins / plugin.name).symlink_to(plugin)
    (plugins / "libOpenMMCUDA.so").write_text("built for another machine\n" * 10)
    return {**os.environ, "OPENMM_PLUGIN_DIR": str(plugins)}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium, headless, with WebGL in software.

    One per module: while it runs, no test of the process could start an event loop.
    """
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("no chromium on the PATH: apt-get install chromium")
    with sync_playwright() as driver:
        # root may not use Chromium's sandbox
        running = driver.chromium.launch(
            executable_path=found,
            args=["--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox"],
        )
        expect.set_options(timeout=SLOW_MS)
        yield running
        running.close()
