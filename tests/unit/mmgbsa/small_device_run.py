"""What a device with little memory leaves to the host, in a process of its own; prints JSON.

The OpenCL runtime reads the limit of a buffer when pyopencl is imported.
"""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.devices.opencl import OpenCLDevice, open_device
from screenmm.devices.platforms import choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.mmgbsa.on_device import kernels
from screenmm.mmgbsa.own_device import device_of, use
from screenmm.mmgbsa.score import Pose, PoseScore, score_poses
from screenmm.receptor.model import ReceptorModel

CPU = choose_platform("CPU")
FEW_MOVE = Scoring(
    pocket_radius_angstrom=6, flexible_radius_angstrom=0.5, max_iterations=5, jitter_replicas=0
)
MANY_MOVE = FEW_MOVE.model_copy(update={"flexible_radius_angstrom": 3.0})


def scored(
    model: ReceptorModel, poses: list[Pose], options: Scoring, device: OpenCLDevice | None
) -> list[PoseScore]:
    use(CPU, device)
    found = score_poses(model, poses, options, CPU, len(poses))
    assert device_of(CPU) is device, "the device was given up"
    return [each for each in found if isinstance(each, PoseScore)]


def compared(
    model: ReceptorModel, poses: list[Pose], options: Scoring, device: OpenCLDevice
) -> dict[str, object]:
    sides = {"ours": scored(model, poses, options, device)}
    sides["host"] = scored(model, poses, options, None)
    return {
        "kcal_mol": {
            side: [each.terms.total_kcal_mol for each in found] for side, found in sides.items()
        },
        "ran on": [sorted(each.ran_on) for each in sides["ours"]],
    }


def main(folder: Path) -> None:
    logging.basicConfig()
    model = ReceptorModel.load(folder)
    mols = list(Chem.SDMolSupplier(str(folder / "ligands.sdf"), removeHs=False))
    poses = [Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()) for mol in mols]
    device = open_device(choose_platform("OpenCL"), kernels())
    found = {
        "device": device.name,
        "atoms": [len(pose.parameters) for pose in poses],
        "few move": compared(model, poses, FEW_MOVE, device),
        "many move": compared(model, poses, MANY_MOVE, device),
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
