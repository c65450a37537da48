"""Fast: poses per second by pack size, precision and processes; where the time goes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import openmm
from bench import Bench
from stages import Stopwatch
from throughput import Job, displaced, measure, measure_workers

from screenmm.config.settings import Scoring
from screenmm.devices.platforms import choose_platform
from screenmm.mmgbsa.own_device import device_of, leave_to_host, use
from screenmm.mmgbsa.packing import Pack
from screenmm.mmgbsa.score import field_of, model_of, score_poses

USUAL = 64
"""The pack size of ``auto`` on a GPU."""

PLAN = (
    ("workers", 4), ("pack", 256), ("workers", 8), ("pack", 16), ("workers", 2), ("single", USUAL),
    ("pack", 1), ("pack", 128), ("pack", 4),
)  # fmt: skip
"""What is measured after the usual pack, in order of worth."""

SMALL_PLAN = (("pack", 2), ("workers", 2))
FEWEST = 4
"""Poses that are scored where a pack has fewer."""

CORE_POSES = 8
EVALUATIONS = 10


def run(bench: Bench) -> None:
    choice, precision = bench.gpu("mixed"), "" if bench.small else "mixed"
    usual = 1 if bench.small else USUAL
    job = Job(bench.kit.of(bench.kit.sets[0]), usual, 1, choice, usual)
    pose_s = 0.0
    with bench.step(f"pack size {usual}"):
        pose_s = measure(bench, precision, job) / job.count
    with bench.step("stages", needs_s=pose_s * job.count):
        stages(bench, precision, job)
    with bench.step("one evaluation"):
        evaluation(bench, precision, job)
    with bench.step("Context of a new pack"):
        new_pack(bench, precision, job)
    with bench.step("without our own kernels", needs_s=2 * pose_s * job.count):
        device = device_of(job.choice)
        if device is not None:
            leave_to_host(job.choice)
            measure(bench, precision, job, "without our own kernels")
            use(job.choice, device)
    if not bench.small:
        with bench.step("one CPU core", needs_s=5):
            core = replace(job, choice=choose_platform("CPU"), count=CORE_POSES, pack_size=1)
            measure(bench, "", core, "one core")
    for kind, number in SMALL_PLAN if bench.small else PLAN:
        # processes warm up first
        poses = 2 * job.count if kind == "workers" else max(number, 1 if bench.small else FEWEST)
        with bench.step(f"{kind} {number}", needs_s=pose_s * poses):
            if kind == "workers":
                measure_workers(bench, precision, job, number)
            elif kind == "single":
                measure(bench, "single", replace(job, choice=bench.gpu("single")))
            else:
                measure(bench, precision, replace(job, count=poses, pack_size=number))


def stages(bench: Bench, precision: str, job: Job) -> None:
    """Wall time per pose of each stage of scoring, kernels compiled before."""
    poses = bench.some(bench.kit.sets[0])
    some = displaced(poses.poses, job.count, job.seed)
    watch = Stopwatch()
    with watch.running():
        score_poses(poses.receptor, some, Scoring(), job.choice, job.pack_size)
    whole = sum(watch.spent.values())
    common = {
        "platform": job.choice.name, "precision": precision, "pack_size": job.pack_size,
    }  # fmt: skip
    for stage, seconds in watch.spent.most_common():
        bench.row("stages", **common, what="pose", stage=stage, ms=1000 * seconds / job.count,
                  share=seconds / whole)  # fmt: skip
    for missing in watch.missing:
        bench.row("stages", **common, what="pose", note=f"not timed, no longer there: {missing}")


def new_pack(bench: Bench, precision: str, job: Job) -> None:
    """Wall time of Contexts: of a pack like no other, of one of its shape, of that once more.

    Numbers of atoms and terms are part of a kernel's source. Packs of a screen are filled up to
    common numbers, so that one finds the kernels that another has compiled.
    """
    poses = bench.some(bench.kit.sets[-1])
    last, other = (
        [model_of(poses.receptor, pose, Scoring()).member
         for pose in displaced(poses.poses, job.pack_size, job.seed)[::step]]
        for step in (1, -1)
    )  # fmt: skip
    other[0] = other[-1]
    for stage, members in (("new", last), ("of the same shape", other), ("the same", other)):
        watch = Stopwatch()
        with watch.running():
            Pack(members, field_of(Scoring()), job.choice)
        took_ms = 1000 * watch.spent["Context"]
        bench.row("stages", platform=job.choice.name, precision=precision, what="new pack",
                  pack_size=job.pack_size, stage=f"Context, {stage}", ms=took_ms)  # fmt: skip


def evaluation(bench: Bench, precision: str, job: Job) -> None:
    """Wall time of one evaluation of a pack's forces, taken apart."""
    poses = bench.some(bench.kit.sets[0])
    members = [model_of(poses.receptor, pose, Scoring()).member
               for pose in displaced(poses.poses, job.pack_size, job.seed)]  # fmt: skip
    pack = Pack(members, field_of(Scoring()), job.choice)
    start = np.concatenate([each.start_nm[each.movable] for each in members])
    common: dict[str, Any] = {
        "platform": job.choice.name, "precision": precision, "pack_size": job.pack_size,
        "note": f"{sum(len(each.parameters) for each in members)} atoms, {len(start)} movable",
    }  # fmt: skip
    for what, forces in (("fast forces", pack.fast), ("slow forces", pack.slow)):
        forces(start)
        watch = Stopwatch()
        with watch.running():
            for _ in range(EVALUATIONS):
                forces(start)
        for stage, seconds in watch.spent.most_common():
            bench.row("stages", **common, what=what, stage=stage, ms=1000 * seconds / EVALUATIONS)
    context = getattr(pack, "_context", None)
    if isinstance(context, openmm.Context):
        began = time.perf_counter()
        for _ in range(EVALUATIONS):
            context.getState(getPositions=True)
        each_ms = 1000 * (time.perf_counter() - began) / EVALUATIONS
        bench.row("stages", **common, what="download alone", stage="positions", ms=each_ms)
