"""Energy per pose, by the board's own counter, over packs scored one after another."""

from __future__ import annotations

import time

from agree import PACK
from bench import Bench, NotHereError
from gpu_monitor import Gpu, Load
from throughput import Job, record, score

IDLE_S = 3.0
MARGIN = 1.2


def run(bench: Bench) -> None:
    gpu = Gpu()
    if bench.small or gpu.joules() is None:
        raise NotHereError(f"no energy counter of a GPU: {gpu.why_not or 'the board has none'}")
    choice = bench.gpu()
    with gpu.watched() as idle:
        time.sleep(IDLE_S)
    watts = _joules(idle) / idle.seconds
    job = Job(bench.kit.of(bench.kit.sets[0]), PACK, 1, choice, PACK)
    with bench.step("warm up"):
        score(job)
    with bench.step("packs one after another"):
        began, poses, scored, cpu_s, last = time.monotonic(), 0, 0, 0.0, 0.0
        with gpu.watched() as load:
            while not poses or bench.left_s > MARGIN * last:
                start, end, used, good = score(job)
                poses, scored, cpu_s, last = poses + PACK, scored + good, cpu_s + used, end - start
        seconds = time.monotonic() - began
        net = (_joules(load) - watts * seconds) / poses
        note = f"idle {watts:.0f} W; beyond idle {net:.3g} J a pose"
        record(bench, "mixed", job, "again", poses, scored, seconds, cpu_s, load, note=note)


def _joules(load: Load) -> float:
    if load.joules is None:
        raise NotHereError("the GPU's energy counter stopped answering")
    return load.joules
