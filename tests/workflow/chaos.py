"""Kill a running screen at random moments and resume it, again and again.

python -m tests.workflow.chaos FOLDER --kills 100 --log kills.csv   # FOLDER/config.yaml
python tests/workflow/slurm.py python -m tests.workflow.chaos FOLDER --slurm ...
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from screenmm.files.whole import sha256
from screenmm.run.stages import stages

ROOT = Path(__file__).resolve().parents[2]

LONGEST_S = 1800
ORPHANS_S = 300
MOST_FAILURES = 3
"""Starts in a row that fail though nobody killed anything: it cannot be resumed."""
STABLE = ("ranking.csv", "ledger.csv", "hits.sdf")


@dataclass(frozen=True)
class Kill:
    """One SIGKILL.

    Parameters
    ----------
    after_s : float
        Seconds since Snakemake started, or since the kill before that left it alive.
    victim : str
        ``snakemake`` alone (its jobs go on without it), ``everything``, or the command of
        one process that worked for it, in a Slurm job where the screen runs through Slurm.
    files : int
        Files in the results folder at that time.
    """

    after_s: float
    victim: str
    files: int


def snakemake(folder: Path, *options: str) -> list[str]:
    return [
        "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--cores", "2",
        "--workflow-profile", str(ROOT / "profiles/default"),
        "--configfile", str(folder / "config.yaml"), *options,
    ]  # fmt: skip


def descendants(pid: int) -> list[int]:
    """Processes below a process, parents first."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        children.setdefault(int(after_name[1]), []).append(int(path.parent.name))
    below = list(children.get(pid, []))
    for each in below:
        below.extend(children.get(each, []))
    return below


def at_work_in(folder: Path) -> list[int]:
    """Processes of a screen, here or in Slurm's jobs on this machine: they run in its folder."""
    return sorted(int(p.name) for p in Path("/proc").glob("[0-9]*") if _works_in(p, folder))


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").resolve() == folder.resolve() and process.name != str(os.getpid())
    except OSError:
        return False


STAGES = {stage.command for stage in stages().values()}


def command_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return "ended"
    if any("multiprocessing" in word for word in words):
        return "worker"
    known = [word for word in words if word in STAGES]
    return known[0] if known else Path(words[0]).name


def start(folder: Path, command: list[str]) -> subprocess.Popen:
    with (folder / "chaos.log").open("a") as log:
        return subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, start_new_session=True)


def kill_once(
    folder: Path, process: subprocess.Popen, rng: random.Random, longest_wait_s: float
) -> Kill | None:
    """Wait, then kill some of a running screen; None when it had ended before.

    Where Snakemake itself is left alive, it may try the job again and go on.
    """
    wait_s, kind = rng.uniform(1.0, longest_wait_s), rng.choice(["snakemake", "everything", "one"])
    began = time.monotonic()
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        pass
    else:
        return None
    workers = [pid for pid in at_work_in(folder) if pid != process.pid]
    files = sum(path.is_file() for path in (folder / "results").rglob("*"))
    if kind == "everything":
        victims, name = [process.pid, *workers], "everything"
    elif kind == "one" and workers:
        victim = rng.choice(workers)
        victims, name = [victim], command_of(victim)
    else:
        victims, name = [process.pid], "snakemake"
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            name += " (had just ended)"
    after_s = time.monotonic() - began
    if process.pid in victims:
        process.wait()
    return Kill(round(after_s, 2), name, files)


def wait_for_orphans(folder: Path) -> None:
    """Wait for jobs that a killed Snakemake left behind, here and in Slurm's queue."""
    deadline = time.monotonic() + ORPHANS_S
    while time.monotonic() < deadline:
        if not _queued_for(folder) and not at_work_in(folder):
            return
        time.sleep(0.5)
    raise TimeoutError(f"jobs still run in {folder} after {ORPHANS_S} s")


def _queued_for(folder: Path) -> bool:
    """Whether Slurm, where one runs, has jobs that work in a folder."""
    if not shutil.which("squeue"):
        return False
    queue = ["squeue", "--noheader", "--states=PENDING,RUNNING,COMPLETING", "--format=%Z"]
    listed = subprocess.run(queue, capture_output=True, text=True, check=False).stdout
    return any(Path(line).resolve() == folder.resolve() for line in listed.splitlines())


def run_with_kills(
    folder: Path,
    kills: int,
    seed: int,
    options: tuple[str, ...] = (),
    longest_wait_s: float = 8.0,
) -> list[Kill]:
    """Kill and resume a screen, then let it end.

    Parameters
    ----------
    folder : Path
        Holds ``config.yaml``; results are in ``results``.
    kills : int
        How often. A screen that ends first is begun anew in an empty folder.
    seed : int
        Of moments and victims.
    options : tuple of str
        More options of Snakemake.
    longest_wait_s : float
        Kills come between 1 s and this after a start.

    Returns
    -------
    list of Kill

    Raises
    ------
    subprocess.CalledProcessError
        The last run, which nobody kills, fails, or several before it do before a kill.
    """
    rng = random.Random(seed)
    command, unlock = snakemake(folder, *options), snakemake(folder, "--unlock")
    found: list[Kill] = []
    failures = 0
    while len(found) < kills:
        before = len(found)
        subprocess.run(unlock, cwd=folder, capture_output=True, check=False)
        process = start(folder, command)
        while len(found) < kills and process.poll() is None:
            if kill := kill_once(folder, process, rng, longest_wait_s):
                found.append(kill)
        if len(found) < kills and process.wait() == 0:
            wait_for_orphans(folder)
            shutil.rmtree(folder / "results")
        failures = failures + 1 if len(found) == before and process.returncode else 0
        if failures == MOST_FAILURES:
            raise subprocess.CalledProcessError(process.returncode, command)
    process.wait(LONGEST_S)
    wait_for_orphans(folder)
    subprocess.run(unlock, cwd=folder, capture_output=True, check=False)
    with (folder / "chaos.log").open("a") as log:
        subprocess.run(command, cwd=folder, stdout=log, stderr=log, check=True)
    return found


def main() -> None:
    """Run a screen with kills, compare it with itself undisturbed, and log the kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="holds config.yaml; results: results")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest-wait-s", type=float, default=8.0)
    parser.add_argument("--log", type=Path, required=True, help="CSV to append to")
    parser.add_argument("--options", default="", help="more options of Snakemake")
    args = parser.parse_args()
    folder = args.folder.resolve()
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    subprocess.run(snakemake(folder), cwd=folder, capture_output=True, check=True)
    expected = {name: sha256(results / name) for name in STABLE}
    shutil.rmtree(results)
    options = tuple(args.options.split())
    kills = run_with_kills(folder, args.kills, args.seed, options, args.longest_wait_s)
    found = {name: sha256(results / name) for name in STABLE}
    new = not args.log.exists()
    with args.log.open("a", newline="") as handle:
        names = ["through", "seed", "number", *(f.name for f in fields(Kill)), "same_bytes"]
        writer = csv.DictWriter(handle, names, lineterminator="\n")
        if new:
            writer.writeheader()
        through = "Slurm" if "slurm" in args.options else "this machine"
        for number, kill in enumerate(kills, start=1):
            row = {"through": through, "seed": args.seed, "number": number, **asdict(kill)}
            writer.writerow(row | {"same_bytes": found == expected})
    print(f"{len(kills)} kills; the same bytes: {found == expected}")
    sys.exit(found != expected)


if __name__ == "__main__":
    main()
