"""Memory: a pack for which the device has no room is halved, and the poses come out the same.

The device's memory is filled by plain allocations of PyTorch, but for a share of what the pack
took; only minimisation needs it, so a few iterations are enough.
"""

from __future__ import annotations

import logging
import time
from typing import Any

import numpy as np
from bench import Bench, NotHereError
from gpu_monitor import Gpu
from throughput import displaced

from screenmm.errors import LigandError
from screenmm.scoring.lbfgs import Options
from screenmm.scoring.minimise import Minimised, minimise_packs
from screenmm.scoring.mmgbsa import field_of, model_of
from screenmm.scoring.platforms import PlatformChoice
from screenmm.settings import Scoring

PACK = 256
ITERATIONS = 5
SHARES = (0.6, 0.3, 0.1)
"""Of the memory that the whole pack took, what is left free."""

KEPT_MB = 64
"""Left free beside it: the driver takes some for itself."""


class Halvings(logging.Handler):
    """Notes the pack sizes that minimisation went on with."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes: list[int] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.args, tuple) and "out of memory" in record.msg:
            self.sizes.append(int(str(record.args[-1])))


def run(bench: Bench) -> None:
    if bench.small:
        raise NotHereError("no GPU whose memory could be filled")
    try:
        import torch  # noqa: PLC0415  (only this part needs it)
    except ImportError as error:
        raise NotHereError(f"PyTorch fills the memory: {error}") from None
    gpu, choice = Gpu(), bench.gpu()
    if gpu.why_not:
        raise NotHereError(f"the memory cannot be watched: {gpu.why_not}")
    members = members_of(bench)
    torch.cuda.init()
    minimise(choice, members[:2])
    before = torch.cuda.mem_get_info()[0] / 1e6
    with bench.step("whole pack"), gpu.watched() as load:
        whole, seconds = minimise(choice, members)
    if not bench.done:
        return
    total = torch.cuda.mem_get_info()[1] / 1e6
    took = before - (total - load.columns["gpu_memory_mb"])
    write(bench, choice, {"free_mb": before, "note": f"took {took:.0f} MB"}, whole, whole, seconds)
    for share in SHARES:
        with bench.step(f"{share:.0%} of the memory", needs_s=3 * seconds):
            leave = share * took + KEPT_MB
            free = torch.cuda.mem_get_info()[0] / 1e6
            filled = torch.empty(int((free - leave) * 1e6), dtype=torch.uint8, device="cuda")
            try:
                noted = Halvings()
                logger = logging.getLogger("screenmm.scoring.minimise")
                logger.addHandler(noted)
                found, filled_s = minimise(choice, members)
            finally:
                logger.removeHandler(noted)
                del filled
                torch.cuda.empty_cache()
            common = {"free_mb": leave, "went_on_with": noted.sizes[-1] if noted.sizes else ""}
            write(bench, choice, common, found, whole, filled_s)


def members_of(bench: Bench) -> list[Any]:
    poses = bench.some(bench.kit.sets[0])
    return [
        model_of(poses.receptor, pose, Scoring()).member for pose in displaced(poses.poses, PACK, 1)
    ]


def minimise(
    choice: PlatformChoice, members: list[Any]
) -> tuple[list[Minimised | LigandError], float]:
    began = time.perf_counter()
    options = Options(tolerance=1.0, max_iterations=ITERATIONS)
    found = minimise_packs(members, field_of(Scoring()), options, choice, PACK)
    return found, time.perf_counter() - began


def write(
    bench: Bench,
    choice: PlatformChoice,
    common: dict[str, Any],
    found: list[Minimised | LigandError],
    whole: list[Minimised | LigandError],
    seconds: float,
) -> None:
    pairs = [
        (a.positions_nm, b.positions_nm)
        for a, b in zip(found, whole, strict=True)
        if isinstance(a, Minimised) and isinstance(b, Minimised)
    ]
    off = max((float(np.abs(a - b).max()) for a, b in pairs), default=float("nan"))
    bench.row(
        "memory",
        platform=choice.name,
        asked_pack=PACK,
        poses=len(found),
        scored=sum(isinstance(each, Minimised) for each in found),
        largest_shift_angstrom=10 * off,
        seconds=seconds,
        **common,
    )
