"""Run unit tests in a copy of the repository, where one module may be changed."""

from __future__ import annotations

import ast
import compileall
import importlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

PRELOADED = [
    "duckdb", "gemmi", "matplotlib", "numpy", "openmm.app", "pandas", "pdbfixer",
    "playwright.sync_api", "propka.run", "pyarrow.parquet", "pydantic", "pytest",
    "rdkit.Chem.AllChem", "scipy.stats", "sklearn.metrics",
]  # fmt: skip
"""What the tests import of others: once, in the process that each run is forked from."""


@dataclass(frozen=True)
class Verdict:
    """What the tests said of a mutant.

    Parameters
    ----------
    result : str
        ``killed``, ``survived`` or ``timeout``.
    by : str
        The test that failed first, or the file that could not be read.
    seconds : float
        Wall time.
    """

    result: str
    by: str
    seconds: float


def fitting_tests(root: Path, module: str) -> list[str]:
    """Test files for a module: named after it or a user of it, or importing it; else its room's.

    Parameters
    ----------
    root : Path
        Of the repository.
    module : str
        Path of the module below it.

    Returns
    -------
    list of str
        Paths below the root, those first that see the module from nearest.
    """
    path, unit = Path(module), root / "tests/unit"
    dotted = ".".join(path.relative_to("workflow").with_suffix("").parts)
    tests = sorted(unit.rglob("test_*.py"))
    users = [
        (each.parent.name, each.stem)
        for each in sorted((root / "workflow/screenmm").glob("*/*.py"))
        if dotted in _imported(each)
    ]
    rooms = {path.parent.name, *(room for room, _ in users)}
    named = [(path.parent.name, path.stem), *users]
    nearest = [unit / room / f"test_{name}.py" for room, name in named]
    nearest = [each for each in nearest if each.exists()]
    importing = [each for each in tests if dotted in _imported(each)]
    nearest += sorted(importing, key=lambda each: each.parent.name != path.parent.name)
    nearest = nearest or [each for each in tests if each.parent.name in rooms]
    return [str(each.relative_to(root)) for each in dict.fromkeys(nearest)]


def _imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{each.name}" for each in node.names}
    return found


class Copy:
    """A copy of the repository's files in which a module can be changed for a while."""

    def __init__(self, root: Path, home: Path) -> None:
        self.home = home
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True, text=True
        ).stdout
        for name in filter(None, listed.split("\0")):
            target = home / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if (root / name).exists():
                shutil.copyfile(root / name, target)
        # by content: two states of a module within a second, of one length, look alike by date
        compileall.compile_dir(
            home / "workflow", quiet=2, invalidation_mode=PycInvalidationMode.CHECKED_HASH
        )

    def judge(self, module: str, text: str, tests: Sequence[str], limit_s: float) -> Verdict:
        """Run tests until one fails, with another text of a module."""
        path = self.home / module
        before = path.read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8")
        try:
            return self.run(tests, limit_s)
        finally:
            path.write_text(before, encoding="utf-8")

    def run(self, tests: Sequence[str], limit_s: float) -> Verdict:
        """Run tests until one fails."""
        context = get_context("forkserver")
        context.set_forkserver_preload([*PRELOADED])
        ours, theirs = context.Pipe(duplex=False)
        began = time.monotonic()
        process = context.Process(target=_tested, args=(theirs, self.home, list(tests)))
        process.start()
        theirs.close()
        answer = _answer(ours, limit_s)
        if process.pid is not None and process.is_alive():
            # with what the tests started
            os.killpg(process.pid, signal.SIGKILL)
        process.join()
        seconds = time.monotonic() - began
        if answer is None and seconds >= limit_s:
            return Verdict("timeout", "", seconds)
        if answer is None:
            return Verdict("killed", f"the process, status {process.exitcode}", seconds)
        return Verdict("killed" if answer else "survived", answer, seconds)


def _answer(pipe: Connection, limit_s: float) -> str | None:
    """What a run found, or None where it found nothing in time."""
    try:
        return pipe.recv() if pipe.poll(limit_s) else None
    except EOFError:
        return None


class _FirstFailure:
    """A plugin of pytest's that notes what failed first."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid


def _tested(pipe: Connection, home: Path, tests: list[str]) -> None:
    """Run pytest in this process, and say what failed first; empty if nothing did."""
    import pytest  # noqa: PLC0415  (preloaded; the parent process needs none)

    os.setsid()
    os.chdir(home)
    source = str(home / "workflow")
    sys.path[:0] = [source]
    os.environ["PYTHONPATH"] = source
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    importlib.invalidate_caches()
    first = _FirstFailure()
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(said):
        options = ["-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(home)]
        status = pytest.main([*options, "-m", "not system and not workflow", *tests], [first])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not first.name:
        first.name = f"pytest, status {int(status)}"
    package = sys.modules.get("screenmm")
    assert package is None or str(package.__file__).startswith(source), package
    pipe.send(first.name)
