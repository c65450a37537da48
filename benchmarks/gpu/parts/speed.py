"""Fast: poses per second by pack size, precision and processes; where the time goes."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import openmm
from bench import Bench
from stages import Stopwatch
from throughput import Job, displaced, measure, measure_workers

from screenmm.scoring.mmgbsa import field_of, model_of, score_poses
from screenmm.scoring.packing import Pack
from screenmm.scoring.platforms import PlatformChoice, choose_platform
from screenmm.settings import Scoring

PACKS = {64: 128, 256: 256, 16: 64, 1: 4, 128: 256, 4: 16}
"""Poses that are scored for each pack size, in order of worth."""

SMALL_PACKS = {1: 1, 2: 2}
WORKERS = (2, 4, 8)
EVALUATIONS = 10


def run(bench: Bench) -> None:
    main = bench.gpu("mixed")
    precision = "" if bench.small else "mixed"
    folder = bench.kit.of(bench.kit.sets[0])
    packs = SMALL_PACKS if bench.small else PACKS
    usual = next(iter(packs))
    for pack_size, count in packs.items():
        with bench.step(f"pack size {pack_size}", needs_s=5):
            measure(bench, precision, Job(folder, count, 1, main, pack_size))
        if pack_size == usual:
            with bench.step("stages", needs_s=5):
                stages(bench, precision, main, pack_size, count)
            with bench.step("one evaluation", needs_s=2):
                evaluation(bench, precision, main, pack_size)
        if pack_size == usual and not bench.small:
            with bench.step("one CPU core", needs_s=10):
                measure(bench, "", Job(folder, 8, 1, choose_platform("CPU"), 1), "one core")
    for workers in (2,) if bench.small else WORKERS:
        with bench.step(f"{workers} processes", needs_s=20):
            measure_workers(bench, precision, Job(folder, packs[usual], 1, main, usual), workers)
    if not bench.small:
        with bench.step("single precision", needs_s=5):
            single = bench.gpu("single")
            measure(bench, "single", Job(folder, packs[usual], 1, single, usual))


def stages(bench: Bench, precision: str, choice: PlatformChoice, size: int, count: int) -> None:
    """Wall time per pose of each stage of scoring, kernels compiled before."""
    poses = bench.some(bench.kit.sets[0])
    some = displaced(poses.poses, count, 1)
    watch = Stopwatch()
    with watch.running():
        score_poses(poses.receptor, some, Scoring(), choice, size)
    whole = sum(watch.spent.values())
    common = {"platform": choice.name, "precision": precision, "pack_size": size}
    for stage, seconds in watch.spent.most_common():
        bench.row("stages", **common, what="pose", stage=stage, ms=1000 * seconds / count,
                  share=seconds / whole)  # fmt: skip
    for missing in watch.missing:
        bench.row("stages", **common, what="pose", note=f"not timed, no longer there: {missing}")


def evaluation(bench: Bench, precision: str, choice: PlatformChoice, size: int) -> None:
    """Wall time of one evaluation of a pack's forces, taken apart."""
    poses = bench.some(bench.kit.sets[0])
    members = [model_of(poses.receptor, pose, Scoring()).member
               for pose in displaced(poses.poses, size, 1)]  # fmt: skip
    pack = Pack(members, field_of(Scoring()), choice)
    start = np.concatenate([each.start_nm[each.movable] for each in members])
    common: dict[str, Any] = {
        "platform": choice.name, "precision": precision, "pack_size": size,
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
