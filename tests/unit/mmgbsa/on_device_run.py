"""What the tests of the kernels compute, in a process of its own; prints JSON.

The OpenCL loader is set up before OpenMM and pyopencl are imported.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Scoring
from screenmm.core.units import KJ_PER_KCAL
from screenmm.devices.opencl import NoDeviceError, OpenCLDevice, OpenCLError, OpenCLMemoryError
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa import on_device, own_device
from screenmm.mmgbsa.free_ligands import FreeLigands
from screenmm.mmgbsa.lbfgs import Minimum, Options, minimise_members
from screenmm.mmgbsa.on_device import (
    FreeLigandsOnDevice,
    binding_parts,
    kernels,
    minimise_members_on_device,
)
from screenmm.mmgbsa.own_device import deviations, examined, works
from screenmm.mmgbsa.packing import Field
from screenmm.mmgbsa.parts import interaction_energies, solvation_changes
from screenmm.mmgbsa.score import Complex, Pose, model_of
from screenmm.receptor.model import ReceptorModel

NARROW = Scoring(pocket_radius_angstrom=6, flexible_radius_angstrom=3)
WIDE = Scoring(pocket_radius_angstrom=8, flexible_radius_angstrom=3)
FIELD = Field(0.0, 2.0, 78.5)
SMALL = ("CC#N", "C", "C1CC2CC1C2", "CS(=O)(=O)N")
"""Atoms in line, no torsion, rings, hypervalent sulfur."""
LONG = 22 * "C"
"""More atoms than a work group has work items."""
PARTS = ("vdw", "coulomb", "polar", "apolar", "cross")

Ligands = tuple[list[Parameters], np.ndarray]
"""With the positions of all their atoms, nm."""


def complexes_of(model: ReceptorModel, poses: Sequence[Pose]) -> list[Complex]:
    """Complexes of different sizes, the ligands a little off their places."""
    rng = np.random.default_rng(3)
    found = []
    for options in (NARROW, WIDE):
        for pose in poses:
            moved = Pose(pose.parameters, pose.angstrom + rng.normal(0, 0.05, pose.angstrom.shape))
            cut = model_of(model, moved, options)
            found.append(Complex(cut.pocket, pose.parameters, cut.member.start_nm, cut.residues))
    return found


def parts(device: OpenCLDevice, complexes: list[Complex]) -> dict[str, object]:
    """Largest deviation of an atom's parts from the host's, kcal/mol, and their sizes."""
    found = binding_parts(device, complexes, NARROW)
    again = binding_parts(device, complexes, NARROW)
    off = dict.fromkeys(PARTS, 0.0)
    for each, ours in zip(complexes, found, strict=True):
        theirs = (
            *interaction_energies(each.pocket, each.ligand, each.pocket_nm, each.ligand_nm),
            *solvation_changes(each.pocket, each.ligand, each.positions_nm, NARROW),
        )
        for name, a, b in zip(PARTS, ours, theirs, strict=True):
            assert a.shape == b.shape
            off[name] = max(off[name], float(np.abs(a - b).max()) / KJ_PER_KCAL)
    same = all(np.array_equal(a, b) for x, y in zip(found, again, strict=True)
               for a, b in zip(x, y, strict=True))  # fmt: skip
    alone = binding_parts(device, complexes[-1:], NARROW)[0]
    own = max(float(np.abs(a - b).max()) for a, b in zip(alone, found[-1], strict=True))
    return {"off": off, "same bits": same, "alone": own, "sizes": [len(x) for x, *_ in found]}


def forces(device: OpenCLDevice, ligands: Ligands) -> dict[str, object]:
    """Largest deviation of the forces from the host's, relative to the largest force."""
    ours, theirs = FreeLigandsOnDevice(ligands[0], FIELD, device), FreeLigands(ligands[0], FIELD)
    found: dict[str, object] = {}
    for name in ("fast", "slow"):
        # the second time forces must not be added to the first ones
        first, again = (getattr(ours, name)(ligands[1]) for _ in range(2))
        expected = getattr(theirs, name)(ligands[1])
        found[name] = float(np.abs(first - expected).max() / np.abs(expected).max())
        found[f"{name}, same bits"] = np.array_equal(first, again)
    return found


def minima(device: OpenCLDevice, ligands: Ligands, options: Options) -> dict[str, object]:
    """Where the descents end by the host and by the device, and how far that is apart, nm."""
    host = FreeLigands(ligands[0], FIELD).minimise(ligands[1], options)
    ours = FreeLigandsOnDevice(ligands[0], FIELD, device)
    # the second time on buffers of its own, with what is in them
    return compared(host, *(ours.minimise(ligands[1], options) for _ in range(2)))


