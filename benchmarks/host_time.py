"""What scoring leaves to the host, per pose, beside the device's own work.

    python benchmarks/host_time.py [--packs 1 16 64] [--label now] [--opencl]

TYK2's 16 poses, with three displaced copies of each in packs of 64. The device's work is what
OpenMM spends in ``Context.getState``, here on the CPU platform, and with ``--opencl`` our own
kernels of the minimiser, the final energies and the strain, on the OpenCL device that OpenMM would
choose: a processor's runtime will do (docs/devices.md). The host's work is one thread's; the
threads of OpenMM and of OpenCL, which go on turning a while after each call, are the device's. Each
pack is scored twice, and the second time the forces of the first are there at once: a processor
that computes them for a tenth of a second leaves the host's caches cold, as no GPU does. A
ligand's parameters are counted as a screen counts them: once for a pose and its replicas. Writes
``results/host_time.csv``: milliseconds of CPU time per pose by step and pack size. Rows of other
labels stay, so that two versions of the code can be set side by side.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import mmgbsa as costs
import numpy as np
import openmm
from screens import RESULTS, rows_of, write_rows

from screenmm.config.settings import Scoring
from screenmm.devices.opencl import OpenCLDevice
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.mmgbsa import minimise, own_device, packing
from screenmm.mmgbsa import score as mmgbsa
from screenmm.mmgbsa.score import Pose, jittered, score_poses

SEED = 1
FORCES, KERNELS = DEVICE = ("device: forces", "device: kernels")
TIMED = (
    ("model", mmgbsa, "model_of"),
    ("build", minimise, "Pack"),
    ("Context", PlatformChoice, "context"),
    ("copies", packing.Pack, "_forces"),
    ("copies", OpenCLDevice, "write"),
    ("calls of kernels", OpenCLDevice, "run"),
    (FORCES, openmm.Context, "getState"),
    ("minimiser arithmetic", minimise, "minimise_members"),
    ("minimiser arithmetic", minimise, "minimise_members_on_device"),
    ("final energies", mmgbsa, "binding_terms"),
    ("strain", mmgbsa, "ligand_strains"),
)
STEPS = (*dict.fromkeys(step for step, *_ in TIMED), "other")


class Stopwatch:
    """CPU seconds by step: of each what it does itself.

    The host's work is one thread's. That of the threads of OpenMM and of OpenCL, which go on
    turning a while after a call, is the device's.
    """

    def __init__(self) -> None:
        self.of_thread: Counter[str] = Counter()
        self.of_process: Counter[str] = Counter()
        self.step = ""

    def around(self, step: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.timing(step):
                return function(*args, **kwargs)

        return timed

    @contextlib.contextmanager
    def timing(self, step: str) -> Iterator[None]:
        outer, self.step = self.step, step
        clocks = [(self.of_thread, time.thread_time), (self.of_process, time.process_time)]
        starts = [clock() for _, clock in clocks]
        try:
            yield
        finally:
            for (spent, clock), start in zip(clocks, starts, strict=True):
                took = clock() - start
                spent[step] += took
                spent[outer] -= took
            self.step = outer

    def downloader(self) -> Callable[..., np.ndarray]:
        """Download that tells the wait for the kernels from the copy."""
        download = OpenCLDevice.download

        def timed(device: OpenCLDevice, *args: Any) -> np.ndarray:
            with self.timing(KERNELS):
                device._queue.finish()
            with self.timing("copies"):
                return download(device, *args)

        return timed


def poses_of(series: costs.Series, copies: int) -> tuple[list[Pose], float]:
    """Poses, each followed by displaced copies; CPU seconds of a ligand's parameters."""
    start = time.thread_time()
    parameters = [ligand_parameters(mol) for mol in series.mols]
    took = (time.thread_time() - start) / len(parameters)
    options = Scoring(jitter_replicas=copies)
    poses: list[Pose] = []
    for own, mol in zip(parameters, series.mols, strict=True):
        pose = Pose(own, mol.GetConformer().GetPositions())
        poses += [pose, *jittered(pose, options, SEED)]
    return poses, took


def rows(
    series: costs.Series, pack_size: int, label: str, device: OpenCLDevice | None
) -> list[dict[str, object]]:
    """Rows of the table: with forces that are computed, and with the same ones given at once.

    Parameters
    ----------
    series : Series
    pack_size : int
        Poses in a Context.
    label : str
        Of the code.
    device : OpenCLDevice or None
        What runs our own kernels; None: the host does their work.
    """
    poses, parameters_s = poses_of(series, max(0, pack_size // len(series.mols) - 1))
    parameters_s /= 1 + Scoring().jitter_replicas
    score_poses(series.receptor, poses[:1], Scoring(), costs.CPU)  # steady state
    own_device.use(costs.CPU, device)
    states: list[openmm.State] = []
    compute = openmm.Context.getState

    def computed(*args: Any, **kwargs: Any) -> openmm.State:
        states.append(compute(*args, **kwargs))
        return states[-1]

    def at_once(*_args: Any, **_kwargs: Any) -> openmm.State:
        return next(again)

    found, scores = [], []
    for how in (computed, at_once):
        again, watch = iter(states), Stopwatch()
        with contextlib.ExitStack() as patches:
            patches.enter_context(mock.patch.object(openmm.Context, "getState", how))
            for step, owner, name in TIMED:
                timed = watch.around(step, getattr(owner, name))
                patches.enter_context(mock.patch.object(owner, name, timed))
            patches.enter_context(mock.patch.object(OpenCLDevice, "download", watch.downloader()))
            with watch.timing("other"):
                scores.append(score_poses(series.receptor, poses, Scoring(), costs.CPU, pack_size))
        host = {"parameters": parameters_s * len(poses)}
        host |= {step: watch.of_thread[step] for step in STEPS if step not in DEVICE}
        on_device = {step: watch.of_process[step] for step in DEVICE}
        per_pose = {k: round(1000 * s / len(poses), 2) for k, s in (host | on_device).items()}
        whole = round(1000 * sum(host.values()) / len(poses), 1)
        row = {"code": label, "pack": pack_size, "poses": len(poses)}
        forces = how.__name__.replace("_", " ")
        found.append(row | {"forces": forces, **per_pose, "host": whole})
    if [each.terms for each in scores[0]] != [each.terms for each in scores[1]]:
        raise AssertionError("the same forces have led elsewhere")
    return found


def run(packs: Sequence[int], label: str, opencl: bool) -> None:
    series = costs.read_series("tyk2")
    device = own_device.device_of(choose_platform("OpenCL")) if opencl else None
    new = [row for size in packs for row in rows(series, size, label, device)]
    path = RESULTS / "host_time.csv"
    others = [row for row in rows_of(path) if row["code"] != label] if path.exists() else []
    write_rows(path, [*(dict.fromkeys(new[0], "") | row for row in others), *new])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--packs", nargs="+", type=int, default=[1, 16, 64])
    parser.add_argument("--label", default="now")
    parser.add_argument("--opencl", action="store_true")
    args = parser.parse_args()
    load_models()
    run(args.packs, args.label, args.opencl)


if __name__ == "__main__":
    main()
