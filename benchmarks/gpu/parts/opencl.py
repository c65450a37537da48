"""OpenCL on the same GPU: all poses beside the CPU's scores, and poses per second."""

from __future__ import annotations

from agree import PACK, score_again, score_all
from bench import Bench, NotHereError
from throughput import Job, measure

from screenmm.scoring.platforms import available_platforms, choose_platform, gpu_plugin_failures


def run(bench: Bench) -> None:
    if "OpenCL" not in available_platforms():
        why = gpu_plugin_failures().get("OpenCL", "OpenMM has no OpenCL platform")
        raise NotHereError(why)
    choice = choose_platform("OpenCL", "mixed")
    sets, pack_size = bench.sets(poses=1), 1 if bench.small else PACK
    first = score_all(bench, sets, choice, "mixed", pack_size)
    if bench.small:
        return
    with bench.step("speed", needs_s=5):
        job = Job(bench.kit.of(bench.kit.sets[0]), 2 * PACK, 1, choice, PACK)
        measure(bench, "mixed", job)
    score_again(bench, sets, choice, "mixed", first, pack_size)
