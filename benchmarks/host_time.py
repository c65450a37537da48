"""What scoring leaves to the host, per pose, beside the device's own work.

    python benchmarks/host_time.py [--packs 1 16 64] [--label now] [--opencl]

TYK2's 16 poses, with three displaced copies of each in packs of 64. The device's work is what
OpenMM spends in ``Context.getState``, here on the CPU platform, and with ``--opencl`` our own
kernels of the minimiser, the final energies and the strain, on the OpenCL device that OpenMM would
choose: a processor's runtime will do (docs/devices.md). The host's work is one thread's; the
threads of OpenMM and of OpenCL, which go on turning a while after each call, are the device's. Each
pack is scored once so, and then several times with the forces of that first time there at once,
of which the median is written: a processor that computes forces for a tenth of a second leaves the
host's caches cold, as no GPU does. A ligand's parameters are counted as a screen counts them: once
for a pose and its replicas. Writes ``results/host_time.csv``: milliseconds of CPU time per pose by
step and pack size. Rows of other labels stay, so that two versions of the code can be set side by
side.
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
from screenmm.core.errors import LigandError
from screenmm.devices.opencl import OpenCLDevice
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa import minimise, own_device, packing
from screenmm.mmgbsa import score as mmgbsa
from screenmm.mmgbsa.score import Pose, PoseScore, Terms, jittered, score_poses

SEED = 1
REPEATS = 9
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
                device.wait()
            with self.timing("copies"):
                return download(device, *args)

        return timed


def parametrised(series: costs.Series) -> tuple[list[Parameters], float]:
    """Parameters of all ligands; CPU seconds of one's."""
    start = time.thread_time()
    found = [ligand_parameters(mol) for mol in series.mols]
    return found, (time.thread_time() - start) / len(found)


def poses_of(series: costs.Series, copies: int) -> list[Pose]:
    """Poses, each followed by displaced copies."""
    options = Scoring(jitter_replicas=copies)
    poses: list[Pose] = []
    for own, mol in zip(parametrised(series)[0], series.mols, strict=True):
        pose = Pose(own, mol.GetConformer().GetPositions())
        poses += [pose, *jittered(pose, options, SEED)]
    return poses


class Bench:
    """Poses in packs, scored with a stopwatch at hand.

    Parameters
    ----------
    series : Series
    pack_size : int
        Poses in a Context.
    device : OpenCLDevice or None
        What runs our own kernels; None: the host does their work.
    """

    def __init__(self, series: costs.Series, pack_size: int, device: OpenCLDevice | None) -> None:
        self.series, self.pack_size = series, pack_size
        self.poses = poses_of(series, max(0, pack_size // len(series.mols) - 1))
        self.states: list[openmm.State] = []
        self.terms: list[Terms] = []
        score_poses(series.receptor, self.poses[:1], Scoring(), costs.CPU)  # steady state
        own_device.use(costs.CPU, device)

    def computed(self) -> dict[str, float]:
        """Milliseconds a pose by step, with forces that OpenMM computes."""
        compute = openmm.Context.getState

        def kept(*args: Any, **kwargs: Any) -> openmm.State:
            self.states.append(compute(*args, **kwargs))
            return self.states[-1]

        found, self.terms = self._timed(kept)
        return found

    def at_once(self) -> dict[str, float]:
        """Milliseconds a pose by step, with the same forces as before, there at once."""
        again = iter(self.states)
        found, terms = self._timed(lambda *_args, **_kwargs: next(again))
        if terms != self.terms:
            raise AssertionError("the same forces have led elsewhere")
        return found

    def _timed(self, forces: Callable[..., openmm.State]) -> tuple[dict[str, float], list[Terms]]:
        watch = Stopwatch()
        _, parameters_s = parametrised(self.series)
        with contextlib.ExitStack() as patches:
            patches.enter_context(mock.patch.object(openmm.Context, "getState", forces))
            for step, owner, name in TIMED:
                timed = watch.around(step, getattr(owner, name))
                patches.enter_context(mock.patch.object(owner, name, timed))
            patches.enter_context(mock.patch.object(OpenCLDevice, "download", watch.downloader()))
            with watch.timing("other"):
                scores = score_poses(
                    self.series.receptor, self.poses, Scoring(), costs.CPU, self.pack_size
                )
        ms = 1000 / len(self.poses)
        host = {"parameters": 1000 * parameters_s / (1 + Scoring().jitter_replicas)}
        host |= {step: ms * watch.of_thread[step] for step in STEPS if step not in DEVICE}
        on_device = {step: ms * watch.of_process[step] for step in DEVICE}
        failed = [score for score in scores if isinstance(score, LigandError)]
        if failed:
            raise failed[0]
        terms = [score.terms for score in scores if isinstance(score, PoseScore)]
        return {**host, **on_device, "host": sum(host.values())}, terms


def rows(
    series: costs.Series, pack_size: int, label: str, device: OpenCLDevice | None
) -> list[dict[str, object]]:
    """Rows of the table: with computed forces, and the median of several runs with given ones."""
    bench = Bench(series, pack_size, device)
    computed = bench.computed()
    again = sorted((bench.at_once() for _ in range(REPEATS)), key=lambda found: found["host"])
    log = ", ".join(f"{found['host']:.1f}" for found in again)
    print(f"packs of {pack_size}, forces at once, in turn: {log} ms a pose", flush=True)
    common = {"code": label, "pack": pack_size, "poses": len(bench.poses)}
    return [
        common | {"forces": forces} | {step: round(ms, 2) for step, ms in found.items()}
        for forces, found in (("computed", computed), ("at once", again[REPEATS // 2]))
    ]


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
