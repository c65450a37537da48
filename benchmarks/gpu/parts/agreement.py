"""Right: all poses on CUDA, mixed and single, beside the CPU's scores; the same bits twice."""

from __future__ import annotations

from agree import PACK, score_again, score_all
from bench import Bench

from screenmm.scoring.platforms import choose_platform


def run(bench: Bench) -> None:
    sets = bench.sets()
    if bench.small:
        choice, precision, pack_size = choose_platform("CPU"), "", 2
    else:
        choice, precision, pack_size = choose_platform("CUDA", "mixed"), "mixed", PACK
    first = score_all(bench, sets, choice, precision, pack_size)
    if not bench.small:
        score_all(bench, sets, choose_platform("CUDA", "single"), "single")
    score_again(bench, sets, choice, precision, first, pack_size)
