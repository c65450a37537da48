"""Run the scripts that measure a GPU, and read their tables."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

GPU = Path("benchmarks/gpu")


def python(root: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run Python in the repository, with the scripts' modules to import."""
    command = [sys.executable, *map(str, arguments)]
    paths = [str(root / GPU), str(root / "workflow"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    return subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, check=False
    )


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a table."""
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))