def launches(device: OpenCLDevice, ligands: Ligands, options: Options) -> dict[str, object]:
    """The same descents in one launch, and in launches of a few evaluations."""
    found, counts, run = [], [], OpenCLDevice.run
    usual = on_device.EVALUATIONS_AT_ONCE
    for on_device.EVALUATIONS_AT_ONCE in (10**6, 7, 1):
        names: list[str] = []
        device.run = lambda name, *each, names=names: [names.append(name), run(device, name, *each)]
        found.append(FreeLigandsOnDevice(ligands[0], FIELD, device).minimise(ligands[1], options))
        counts.append(names.count("minimise"))
    on_device.EVALUATIONS_AT_ONCE = usual
    del device.run
    whole, few, single = found
    return {
        "counts": counts,
        "few": compared(whole, few, whole)["same bits"] and few.ends == whole.ends,
        "single": compared(whole, single, whole)["same bits"] and single.ends == whole.ends,
    }


def packs(device: OpenCLDevice, ligands: Ligands, options: Options) -> dict[str, object]:
    """The same of packs, whose forces come from elsewhere: here from the host."""
    together = FreeLigands(ligands[0], FIELD)
    given = (ligands[1], together.sizes, together.fast, together.slow, options)
    return compared(
        minimise_members(*given), *(minimise_members_on_device(device, *given) for _ in range(2))
    )


def compared(host: Minimum, found: Minimum, again: Minimum) -> dict[str, object]:
    return {
        "ends": [[end.name for end in each.ends] for each in (host, found)],
        "iterations": [each.iterations.tolist() for each in (host, found)],
        "largest": [each.largest.tolist() for each in (host, found)],
        "off": float(np.abs(found.positions_nm - host.positions_nm).max()),
        "same bits": np.array_equal(found.positions_nm, again.positions_nm)
        and np.array_equal(found.largest, again.largest)
        and np.array_equal(found.iterations, again.iterations),
    }


def displaced(ligands: Ligands, nm: float) -> Ligands:
    """Every atom off its place."""
    rng = np.random.default_rng(7)
    return ligands[0], ligands[1] + rng.normal(0, nm, ligands[1].shape)


def clashing(ligands: Ligands) -> Ligands:
    """Of each ligand the last atom, a hydrogen, next to the first one."""
    x, ends = ligands[1].copy(), np.cumsum([len(each) for each in ligands[0]])
    for ligand, end in zip(ligands[0], ends, strict=True):
        x[end - 1] = x[end - len(ligand)] + [0.03, 0.03, 0.0]
    return ligands[0], x


def coincident(ligands: Ligands) -> Ligands:
    """The second ligand has two atoms in one place."""
    x, sizes = ligands[1].copy(), [len(each) for each in ligands[0]]
    x[sizes[0]] = x[sizes[0] + sizes[1] - 1]
    return ligands[0], x


def torn(one: Parameters) -> Ligands:
    """Two atoms whose bond pulls harder than a clash is relieved; an atom alone."""
    names = ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales")
    two, single = (
        Parameters(
            **{name: getattr(one, name)[:count] for name in names},
            bonds=np.array([[0, 1]])[: count - 1],
            bond_values=np.array([[3.0, 1.0e6]])[: count - 1],
            angles=one.angles[:0],
            angle_values=one.angle_values[:0],
            torsions=one.torsions[:0],
            torsion_values=one.torsion_values[:0],
            exceptions=one.exceptions[:0],
            exception_values=one.exception_values[:0],
        )
        for count in (2, 1)
    )
    return [two, single], np.array([[0.0, 0.0, 0.0], [0.15, 0.0, 0.0], [1.0, 1.0, 1.0]])


def strains(device: OpenCLDevice, ligands: Ligands) -> list[list[float]]:
    """By the host and by the device, kcal/mol; minimised so far that paths do not matter."""
    found = []
    for together in (
        FreeLigands(ligands[0], FIELD),
        FreeLigandsOnDevice(ligands[0], FIELD, device),
    ):
        end = together.minimise(ligands[1], Options(0.1, 3000))
        strain = together.energies(ligands[1]) - together.energies(end.positions_nm)
        found.append((strain / KJ_PER_KCAL).tolist())
    return found


def spoilt(device: OpenCLDevice, ligands: Ligands) -> dict[str, object]:
    """The second ligand has two atoms in one place."""
    x, sizes = coincident(ligands)[1], [len(each) for each in ligands[0]]
    together = FreeLigandsOnDevice(ligands[0], FIELD, device)
    finite: dict[str, object] = {}
    for name in ("fast", "slow"):
        each = np.split(getattr(together, name)(x), np.cumsum(sizes)[:-1])
        finite[name] = [bool(np.isfinite(part).all()) for part in each]
    ends = together.minimise(x, Options(2.0, 1000)).ends
    return finite | {"ends": [end.name for end in ends]}


