"""Command ``doctor``: what is installed, whether it computes rightly, and what is missing."""

from __future__ import annotations

import argparse
import json
import os
import platform as python_platform
import re
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import openmm
from openmm import app, unit

from screenmm.config.engines import engines
from screenmm.core.errors import PlatformError
from screenmm.devices.lease import given_by_scheduler
from screenmm.devices.opencl import NoDeviceError
from screenmm.devices.platforms import (
    GPU_PLATFORMS,
    Device,
    available_platforms,
    choose_platform,
    list_devices,
    unexpected_plugin_failures,
)
from screenmm.devices.vulkan import vulkan_adapters
from screenmm.mmgbsa.own_device import examined

FORCE_TOLERANCE = 1e-3
"""Largest force error allowed, relative to the root mean square force."""

ENERGY_TOLERANCE = 1e-4
"""Largest energy error allowed, relative to the energy."""

PACKAGES = {
    "screenmm": ("screenmm",),
    "openmm": ("openmm",),
    "rdkit": ("rdkit",),
    "openff-toolkit": ("openff-toolkit", "acellera-openff-toolkit"),
    "openff-nagl-models": ("openff-nagl-models",),
    **{name: (name,) for each in engines().values() for name in each.packages},
    "pyopencl": ("pyopencl",),
    "snakemake": ("snakemake",),
}
"""What is reported, and the names of the distributions that hold it."""

VENDORS = {"0x10de": "NVIDIA", "0x1002": "AMD"}
OWN_PLATFORM = {"NVIDIA": "CUDA", "AMD": "HIP"}
_GPU_CLASSES = ("0x03", "0x12")
_IN_OWN_PROCESS = """
import json, sys
from screenmm.commands import doctor
print(json.dumps(getattr(doctor, sys.argv[1])(*sys.argv[2:])))
"""


@dataclass(frozen=True)
class Gpu:
    """A GPU that the machine has, whether or not a platform uses it.

    Parameters
    ----------
    vendor : str
        NVIDIA or AMD.
    name : str
        As the driver calls it, else its address on the bus.
    driver : bool
        Whether the driver's device files are there.
    """

    vendor: str
    name: str
    driver: bool


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace) -> None:
    """Examine this installation and print what was found.

    Raises
    ------
    PlatformError
        Something installed does not work, or a GPU is not used.
    """
    found = examine()
    print(json.dumps(found, indent=2) if args.json else as_text(found))
    if found["problems"]:
        raise PlatformError(f"{len(found['problems'])} problem(s) found; each is listed above")


def examine(root: Path = Path("/")) -> dict[str, Any]:
    """Examine versions, platforms, GPUs and adapters.

    Parameters
    ----------
    root : Path
        Where ``dev``, ``proc`` and ``sys`` are.

    Returns
    -------
    dict
        Plain data; ``problems`` lists what to mend, each with its remedy.
    """
    gpus = find_gpus(root)
    devices = {name: list_devices(name) for name in available_platforms()}
    platforms = [
        {
            "name": name,
            "speed": openmm.Platform.getPlatformByName(name).getSpeed(),
            "devices": [asdict(each) for each in devices[name]],
            "check": _in_own_process("check_platform", name),
            "own_kernels": _in_own_process("own_kernels", name) if name in GPU_PLATFORMS else None,
        }
        for name in devices
    ]
    platforms.sort(key=lambda each: -each["speed"])
    auto = _in_own_process("auto_platform")
    failures = unexpected_plugin_failures()
    problems = [
        f"OpenMM's {name} plugin is installed but did not load ({reason}): {_load_remedy(name)}"
        for name, reason in failures.items()
    ]
    problems += [
        f"platform {each['name']} fails its check: {each['check']['message']}"
        for each in platforms
        if not each["check"]["passed"]
    ]
    if "error" in auto:
        problems.append(f"no platform can be chosen: {auto['error']}")
    problems += [
        f"{gpu.vendor} GPU {gpu.name} is present but no OpenMM platform uses it: "
        f"{gpu_remedy(gpu, devices, root)}"
        for gpu in gpus
        if not _is_used(gpu, devices)
    ]
    return {
        "versions": {"python": python_platform.python_version()} | package_versions(),
        "platforms": platforms,
        "plugins_not_loaded": failures,
        "platforms_without_runtime": _without_runtime(failures),
        "auto": auto,
        "scheduler": given_by_scheduler(),
        "gpus": [asdict(each) for each in gpus],
        "vulkan_adapters": [{"name": name, "kind": kind} for name, kind in vulkan_adapters()],
        "problems": problems,
    }


