"""What the OpenCL tests compute, in a process of its own; prints JSON.

The OpenCL loader is set up before OpenMM is imported, and a whole pack on a processor takes
a while, so everything is computed once here.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError
from screenmm.devices.platforms import choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import FORCE_GROUPS, SystemOptions, build_system
from screenmm.mmgbsa.score import Pose, PoseScore, jittered, model_of, score_poses
from screenmm.receptor.model import ReceptorModel

OPTIONS = Scoring(
    pocket_radius_angstrom=6,
    flexible_radius_angstrom=3,
    tolerance_kcal_mol_angstrom=0.02,
    max_iterations=600,
    jitter_replicas=1,
)
MANY = OPTIONS.model_copy(update={"jitter_replicas": 3})
"""Replicas enough to fill a pack of 64."""


def energies_by_term(model: ReceptorModel, pose: Pose, platform_name: str) -> dict[str, float]:
    """Energy of each force group of a complex where it starts, kJ/mol."""
    member = model_of(model, pose, OPTIONS).member
    system = build_system(member.parameters, SystemOptions(movable=member.movable))
    context = choose_platform(platform_name, "mixed").context(system)
    context.setPositions(member.start_nm)
    return {
        name: context.getState(getEnergy=True, groups={group}).getPotentialEnergy()._value
        for name, group in FORCE_GROUPS.items()
    }


def row(result: PoseScore | LigandError) -> dict[str, object]:
    if isinstance(result, LigandError):
        return {"reason": str(result.reason)}
    return {"dg": result.terms.total_kcal_mol, "rmsd": result.rmsd_angstrom}


def main(folder: Path) -> None:
    model = ReceptorModel.load(folder)
    mols = list(Chem.SDMolSupplier(str(folder / "ligands.sdf"), removeHs=False))
    poses = [Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()) for mol in mols]
    found: dict[str, object] = {
        platform: energies_by_term(model, poses[0], platform)
        for platform in ("OpenCL", "Reference")
    }
    opencl = choose_platform("OpenCL", "mixed")
    four = poses[:4]
    for size in (1, 4):
        found[f"pack of {size}"] = [
            row(result) for result in score_poses(model, four, OPTIONS, opencl, size)
        ]
    found["CPU"] = [
        row(result) for result in score_poses(model, four, OPTIONS, choose_platform("CPU"))
    ]
    replicas = [r for i, pose in enumerate(poses) for r in (pose, *jittered(pose, MANY, i))]
    brief = OPTIONS.model_copy(update={"max_iterations": 5})
    many = [*four, *replicas[: 64 - len(four)]]
    found["pack of 64, brief"] = [
        row(result) for result in score_poses(model, many, brief, opencl, 64)
    ]
    found["pack of 1, brief"] = [
        row(result) for result in score_poses(model, four, brief, opencl, 1)
    ]
    # one explodes: two of its atoms are in one place
    double = four[2].angstrom.copy()
    double[0] = double[-1]
    spoilt = [*four[:2], replace(four[2], angstrom=double), *four[3:]]
    found["spoilt, brief"] = [
        row(result) for result in score_poses(model, spoilt, brief, opencl, 4)
    ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
