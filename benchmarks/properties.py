"""Run the properties of tests/properties on many generated inputs and write what came of it.

    python benchmarks/properties.py

Writes benchmarks/results/properties.csv: for each property the inputs that were generated and
held, those that failed, and those that were no valid member of their kind.
"""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results/properties.csv"
PROPERTY = re.compile(r"^(tests/properties/\S+::\S+):$", re.MULTILINE)
PHASE = re.compile(r"- during generate phase \(([\d.]+) seconds\)")
COUNTS = re.compile(r"- (\d+) passing, (\d+) failing, and (\d+) invalid test cases")
COLUMNS = ("property", "passing", "failing", "invalid", "seconds")


def rows_of(output: str) -> list[dict[str, object]]:
    """Counts of each property from what pytest printed of hypothesis' statistics."""
    names = list(PROPERTY.finditer(output))
    rows = []
    for match, following in zip(names, [*names[1:], None], strict=True):
        text = output[match.end() : following.start() if following else None]
        counts = [[int(n) for n in each.groups()] for each in COUNTS.finditer(text)]
        if not counts:
            raise ValueError(f"{match[1]}: hypothesis says nothing of its inputs:\n{text[:500]}")
        passing, failing, invalid = (sum(column) for column in zip(*counts, strict=True))
        seconds = sum(float(value) for value in PHASE.findall(text))
        rows.append(dict(zip(COLUMNS, (match[1], passing, failing, invalid, seconds), strict=True)))
    return rows


def main() -> int:
    command = [
        sys.executable, "-m", "pytest", "tests/properties", "--hypothesis-profile", "many",
        "--hypothesis-show-statistics", "-q", "-p", "no:xdist", *sys.argv[1:],
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    rows = rows_of(done.stdout)
    with RESULTS.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    print(f"{sum(int(str(row['passing'])) for row in rows)} inputs held: {RESULTS}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
