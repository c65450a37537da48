"""What scoring leaves to the host, per pose, beside the device's own work.

    python benchmarks/host_time.py [--packs 1 16 64] [--label now] [--opencl]

TYK2's 16 poses, with three displaced copies of each in packs of 64. The device's work is what
OpenMM spends in ``Context.getState``, here on the CPU platform, and with ``--opencl`` our own
kernels of the minimiser, the final energies and the strain, on the OpenCL device that OpenMM would
choose: a processor's runtime will do (docs/devices.md). A ligand's parameters are counted as a
screen counts them: once for a pose and its replicas. Writes ``results/host_time.csv``:
milliseconds of CPU time per pose by step and pack size. Rows of other labels stay, so that two
versions of the code can be set side by side.
"""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import Sequence
from unittest import mock

import mmgbsa as costs
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
FORCES, KERNELS = "device: forces", "device: kernels"
TIMED = (
    ("model", mmgbsa, "model_of"),
    ("build", minimise, "Pack"),
    ("Context", PlatformChoice, "context"),
    ("download", packing.Pack, "_forces"),
    ("upload", openmm.Context, "setPositions"),
    (FORCES, openmm.Context, "getState"),
    (KERNELS, OpenCLDevice, "run"),
    ("minimiser arithmetic", minimise, "minimise_members"),
    ("minimiser arithmetic", minimise, "minimise_members_on_device"),
    ("exchange", OpenCLDevice, "write"),
    ("exchange", OpenCLDevice, "download"),
    ("final energies", mmgbsa, "binding_terms"),
    ("strain", mmgbsa, "ligand_strains"),
)


class Stopwatch(costs.Stopwatch):
    """Of every step only what it does itself."""

    WHOLE = frozenset()


def poses_of(series: costs.Series, copies: int) -> tuple[list[Pose], float]:
    """Poses, each followed by displaced copies; CPU seconds of a ligand's parameters."""
    start = time.process_time()
    parameters = [ligand_parameters(mol) for mol in series.mols]
    took = (time.process_time() - start) / len(parameters)
    options = Scoring(jitter_replicas=copies)
    poses: list[Pose] = []
    for own, mol in zip(parameters, series.mols, strict=True):
        pose = Pose(own, mol.GetConformer().GetPositions())
        poses += [pose, *jittered(pose, options, SEED)]
    return poses, took


def steps_of(
    series: costs.Series, pack_size: int, label: str, device: OpenCLDevice | None
) -> dict[str, object]:
    """A row of the table.

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
    watch = Stopwatch()
    start = time.process_time()
    with contextlib.ExitStack() as patches:
        for step, owner, name in TIMED:
            timed = watch.around(step, getattr(owner, name))
            patches.enter_context(mock.patch.object(owner, name, timed))
        own_device.use(costs.CPU, device)
        score_poses(series.receptor, poses, Scoring(), costs.CPU, pack_size)
    whole = time.process_time() - start
    spent = {step: watch.spent[step] for step, *_ in TIMED}
    spent["other"] = whole - sum(spent.values())
    spent = {"parameters": parameters_s * len(poses)} | spent
    row = {step: round(1000 * s / len(poses), 2) for step, s in spent.items()}
    host = sum(row.values()) - row[FORCES] - row[KERNELS]
    return {"code": label, "pack": pack_size, "poses": len(poses), **row, "host": round(host, 1)}


def run(packs: Sequence[int], label: str, opencl: bool) -> None:
    series = costs.read_series("tyk2")
    device = own_device.device_of(choose_platform("OpenCL")) if opencl else None
    rows = [steps_of(series, size, label, device) for size in packs]
    path = RESULTS / "host_time.csv"
    others = [row for row in rows_of(path) if row["code"] != label] if path.exists() else []
    write_rows(path, [*(dict.fromkeys(rows[0], 0) | row for row in others), *rows])


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
