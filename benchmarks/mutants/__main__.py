"""Change the package's code at places drawn by chance: which changes does no unit test notice?

    make mutants MODULE=receptor/alternates.py
    python -m benchmarks.mutants [--modules ROOM_OR_MODULE ...] [--count N] [--seed SEED]

Writes a table: module, line, the change, what came of it (`first`, and `result` after the tests
were mended), and the test that noticed. Why a survivor can make no difference is said by hand in
the column `note`. The table holds the whole draw from its start. One that is there is gone on
with: by its mutants that were not tried, and with `--survivors` by those that survived and have
no note. They are found by how the change reads, as another state of the code draws others.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.mutants.draw import Mutant, change, draw, find
from benchmarks.mutants.tests import Copy, Verdict, fitting_tests

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = Path("workflow/screenmm")
ROOMS = ("mmgbsa", "forcefield", "receptor", "results", "statistics", "library")
COLUMNS = ("place", "module", "line", "mutation", "first", "result", "by", "seconds", "note")
Row = dict[str, str]


def modules_of(names: list[str]) -> list[str]:
    """Paths of modules below the root, from names of rooms and modules of the package."""
    found: list[Path] = []
    for name in names:
        path = ROOT / PACKAGE / name
        found += path.glob("*.py") if path.is_dir() else [path.with_suffix(".py")]
    if missing := [str(each.relative_to(ROOT)) for each in found if not each.exists()]:
        raise SystemExit(f"no such module: {', '.join(missing)}")
    return sorted(str(each.relative_to(ROOT)) for each in found)


def row_of(place: int, mutant: Mutant) -> Row:
    """A mutant as it was drawn, not tried yet."""
    source = (ROOT / mutant.module).read_text(encoding="utf-8")
    known = {
        "place": str(place),
        "module": str(Path(mutant.module).relative_to(PACKAGE)),
        "line": str(mutant.line),
        "mutation": change(source, mutant.apply(source)),
    }
    return dict.fromkeys(COLUMNS, "") | known


def judged(row: Row, copy: Copy, limit_s: float) -> Row:
    """The row with what came of its mutant; as it was where the code is another by now."""
    module = str(PACKAGE / row["module"])
    mutant = find(ROOT, module, int(row["line"]), row["mutation"])
    if mutant is None:
        print(f"not tried, the code is another by now: {row['module']}: {row['mutation']}")
        return row
    text = mutant.apply((ROOT / module).read_text(encoding="utf-8"))
    verdict = copy.judge(module, text, fitting_tests(ROOT, module), limit_s)
    return row | {
        "first": row["first"] or verdict.result,
        "result": verdict.result,
        "by": verdict.by,
        "seconds": f"{verdict.seconds:.0f}",
    }


def read(table: Path) -> list[Row]:
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def is_due(row: Row, survivors: bool) -> bool:
    """Whether a mutant is to be tried: it was not yet, or survived for no reason known."""
    return not row["result"] or (survivors and row["result"] == "survived" and not row["note"])


def write(table: Path, rows: list[Row]) -> None:
    with table.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def summary(rows: list[Row]) -> str:
    names = {"killed": "killed", "survived": "survived", "timeout": "timeout", "not tried": ""}
    counts = {name: sum(row["result"] == result for row in rows) for name, result in names.items()}
    idle = sum(row["result"] == "survived" and bool(row["note"]) for row in rows)
    shown = ", ".join(f"{count} {result}" for result, count in counts.items())
    return f"{len(rows)} mutants: {shown} ({idle} of the survivors with a note why)"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--modules", nargs="+", default=list(ROOMS), help="rooms or modules")
    parser.add_argument("--count", type=int, default=20, help="how many mutants")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--limit-s", type=float, default=900.0, help="wall time for a mutant")
    parser.add_argument("--out", type=Path, help="table (.csv) to write, or to go on with")
    parser.add_argument("--survivors", action="store_true", help="try survivors of --out again")
    parser.add_argument("--list", action="store_true", help="only show the mutants")
    args = parser.parse_args()
    rows = read(args.out) if args.out else []
    if not rows:
        drawn = islice(draw(ROOT, modules_of(args.modules), args.seed), args.count)
        rows = [row_of(place, mutant) for place, mutant in enumerate(drawn)]
    if args.list:
        for row in rows:
            print(row["place"], f"{row['module']}:{row['line']}", row["mutation"], sep="  ")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants.") as home:
        copy = Copy(ROOT, Path(home))
        for index, row in enumerate(rows):
            if not is_due(row, args.survivors):
                continue
            rows[index] = judged(row, copy, args.limit_s)
            print(*rows[index].values(), sep="  ", flush=True)
            if args.out:
                write(args.out, rows)
        print(summary(rows))
        # a test that fails on the unchanged code notices nothing
        by = sorted({row["by"] for row in rows if "::" in row["by"]})
        clean = copy.run(by, args.limit_s) if by else Verdict("survived", "", 0.0)
    if clean.result != "survived":
        print(f"unchanged, {clean.by or 'the tests'}: {clean.result}; no mutant counts by it")
    return clean.result != "survived"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
