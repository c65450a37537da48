"""Run the parts of the measurement, each on its own, and print what came out.

    python measure.py --kit FOLDER --out FOLDER [--budget SECONDS] [--small]
                      [--parts NAME ...] [--limit NAME=SECONDS ...]

A part is a process with its own time limit: its share of what is left of the budget, so that
time which an early part leaves over is the later ones'. Whatever becomes of a part, the next
one runs. Exits with 1 where a part failed, was stopped or crashed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench import TABLES
from kit import Kit
from part import NOT_HERE, PARTS, REASON
from tell import lines_of

from screenmm.run.stages import versions

HERE = Path(__file__).resolve().parent
SHARES = {
    "devices": 70, "agreement": 120, "speed": 130, "opencl": 60, "docking": 80, "memory": 40,
    "energy": 40,
}  # fmt: skip
"""Seconds of a part in a budget of 540; in proportion in another."""

PACKAGES = ("openmm", "openmm-cuda-13", "numpy", "pyopencl", "rustina")

GRACE_S = 5.0
"""How much earlier than it is stopped a part believes its time to be over."""


def run_part(name: str, args: argparse.Namespace, seconds: float) -> dict[str, Any]:
    """Run a part; what became of it."""
    path, began = args.out / "run.log", time.monotonic()
    command = [
        sys.executable, HERE / "part.py", name, "--kit", args.kit, "--out", args.out,
        "--seconds", f"{max(seconds - GRACE_S, seconds / 2):.1f}",
        *(["--small"] if args.small else []),
    ]  # fmt: skip
    with path.open("a") as handle:
        handle.write(f"\n== {name}, at most {seconds:.0f} s\n")
        handle.flush()
        begins = handle.tell()
        process = subprocess.Popen(
            list(map(str, command)), stdout=handle, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            code: int | None = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        stop(process)
    with path.open("rb") as handle:
        handle.seek(begins)
        said = handle.read().decode(errors="replace").strip().splitlines()
    status, reason = verdict(code, said, seconds)
    return {
        "part": name,
        "status": status,
        "seconds": round(time.monotonic() - began, 1),
        "reason": reason,
    }


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a part with all the processes that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def verdict(code: int | None, said: list[str], seconds: float) -> tuple[str, str]:
    """Status of a part, and its reason: what it said last."""
    last = said[-1].removeprefix(REASON) if said else ""
    if code is None:
        return "stopped", f"not done after {seconds:.0f} s; last: {last}"
    if code < 0:
        return "crashed", f"{signal.Signals(-code).name}; last: {last}"
    if code == 0:
        return "ok", ""
    return "not here" if code == NOT_HERE else "failed", last


def about_machine() -> dict[str, Any]:
    """The card as its driver names it, and versions."""
    query = ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"]
    try:
        asked = subprocess.run(query, capture_output=True, text=True, check=False, timeout=30)
        cards = asked.stdout.strip().splitlines() if asked.returncode == 0 else []
    except (OSError, subprocess.TimeoutExpired):
        cards = []
    return {
        "cards": cards,
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        "versions": {name: found for name in PACKAGES if (found := installed(name))},
    }  # fmt: skip


def cpu_model() -> str:
    text = Path("/proc/cpuinfo").read_text()
    named = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    return named[0] if named else platform.machine()


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def limits(given: list[str]) -> Mapping[str, float]:
    """Read ``NAME=SECONDS``."""
    found = {}
    for text in given:
        name, _, seconds = text.partition("=")
        if name not in PARTS:
            sys.exit(f"--limit {text}: no such part; there are {', '.join(PARTS)}")
        found[name] = float(seconds)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kit", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--budget", type=float, default=540.0, help="seconds of all parts")
    parser.add_argument("--started", type=float, default=time.time(), help="seconds since 1970")
    parser.add_argument("--small", action="store_true", help="a few poses on the CPU")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--limit", nargs="+", default=[], metavar="NAME=SECONDS")
    args = parser.parse_args()
    own = limits(args.limit)
    for name in (*(f"{table}.csv" for table in TABLES), "run.log", "run.json"):
        (args.out / name).unlink(missing_ok=True)
    about = Kit(args.kit).about
    if about["score_method"] != versions()["score"]:
        print(
            f"warning: the kit's scores are of method {about['score_method']}, the sources' is "
            f"{versions()['score']}: pack it again before believing a difference"
        )
    # the budget began before this process did
    ends = time.monotonic() + args.budget - (time.time() - args.started)
    run: dict[str, Any] = {
        "small": args.small, "machine": about_machine(), "kit": about, "parts": [],
    }  # fmt: skip
    for index, name in enumerate(args.parts):
        share = SHARES[name] / sum(SHARES[each] for each in args.parts[index:])
        seconds = own.get(name, share * max(ends - time.monotonic(), 0.0))
        done = run_part(name, args, seconds)
        run["parts"].append(done)
        (args.out / "run.json").write_text(json.dumps(run, indent=2) + "\n")
        print(f"{name}: {done['status']}, {done['seconds']} s {done['reason']}"[:400], flush=True)
    print("\n".join(lines_of(args.out)))
    return int(any(each["status"] not in ("ok", "not here") for each in run["parts"]))


if __name__ == "__main__":
    sys.exit(main())