def package_versions() -> dict[str, str | None]:
    """Versions of the packages that matter; None for what is not installed."""
    found: dict[str, str | None] = dict.fromkeys(PACKAGES)
    for package, names in PACKAGES.items():
        for name in names:
            try:
                found[package] = version(name)
            except PackageNotFoundError:
                continue
            break
    return found


def _in_own_process(function: str, *arguments: str) -> dict[str, Any]:
    """Call a function of this module; a driver that crashes or hangs takes only it along."""
    command = [sys.executable, "-c", _IN_OWN_PROCESS, function, *arguments]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    except subprocess.TimeoutExpired:
        error = "no answer within 300 s; restart the driver, or the machine"
    except subprocess.CalledProcessError as failed:
        last = failed.stderr.strip().rpartition("\n")[2]
        error = f"the process ended with status {failed.returncode} {last}".rstrip()
    else:
        found: dict[str, Any] = json.loads(asked.stdout)
        return found
    return {"passed": False, "message": error, "error": error}


def auto_platform() -> dict[str, Any]:
    """Tell which platform ``auto`` takes, and why."""
    return asdict(choose_platform("auto"))


def check_platform(name: str) -> dict[str, Any]:
    """Compare energy and forces of a small protein in implicit solvent with Reference.

    Parameters
    ----------
    name : str
        Platform to check, in mixed precision where it has a choice.

    Returns
    -------
    dict
        ``passed``, ``message`` and, where it computed, the errors.
    """
    system, positions = _villin()
    expected, right = _energy_and_forces("Reference", system, positions)
    try:
        energy, forces = _energy_and_forces(name, system, positions)
    except (PlatformError, openmm.OpenMMException) as error:
        return {"passed": False, "message": str(error)}
    return compare(energy, forces, expected, right)


def own_kernels(name: str) -> dict[str, str]:
    """Tell where the kernels beside a GPU platform's forces run, once they agree with the host.

    Parameters
    ----------
    name : str
        Platform.

    Returns
    -------
    dict
        ``device``, empty for the host, and then why in ``error``.
    """
    try:
        return {"device": examined(choose_platform(name)).name, "error": ""}
    except (NoDeviceError, PlatformError) as reason:
        return {"device": "", "error": str(reason)}


def compare(
    energy: float, forces: np.ndarray, expected: float, right: np.ndarray
) -> dict[str, Any]:
    """Judge an energy and forces by those of Reference.

    Parameters
    ----------
    energy, expected : float
        Computed and right energy, kJ/mol.
    forces, right : ndarray, shape (N, 3)
        Computed and right forces.

    Returns
    -------
    dict
        As of ``check_platform``.
    """
    scale = float(np.sqrt((right**2).sum(axis=1).mean()))
    force_error = float(np.linalg.norm(forces - right, axis=1).max()) / scale
    energy_error = energy - expected
    energy_limit = abs(expected) * ENERGY_TOLERANCE
    # written so that a value that is not a number fails
    passed = force_error <= FORCE_TOLERANCE and abs(energy_error) <= energy_limit
    message = "agrees with Reference" if passed else "differs from Reference"
    message += (
        f": force error {force_error:.1e} of the mean (limit {FORCE_TOLERANCE:.0e}), "
        f"energy error {energy_error:.1e} kJ/mol (limit {energy_limit:.1e})"
    )
    if not passed:
        message += "; update the driver and OpenMM, and set scoring.platform to another"
    return {
        "passed": passed,
        "message": message,
        "max_relative_force_error": force_error if np.isfinite(force_error) else None,
        "energy_error_kj_mol": energy_error if np.isfinite(energy_error) else None,
    }


