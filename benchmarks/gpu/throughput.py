"""Poses per second of a platform, by pack size and by processes that share the device."""

from __future__ import annotations

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from bench import Bench
from gpu_monitor import Gpu, Load
from kit import load_set

from screenmm.errors import LigandError
from screenmm.scoring.mmgbsa import Pose, jittered, score_poses
from screenmm.scoring.platforms import PlatformChoice
from screenmm.settings import Scoring

READY_S = 120.0
"""How long processes wait for each other."""


@dataclass(frozen=True)
class Job:
    """What a process scores: ``count`` poses of a set, displaced by a seed."""

    folder: Path
    count: int
    seed: int
    choice: PlatformChoice
    pack_size: int


def displaced(poses: list[Pose], count: int, seed: int) -> list[Pose]:
    """As many poses as asked: those of a set in turn, each displaced a little, as replicas are."""
    options = Scoring(jitter_replicas=1)
    return [jittered(poses[i % len(poses)], options, seed + i)[0] for i in range(count)]


def score(job: Job) -> tuple[float, float, float, int]:
    """Score a job's poses: when it began and ended, CPU seconds, how many have a score."""
    given = load_set(job.folder)
    poses = displaced(given.poses, job.count, job.seed)
    began, cpu = time.time(), time.process_time()
    results = score_poses(given.receptor, poses, Scoring(), job.choice, job.pack_size)
    scored = sum(not isinstance(result, LigandError) for result in results)
    return began, time.time(), time.process_time() - cpu, scored


def measure(bench: Bench, precision: str, job: Job, note: str = "") -> float:
    """Time a job in this process: kernels of new shapes, then the same again.

    Returns
    -------
    float
        Seconds of the first pass. The second is left out where there is no time for it.
    """
    first_s = 0.0
    for which in ("first", "again"):
        if bench.left_s < first_s:
            break
        with Gpu().watched() as load:
            began, ended, cpu_s, scored = score(job)
        first_s = first_s or ended - began
        record(bench, precision, job, which, job.count, scored, ended - began, cpu_s, load,
               note=note)  # fmt: skip
    return first_s


def record(
    bench: Bench,
    precision: str,
    job: Job,
    which: str,
    poses: int,
    scored: int,
    seconds: float,
    cpu_s: float,
    load: Load,
    workers: int = 1,
    note: str = "",
) -> None:
    """Write a row of the table of speeds; CPU seconds are of all processes."""
    joules: dict[str, Any] = {} if load.joules is None else {"joules_per_pose": load.joules / poses}
    bench.row(
        "speed",
        part=bench.part,
        platform=job.choice.name,
        precision=precision,
        pack_size=job.pack_size,
        workers=workers,
        poses=poses,
        scored=scored,
        seconds=seconds,
        poses_per_s=poses / seconds,
        cpu_s_per_pose=cpu_s / poses,
        note=note,
        **{"pass": which},
        **load.columns,
        **joules,
    )


_barrier: Barrier | None = None


def _start(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603  (a spawned worker is given it once)
    _barrier = barrier


def _together(job: Job) -> tuple[float, float, float, int]:
    """Warm up, wait for the others, then score."""
    score(job)
    if _barrier is None:
        raise RuntimeError("the worker was not started")
    _barrier.wait(READY_S)
    return score(job)


def measure_workers(bench: Bench, precision: str, job: Job, workers: int) -> None:
    """Time several processes on one device, each with its own poses, all warm.

    How busy the GPU is, is of their starting and warming up too; its energy is not told.
    """
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(workers)
    jobs = [replace(job, seed=1000 * (i + 1)) for i in range(workers)]
    with (
        Gpu().watched() as load,
        ProcessPoolExecutor(workers, context, _start, (barrier,)) as pool,
    ):
        done = list(pool.map(_together, jobs))
    load.joules = None
    seconds = max(each[1] for each in done) - min(each[0] for each in done)
    cpu_s, scored = sum(each[2] for each in done), sum(each[3] for each in done)
    record(bench, precision, job, "again", workers * job.count, scored, seconds, cpu_s, load,
           workers)  # fmt: skip
