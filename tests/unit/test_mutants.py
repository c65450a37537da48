"""The mutation tester finds the tests of a module, and tells a noticed change from another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from benchmarks.mutants.tests import Copy, fitting_tests

SEEDS = "workflow/screenmm/core/seeds.py"


def test_the_modules_own_tests_come_first(root: Path) -> None:
    tests = fitting_tests(root, SEEDS)
    assert tests[0] == "tests/unit/core/test_seeds.py"
    # named after a module that uses it, though it does not import it itself
    assert "tests/unit/mmgbsa/test_shard.py" in tests
    # no test imports this module; a module that uses it has tests
    assert fitting_tests(root, "workflow/screenmm/receptor/alternates.py") == [
        "tests/unit/receptor/test_reading.py"
    ]


def test_a_change_is_noticed_or_not_and_the_copy_is_as_before(root: Path, tmp_path: Path) -> None:
    if subprocess.run(["git", "rev-parse"], cwd=root, capture_output=True, check=False).returncode:
        pytest.skip("not a git checkout")
    copy = Copy(root, tmp_path)
    text = (root / SEEDS).read_text()
    tests = ["tests/unit/core/test_seeds.py"]
    changed = text.replace('"big"', '"little"')
    noticed = copy.judge(SEEDS, changed, tests, 120.0)
    assert (noticed.result, noticed.by) == (
        "killed", "tests/unit/core/test_seeds.py::test_value_never_changes",
    )  # fmt: skip
    comment = copy.judge(SEEDS, f"# {text[:20]!r}\n{text}", tests, 120.0)
    assert (comment.result, comment.by) == ("survived", "")
    endless = copy.judge(SEEDS, f"{text}\nwhile True:\n    pass\n", tests, 10.0)
    assert endless.result == "timeout"
    assert (tmp_path / SEEDS).read_text() == text
