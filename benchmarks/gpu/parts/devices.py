"""What is there: platforms, devices, plugins that did not load; energies and forces.

Each platform computes a few complexes and a small pack, and is held against Reference.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

import numpy as np
import openmm
from bench import Bench, log
from openmm import unit

from screenmm.config.settings import Scoring
from screenmm.devices.opencl import open_device
from screenmm.devices.platforms import (
    GPU_PLATFORMS,
    PlatformChoice,
    available_platforms,
    choose_platform,
    gpu_plugin_failures,
    list_devices,
)
from screenmm.forcefield.parameters import SystemOptions, build_system, join
from screenmm.mmgbsa.on_device import kernels
from screenmm.mmgbsa.own_device import deviations, examined
from screenmm.mmgbsa.packing import Member
from screenmm.mmgbsa.score import field_of, model_of

EVALUATIONS = 5
ORDER = ("CUDA", "HIP", "CPU", "OpenCL")


@dataclass(frozen=True)
class Complex:
    """A System that is evaluated, and what Reference says of it."""

    name: str
    system: openmm.System
    positions_nm: np.ndarray
    energy: float
    forces: np.ndarray


def run(bench: Bench) -> None:
    failures = gpu_plugin_failures()
    for platform, reason in failures.items():
        bench.row("devices", platform=platform, note=f"the plugin did not load: {reason}")
        log.warning("%s: the plugin did not load: %s", platform, reason)
    installed = [name for name in available_platforms() if name != "Reference"]
    for name in installed:
        for device in list_devices(name):
            note = f"{device.kind} {device.vendor}".strip()
            bench.row("devices", platform=name, device=device.name, note=note)
    complexes = [single(bench, name) for name in bench.kit.sets[: 1 if bench.small else 3]]
    complexes.append(pack(bench))
    precisions = ("mixed",) if bench.small else ("mixed", "single", "double")
    for name in sorted(installed, key=ORDER.index):
        for precision in precisions if name in GPU_PLATFORMS else ("",):
            with bench.step(f"{name} {precision}"):
                choice = choose_platform(name, precision or "mixed")
                # each System's kernels take seconds to compile
                for each in complexes if precision in ("", "mixed") else complexes[-1:]:
                    compare(bench, choice, precision, each)
    for name in sorted({"CUDA", "HIP"} & set(installed)):
        with bench.step(f"our own kernels beside {name}"):
            own_kernels(bench, choose_platform(name))
    if not bench.small and "CUDA" not in installed:
        reason = failures.get("CUDA", "OpenMM has no CUDA plugin")
        bench.failures.append(f"CUDA: not among OpenMM's platforms: {reason}")


def own_kernels(bench: Bench, choice: PlatformChoice) -> None:
    """Which OpenCL device runs our own kernels beside a platform, and how right they are."""
    began = time.perf_counter()
    device = open_device(choice, kernels())
    note = "built our own kernels"
    took_s = time.perf_counter() - began
    bench.row("devices", platform=choice.name, device=device.name, first_s=took_s, note=note)
    for what, off in asdict(deviations(device)).items():
        bench.row("devices", platform=choice.name, device=device.name, energy_error_kj_mol=off,
                  note=f"our own kernels against the host: {what}")  # fmt: skip
    examined(choice)


def member(bench: Bench, name: str, pose: int) -> Member:
    poses = bench.some(name)
    return model_of(poses.receptor, poses.poses[pose], Scoring()).member


def single(bench: Bench, name: str) -> Complex:
    """First complex of a set, as it is minimised."""
    given = member(bench, name, 0)
    options = SystemOptions(movable=given.movable, restrained=given.restrained, restraint_k=1e3)
    system = build_system(given.parameters, options, given.start_nm)
    return with_reference(name, system, given.start_nm)


def pack(bench: Bench) -> Complex:
    """Two complexes out of each other's sight, with the cutoff that packs have."""
    members = [member(bench, bench.kit.sets[0], pose) for pose in (0, 1)]
    reach = max(each.diameter_nm for each in members) + 1.0
    places = [each.start_nm - each.start_nm.mean(axis=0) for each in members]
    positions = np.concatenate([places[0], places[1] + [2 * reach, 0.0, 0.0]])
    field = field_of(Scoring())
    options = SystemOptions(
        movable=np.concatenate([each.movable for each in members]),
        solute_dielectric=field.solute_dielectric,
        solvent_dielectric=field.solvent_dielectric,
        cutoff_nm=reach,
    )
    system = build_system(join([each.parameters for each in members]), options, positions)
    return with_reference("pack of two", system, positions)


def with_reference(name: str, system: openmm.System, positions_nm: np.ndarray) -> Complex:
    energy, forces = evaluated(PlatformChoice("Reference").context(system), positions_nm)
    return Complex(name, system, positions_nm, energy, forces)


def evaluated(context: openmm.Context, positions_nm: np.ndarray) -> tuple[float, np.ndarray]:
    """Energy, kJ/mol, and forces, kJ/mol/nm."""
    context.setPositions(positions_nm)
    state = context.getState(getEnergy=True, getForces=True)
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    return float(energy), np.asarray(forces)


def compare(bench: Bench, choice: PlatformChoice, precision: str, each: Complex) -> None:
    began = time.perf_counter()
    context = choice.context(each.system)
    energy, forces = evaluated(context, each.positions_nm)
    first_s = time.perf_counter() - began
    began = time.perf_counter()
    for _ in range(EVALUATIONS):
        evaluated(context, each.positions_nm)
    error = np.sqrt(((forces - each.forces) ** 2).sum() / (each.forces**2).sum())
    bench.row(
        "devices",
        platform=choice.name,
        precision=precision,
        system=each.name,
        atoms=len(each.positions_nm),
        energy_kj_mol=each.energy,
        energy_error_kj_mol=energy - each.energy,
        force_error=float(error),
        first_s=first_s,
        evaluation_ms=1000 * (time.perf_counter() - began) / EVALUATIONS,
    )
    if not error < 1e-3 or not abs(energy - each.energy) < 1e-4 * abs(each.energy):
        raise ValueError(
            f"{each.name}: energy off by {energy - each.energy:.3g} kJ/mol, forces by {error:.1e} "
            "of their RMS: more than 1e-4 and 1e-3 of Reference's"
        )
