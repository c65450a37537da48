"""Run one part of the measurement in this process.

    python part.py NAME --kit FOLDER --out FOLDER --seconds N [--small]

Exits with 0, with 1 where a step failed, and with 3 where the machine lacks what the part
needs; then the last line says why.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import time
from pathlib import Path

from bench import Bench, NotHereError
from kit import Kit

PARTS = ("devices", "agreement", "speed", "opencl", "docking", "memory", "energy")
"""In order of worth; each is a module of ``parts``."""

REASON = "reason: "
OK, FAILED, NOT_HERE = 0, 1, 3


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    ends = time.monotonic() + args.seconds
    bench = Bench(args.part, Kit(args.kit), args.out, args.small, ends)
    try:
        importlib.import_module(f"parts.{args.part}").run(bench)
    except NotHereError as error:
        print(f"{REASON}{error}")
        return NOT_HERE
    if bench.failures:
        steps = len(bench.failures) + bench.done
        print(f"{REASON}{len(bench.failures)} of {steps} steps failed: {bench.failures[0]}")
        return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(main())