def _villin() -> tuple[openmm.System, Any]:
    """Villin headpiece, which comes with OpenMM: bonded, nonbonded and OBC forces."""
    pdb = app.PDBFile(str(Path(app.__file__).parent / "data/test.pdb"))
    model = app.Modeller(pdb.topology, pdb.positions)
    model.delete([each for each in model.topology.residues() if each.name in ("HOH", "Cl")])
    forcefield = app.ForceField("amber99sb.xml", "amber99_obc.xml")
    return forcefield.createSystem(model.topology), model.positions


def _energy_and_forces(
    name: str, system: openmm.System, positions: Any
) -> tuple[float, np.ndarray]:
    context = choose_platform(name).context(system)
    context.setPositions(positions)
    state = context.getState(getEnergy=True, getForces=True)
    energy = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    forces = state.getForces(asNumpy=True)
    return energy, forces.value_in_unit(unit.kilojoule_per_mole / unit.nanometer)


def find_gpus(root: Path = Path("/")) -> list[Gpu]:
    """Find NVIDIA and AMD GPUs by their drivers, else on the PCI bus.

    Parameters
    ----------
    root : Path
        Where ``dev``, ``proc`` and ``sys`` are.
    """
    driver = {
        "NVIDIA": any((root / "dev").glob("nvidia[0-9]*")),
        "AMD": (root / "dev/kfd").exists(),
    }
    on_bus: dict[str, list[str]] = {vendor: [] for vendor in driver}
    for slot in sorted((root / "sys/bus/pci/devices").glob("*")):
        vendor = VENDORS.get(_read(slot / "vendor"))
        if vendor and _read(slot / "class").startswith(_GPU_CLASSES):
            on_bus[vendor].append(f"at {slot.name}")
    models = [
        match[1]
        for path in sorted((root / "proc/driver/nvidia/gpus").glob("*/information"))
        if (match := re.search(r"Model:\s*(.+)", _read(path)))
    ]
    files = [f"/dev/{each.name}" for each in sorted((root / "dev").glob("nvidia[0-9]*"))]
    asked = re.findall(r"^GPU \d+: (.+?)(?: \(UUID.*)?$", _nvidia_smi("-L"), re.MULTILINE)
    names = {
        "NVIDIA": asked or models or files or on_bus["NVIDIA"],
        "AMD": on_bus["AMD"] or (["/dev/kfd"] if driver["AMD"] else []),
    }
    return [Gpu(vendor, name, driver[vendor]) for vendor in names for name in names[vendor]]


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _nvidia_smi(*options: str) -> str:
    """Output of NVIDIA's own tool; empty where it is missing or fails."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    try:
        asked = subprocess.run(
            [tool, *options], capture_output=True, text=True, check=True, timeout=60
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout


def _is_used(gpu: Gpu, devices: dict[str, list[Device]]) -> bool:
    by_opencl = (
        gpu.vendor.lower() in f"{each.vendor} {each.name}".lower()
        for each in devices.get("OpenCL", [])
        if each.kind == "gpu"
    )
    return bool(devices.get(OWN_PLATFORM[gpu.vendor])) or any(by_opencl)


def gpu_remedy(gpu: Gpu, devices: dict[str, list[Device]], root: Path = Path("/")) -> str:
    """Tell what makes a platform use a GPU.

    Parameters
    ----------
    gpu : Gpu
    devices : dict of str to list of Device
        Devices of the installed platforms.
    root : Path
        Where ROCm would be installed.
    """
    if not gpu.driver:
        return f"install the {gpu.vendor} driver; in a container, pass the GPU's device files to it"
    given = given_by_scheduler()
    if given is not None and OWN_PLATFORM[gpu.vendor] in devices:
        return f"{given} may hide it; ask the scheduler for a GPU, or unset the variable"
    if gpu.vendor == "NVIDIA":
        return _cuda_remedy()
    found = re.match(r"[67]", _read(root / "opt/rocm/.info/version"))
    if found is None:
        return "install ROCm 6 or 7, then pip install 'screenmm[hip6]' or 'screenmm[hip7]'"
    return f"pip install 'screenmm[hip{found[0]}]' (ROCm {found[0]} is installed)"


def _cuda_remedy() -> str:
    found = re.search(r"CUDA(?: UMD)? Version\s*:\s*(\d+)", _nvidia_smi())
    major = int(found[1]) if found else None
    if major is not None and major < 12:
        return f"the driver supports CUDA {major}, but 12 is needed; update the driver"
    known = min(major or 12, 13)
    supports = f" (the driver supports CUDA {major})" if major else ""
    return (
        f"pip install 'screenmm[cuda{known}]', or from conda-forge: openmm cuda-version={known}"
        f"{supports}"
    )


def _load_remedy(name: str) -> str:
    vendor = {"CUDA": "NVIDIA", "HIP": "AMD"}.get(name)
    if vendor is None:
        return "reinstall openmm"
    return (
        f"install the {vendor} driver and the libraries of the plugin's own major version, or "
        f"uninstall the plugin on machines that have no {vendor} GPU"
    )


def _without_runtime(failures: dict[str, str]) -> list[str]:
    """GPU platforms whose plugin is there but finds no driver, so that OpenMM leaves them out."""
    if "OPENMM_PLUGIN_DIR" in os.environ:
        folder = Path(openmm.Platform.getDefaultPluginsDirectory())
    else:
        folder = Path(openmm.version.openmm_library_path) / "plugins"
    return [
        name
        for name in GPU_PLATFORMS
        if any(folder.glob(f"libOpenMM{name}.*"))
        and name not in failures
        and name not in available_platforms()
    ]


def as_text(found: dict[str, Any]) -> str:
    """Write what was found for people."""
    lines = ["Versions"]
    lines += [f"  {name:<15} {text or 'not installed'}" for name, text in found["versions"].items()]
    lines.append("OpenMM platforms, fastest first")
    for each in found["platforms"]:
        check = each["check"]
        lines.append(
            f"  {each['name']:<10} speed {each['speed']:<5g} "
            f"{'ok  ' if check['passed'] else 'FAIL'} {check['message']}"
        )
        lines += [
            f"    device {device['index']}: {device['name']} ({device['kind']})"
            for device in each["devices"]
        ]
        if own := each["own_kernels"]:
            where = own.get("device") or f"none, the host does their work: {own['error']}"
            lines.append(f"    device of our own kernels: {where}")
    lines += [
        f"  {name:<10} did not load: {text}" for name, text in found["plugins_not_loaded"].items()
    ]
    lines += [
        f"  {name:<10} installed, but finds no driver or runtime"
        for name in found["platforms_without_runtime"]
    ]
    auto = found["auto"]
    taken = auto.get("error") or f"{auto['name']} {auto['properties']}: {auto['why']}"
    lines.append(f"auto takes {taken}")
    if found["scheduler"]:
        lines.append(f"devices are given by {found['scheduler']}")
    lines.append("GPUs of this machine")
    lines += [f"  {each['vendor']} {each['name']}" for each in found["gpus"]] or ["  none found"]
    lines.append("Vulkan adapters for docking")
    lines += [f"  {each['name']} ({each['kind']})" for each in found["vulkan_adapters"]] or [
        "  none found"
    ]
    if not found["problems"]:
        return "\n".join([*lines, "No problems found"])
    return "\n".join([*lines, "Problems", *(f"  {text}" for text in found["problems"])])
