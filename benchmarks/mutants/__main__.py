"""Change the package's code at places drawn by chance: which changes does no unit test notice?

    make mutants MODULE=receptor/alternates.py
    python -m benchmarks.mutants [--modules ROOM_OR_MODULE ...] [--count N] [--seed SEED]

Writes a table: module, line, the change, what came of it (`first`, and `result` after the tests
were mended), and the test that noticed. Why a survivor can make no difference is said by hand in
the column `note`. A table that is there is gone on with: with `--survivors` by those that survived
and have no note.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
from itertools import islice
from pathlib import Path

from benchmarks.mutants.draw import Mutant, change, draw
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


def row_of(place: int, mutant: Mutant, verdict: Verdict) -> Row:
    source = (ROOT / mutant.module).read_text(encoding="utf-8")
    values = (
        place, str(Path(mutant.module).relative_to(PACKAGE)), mutant.line,
        change(source, mutant.apply(source)), verdict.result, verdict.result, verdict.by,
        f"{verdict.seconds:.0f}", "",
    )  # fmt: skip
    return dict(zip(COLUMNS, map(str, values), strict=True))


def read(table: Path) -> list[Row]:
    if not table.exists():
        return []
    with table.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def is_due(row: Row | None, survivors: bool) -> bool:
    """Whether a mutant is to be tried: it was not yet, or survived for no reason known."""
    return row is None or (survivors and row["result"] == "survived" and not row["note"])


def write(table: Path, rows: dict[int, Row]) -> None:
    with table.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows[place] for place in sorted(rows))


def summary(rows: list[Row]) -> str:
    counts = {result: sum(row["result"] == result for row in rows)
              for result in ("killed", "survived", "timeout")}  # fmt: skip
    idle = sum(row["result"] == "survived" and bool(row["note"]) for row in rows)
    shown = ", ".join(f"{count} {result}" for result, count in counts.items())
    return f"{len(rows)} mutants: {shown} ({idle} of the survivors with a note why)"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--modules", nargs="+", default=list(ROOMS), help="rooms or modules")
    parser.add_argument("--count", type=int, default=20, help="how many mutants")
    parser.add_argument("--skip", type=int, default=0, help="places of the order to pass over")
    parser.add_argument("--seed", type=int, default=1, help="of the order")
    parser.add_argument("--limit-s", type=float, default=900.0, help="wall time for a mutant")
    parser.add_argument("--out", type=Path, help="table (.csv) to write, or to go on with")
    parser.add_argument("--survivors", action="store_true", help="try survivors of --out again")
    parser.add_argument("--list", action="store_true", help="only show the mutants")
    args = parser.parse_args()
    drawn = draw(ROOT, modules_of(args.modules), args.seed)
    chosen = list(islice(enumerate(drawn), args.skip, args.skip + args.count))
    if args.list:
        for place, mutant in chosen:
            row = row_of(place, mutant, Verdict("", "", 0.0))
            print(place, f"{row['module']}:{row['line']}", row["mutation"], sep="  ")
        return 0
    rows = {int(row["place"]): row for row in read(args.out)} if args.out else {}
    todo = [each for each in chosen if is_due(rows.get(each[0]), args.survivors)]
    with tempfile.TemporaryDirectory(prefix="mutants.") as home:
        copy = Copy(ROOT, Path(home))
        for place, mutant in todo:
            text = mutant.apply((ROOT / mutant.module).read_text(encoding="utf-8"))
            tests = fitting_tests(ROOT, mutant.module)
            row = row_of(place, mutant, copy.judge(mutant.module, text, tests, args.limit_s))
            if place in rows:
                row["first"] = rows[place]["first"]
            rows[place] = row
            print(*row.values(), sep="  ", flush=True)
            if args.out:
                write(args.out, rows)
        print(summary(list(rows.values())))
        # a test that fails on the unchanged code notices nothing
        by = sorted({row["by"] for row in rows.values() if "::" in row["by"]})
        clean = copy.run(by, args.limit_s) if by else Verdict("survived", "", 0.0)
    if clean.result != "survived":
        print(f"unchanged, {clean.by or 'the tests'}: {clean.result}; no mutant counts by it")
    return clean.result != "survived"


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