def changed(platform: PlatformChoice, constant: str, value: float) -> str:
    """What is said of kernels with another constant, as of a compiler that gets it wrong."""
    before = f"#define {constant} "
    source = kernels().replace(before, f"{before}{value!r} //")
    own_device.kernels = lambda: source
    try:
        examined(platform)
    except NoDeviceError as error:
        return str(error)
    finally:
        own_device.kernels = kernels
    return ""


def dead(device: OpenCLDevice, ligands: Ligands) -> list[str]:
    """What becomes of descents on a device that does nothing, or nothing any more."""
    said, run = [], OpenCLDevice.run
    together = FreeLigands(ligands[0], FIELD)
    given = (ligands[1], together.sizes, together.fast, together.slow, Options(2.0, 20))
    for works_for in (0, 5):
        runs = iter(range(works_for))
        device.run = lambda *each, left=runs: next(left, None) is None or run(device, *each)
        for descend in (
            lambda: minimise_members_on_device(device, *given),
            lambda: FreeLigandsOnDevice(ligands[0], FIELD, device).minimise(ligands[1], given[-1]),
        ):
            try:
                descend()
            except OpenCLError as error:
                said.append(str(error))
    return said


def refusal(device: OpenCLDevice) -> str:
    """What is said of a buffer that no memory holds."""
    try:
        device.empty(2**50)
    except OpenCLMemoryError as error:
        return str(error)
    return ""


def embedded(*several: str) -> Ligands:
    """Of SMILES."""
    mols = [Chem.AddHs(Chem.MolFromSmiles(smiles)) for smiles in several]
    for mol in mols:
        assert AllChem.EmbedMolecule(mol, randomSeed=1) == 0
    return of_mols(mols)


def of_mols(mols: Sequence[Chem.Mol]) -> Ligands:
    positions = np.concatenate([mol.GetConformer().GetPositions() for mol in mols]) / 10
    return [ligand_parameters(mol) for mol in mols], positions


def main(folder: Path) -> None:
    logging.basicConfig()
    model = ReceptorModel.load(folder)
    mols = list(Chem.SDMolSupplier(str(folder / "ligands.sdf"), removeHs=False))
    ligands = of_mols(mols)
    poses = [
        Pose(parameters, mol.GetConformer().GetPositions())
        for parameters, mol in zip(ligands[0], mols, strict=True)
    ]
    platform = choose_platform("OpenCL")
    device = examined(platform)
    three = (ligands[0][:3], ligands[1][: sum(map(len, ligands[0][:3]))])
    found = {
        "deviations": asdict(deviations(device)),
        "refused": refusal(device),
        "works": works(platform),
        "parts": parts(device, complexes_of(model, poses[:2])),
        "forces": forces(device, ligands),
        # squeezed, atoms engulf each other: the descreening integral's rarer branches
        "squeezed": forces(device, (ligands[0], 0.6 * ligands[1])),
        "unusual": forces(device, embedded(*SMALL, LONG)),
        "strains": strains(device, three),
        "minima": {
            "short": minima(device, ligands, Options(2.0, 20)),
            "often renewed": minima(device, ligands, Options(2.0, 20, hold=2)),
            "whole": minima(device, ligands, Options(2.0, 1000)),
            "displaced": minima(device, displaced(ligands, 0.005), Options(2.0, 40)),
            "clashing": minima(device, clashing(ligands), Options(2.0, 40)),
            "unusual": minima(device, embedded(*SMALL, LONG), Options(2.0, 1000)),
            "to the last digit": minima(device, embedded(*SMALL), Options(0.0, 200)),
            "torn": minima(device, torn(ligands[0][0]), Options(2.0, 1000)),
        },
        "packs": {
            "short": packs(device, ligands, Options(2.0, 30)),
            "often renewed": packs(device, ligands, Options(2.0, 20, hold=2)),
            "displaced": packs(device, displaced(ligands, 0.005), Options(2.0, 40)),
            "clashing": packs(device, clashing(ligands), Options(2.0, 40)),
            "unusual": packs(device, embedded(*SMALL), Options(20.0, 1000)),
            "torn": packs(device, torn(ligands[0][0]), Options(2.0, 1000)),
            "spoilt": packs(device, coincident(three), Options(2.0, 20)),
        },
        "launches": {
            "relaxed": launches(device, three, Options(2.0, 40)),
            "clashing": launches(device, clashing(three), Options(2.0, 40)),
            "torn": launches(device, torn(ligands[0][0]), Options(2.0, 1000)),
            "to the last digit": launches(device, embedded(*SMALL), Options(0.0, 200)),
        },
        "spoilt": spoilt(device, three),
        # last: the device is another one afterwards
        "dead": dead(device, three),
        "miscompiled": changed(platform, "GAMMA", 4.86),
        "misfits": [changed(platform, name, 20) for name in ("VECTORS", "KEPT")],
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
