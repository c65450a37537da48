"""Kill a running screen at random moments and resume it, again and again."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LONGEST_S = 900
ORPHANS_S = 180


@dataclass(frozen=True)
class Kill:
    """One SIGKILL.

    Parameters
    ----------
    after_s : float
        Seconds since Snakemake started.
    victim : str
        ``snakemake`` alone (its jobs go on without it), ``everything``, or the command of
        one process below Snakemake.
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


def command_of(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return "ended"
    known = [word for word in words if word in STAGES]
    worker = "worker of " if any("multiprocessing" in word for word in words) else ""
    return worker + (known[0] if known else Path(words[0]).name)


STAGES = {
    "split", "standardise", "merge", "prepare-ligands", "prepare-receptor", "dock", "select",
    "score", "manifest", "rank", "report",
}  # fmt: skip


def kill_once(folder: Path, rng: random.Random, longest_wait_s: float) -> Kill | None:
    """Start the screen and kill some of it; None when it had ended before."""
    wait_s, kind = rng.uniform(1.0, longest_wait_s), rng.choice(["snakemake", "everything", "one"])
    started = time.monotonic()
    with (folder / "chaos.log").open("a") as log:
        process = subprocess.Popen(
            snakemake(folder), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        process.wait(wait_s)
    except subprocess.TimeoutExpired:
        pass
    else:
        return None
    below = descendants(process.pid)
    files = sum(path.is_file() for path in (folder / "results").rglob("*"))
    if kind == "everything":
        victims, name = [process.pid, *below], "everything"
    elif kind == "one" and below:
        victim = rng.choice(below)
        victims, name = [victim], command_of(victim)
    else:
        victims, name = [process.pid], "snakemake"
    for pid in victims:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            name += " (had just ended)"
    after_s = time.monotonic() - started
    if process.pid not in victims:
        # Snakemake sees its job fail, ends what it can, and says so
        process.wait(LONGEST_S)
    process.wait()
    return Kill(round(after_s, 2), name, files)


def wait_for_orphans(folder: Path) -> None:
    """Wait for jobs that a killed Snakemake left behind."""
    deadline = time.monotonic() + ORPHANS_S
    while time.monotonic() < deadline:
        if not any(_works_in(path, folder) for path in Path("/proc").glob("[0-9]*")):
            return
        time.sleep(0.5)
    raise TimeoutError(f"jobs still run in {folder} after {ORPHANS_S} s")


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").resolve() == folder.resolve() and process.name != str(os.getpid())
    except OSError:
        return False


def run_with_kills(folder: Path, kills: int, seed: int, longest_wait_s: float = 8.0) -> list[Kill]:
    """Kill and resume a screen, then let it end.

    Parameters
    ----------
    folder : Path
        Holds ``config.yaml``; results are in ``results``.
    kills : int
        How often. A screen that ends first is begun anew in an empty folder.
    seed : int
        Of moments and victims.
    longest_wait_s : float
        Kills come between 1 s and this after a start.

    Returns
    -------
    list of Kill

    Raises
    ------
    subprocess.CalledProcessError
        The last run, which nobody kills, fails.
    """
    rng = random.Random(seed)
    found: list[Kill] = []
    while len(found) < kills:
        subprocess.run(snakemake(folder, "--unlock"), cwd=folder, capture_output=True, check=False)
        kill = kill_once(folder, rng, longest_wait_s)
        if kill is not None:
            found.append(kill)
            continue
        shutil.rmtree(folder / "results")
    wait_for_orphans(folder)
    subprocess.run(snakemake(folder, "--unlock"), cwd=folder, capture_output=True, check=False)
    with (folder / "chaos.log").open("a") as log:
        subprocess.run(snakemake(folder), cwd=folder, stdout=log, stderr=log, check=True)
    return found
