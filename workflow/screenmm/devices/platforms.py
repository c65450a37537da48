"""The one place that chooses an OpenMM platform, its device and its precision."""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
import re
from dataclasses import dataclass, field, replace

import openmm

from screenmm.core.errors import PlatformError
from screenmm.devices.compiled import keep_compiled_kernels
from screenmm.devices.driver_errors import driver_remedy, install_hint

log = logging.getLogger(__name__)

GPU_PLATFORMS = ("CUDA", "HIP", "OpenCL")
"""Platforms with devices to choose from, in the order ``auto`` tries them."""

_GPU_PLUGIN_FAILURE = re.compile(r"/libOpenMM(CUDA|HIP|OpenCL)\.\w+: (.+)", re.DOTALL)
_CL_DEVICE_TYPE_ALL = ctypes.c_ulong(0xFFFFFFFF)
_CL_DEVICE_TYPE = 0x1000
_CL_KINDS = {1 << 1: "cpu", 1 << 2: "gpu", 1 << 3: "accelerator"}


@dataclass(frozen=True)
class Device:
    """A device of a platform.

    Parameters
    ----------
    index : int
        Place in the platform's list: what a lease counts and ``choose_platform`` takes.
    name : str
        As the driver calls it.
    kind : str
        ``gpu``, ``cpu``, ``accelerator``; ``unknown`` where OpenCL does not tell.
    vendor : str
        OpenCL implementation the device belongs to; empty for CUDA and HIP.
    properties : dict of str to str
        What tells OpenMM to use it.
    """

    index: int
    name: str
    kind: str
    vendor: str
    properties: dict[str, str]


@dataclass(frozen=True)
class PlatformChoice:
    """A platform with the properties a Context is created with.

    Parameters
    ----------
    name : str
        CUDA, HIP, OpenCL, CPU or Reference.
    properties : dict of str to str
        Device, precision, determinism, threads.
    why : str
        What decided, for the log.
    """

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    why: str = ""

    def context(self, system: openmm.System) -> openmm.Context:
        """Create a Context of a System on this platform."""
        if self.name in ("CUDA", "HIP"):
            keep_compiled_kernels()
        integrator = openmm.VerletIntegrator(0.001)
        platform = openmm.Platform.getPlatformByName(self.name)
        return openmm.Context(system, integrator, platform, self.properties)

    def on(self, device: Device) -> PlatformChoice:
        """Return the same choice on another device of the platform."""
        return replace(self, properties=self.properties | device.properties)


REFERENCE = PlatformChoice("Reference")
"""OpenMM's double-precision platform: slow, and there everywhere."""


def available_platforms() -> list[str]:
    """Names of the platforms whose plugins loaded, in OpenMM's order."""
    return [
        openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())
    ]


def gpu_plugin_failures() -> dict[str, str]:
    """GPU platforms whose plugin is installed but did not load, each with the reason."""
    found = map(_GPU_PLUGIN_FAILURE.search, openmm.Platform.getPluginLoadFailures())
    return {match[1]: match[2] for match in found if match}


def unexpected_plugin_failures() -> dict[str, str]:
    """Failures of plugins that somebody installed on purpose.

    OpenMM brings its OpenCL plugin to every machine, also to those without OpenCL's loader.
    """
    found = gpu_plugin_failures()
    if "libOpenCL" in found.get("OpenCL", ""):
        del found["OpenCL"]
    return found


def list_devices(name: str) -> list[Device]:
    """List the devices of an installed platform; CPU and Reference have none to choose from."""
    if name not in GPU_PLATFORMS:
        return []
    try:
        rows = [dict(row) for row in openmm.Platform.getPlatformByName(name).getDevices()]
    except openmm.OpenMMException as error:
        log.warning("platform %s does not list its devices: %s", name, error)
        return []
    kinds = _opencl_kinds() if name == "OpenCL" else {}
    devices = []
    for index, row in enumerate(rows):
        chosen = {key: row[key] for key in ("DeviceIndex", "OpenCLPlatformIndex") if key in row}
        kind = kinds.get(tuple(chosen.values()), "unknown") if name == "OpenCL" else "gpu"
        vendor = row.get("OpenCLPlatformName", "")
        devices.append(Device(index, row.get("DeviceName", ""), kind, vendor, chosen))
    return devices


def _opencl_kinds() -> dict[tuple[str, ...], str]:
    """Types of OpenCL devices by device and platform index, as OpenMM counts both."""
    try:
        # OpenMM's plugin has loaded it under this name, from wherever it found it
        cl = ctypes.CDLL("libOpenCL.so.1")
    except OSError:
        library = ctypes.util.find_library("OpenCL")
        if library is None:
            return {}
        cl = ctypes.CDLL(library)
    count = ctypes.c_uint()
    if cl.clGetPlatformIDs(0, None, ctypes.byref(count)) != 0:
        return {}
    platforms = (ctypes.c_void_p * count.value)()
    cl.clGetPlatformIDs(count, platforms, None)
    kinds: dict[tuple[str, ...], str] = {}
    for p, platform in enumerate(map(ctypes.c_void_p, platforms)):
        if cl.clGetDeviceIDs(platform, _CL_DEVICE_TYPE_ALL, 0, None, ctypes.byref(count)) != 0:
            continue
        devices = (ctypes.c_void_p * count.value)()
        cl.clGetDeviceIDs(platform, _CL_DEVICE_TYPE_ALL, count, devices, None)
        for d, device in enumerate(map(ctypes.c_void_p, devices)):
            flags = ctypes.c_ulong()
            size = ctypes.c_size_t(ctypes.sizeof(flags))
            cl.clGetDeviceInfo(device, _CL_DEVICE_TYPE, size, ctypes.byref(flags), None)
            named = [kind for flag, kind in _CL_KINDS.items() if flags.value & flag]
            kinds[str(d), str(p)] = named[0] if named else "unknown"
    return kinds


def _properties(name: str, precision: str) -> dict[str, str]:
    if name in ("CUDA", "HIP"):
        return {"Precision": precision, "DeterministicForces": "true"}
    if name == "OpenCL":
        # has no switch for determinism
        return {"Precision": precision}
    # one thread a worker: jobs run side by side, and sums keep their order
    return {"Threads": "1", "DeterministicForces": "true"} if name == "CPU" else {}


def failure_of(choice: PlatformChoice) -> str:
    """Try a one-particle Context: a plugin that loads may still find no usable device.

    Returns
    -------
    str
        What OpenMM said; empty where it computes.
    """
    system = openmm.System()
    system.addParticle(1.0)
    try:
        choice.context(system)
    except openmm.OpenMMException as error:
        return str(error)
    return ""


def _pick(name: str, device: int | None, only_gpu: bool) -> Device | None:
    """Pick the asked device, else the first GPU, else (unless ``only_gpu``) the first."""
    devices = list_devices(name)
    if device is None:
        gpus = [each for each in devices if each.kind == "gpu"]
        return next(iter(gpus or ([] if only_gpu else devices)), None)
    if device not in range(len(devices)):
        shown = ", ".join(f"{each.index} ({each.name})" for each in devices) or "none"
        raise PlatformError(
            f"device {device} was asked for, but platform {name} shows {shown}; ask for one of "
            "these, or for none to take the first"
        )
    return devices[device]


def choose_platform(
    name: str = "auto", precision: str = "mixed", device: int | None = None
) -> PlatformChoice:
    """Choose where OpenMM computes.

    Parameters
    ----------
    name : str
        ``auto`` (CUDA, HIP, OpenCL on a GPU, then CPU) or a platform's name.
    precision : str
        ``single``, ``mixed`` or ``double``; for GPU platforms.
    device : int, optional
        Place in ``list_devices(name)``; by default the first GPU of the platform.

    Returns
    -------
    PlatformChoice

    Raises
    ------
    PlatformError
        The named platform is not installed or finds no device. A named platform is
        never replaced silently by another one.
    """
    if name != "auto":
        return _named(name, precision, device)
    installed = available_platforms()
    for failed, reason in unexpected_plugin_failures().items():
        log.warning(
            "OpenMM's %s plugin is installed but did not load: %s. To mend it: %s",
            failed,
            reason,
            driver_remedy(reason),
        )
    for candidate in GPU_PLATFORMS:
        if candidate not in installed:
            continue
        picked = _pick(candidate, device, only_gpu=True)
        if picked is None:
            continue
        choice = PlatformChoice(
            candidate, _properties(candidate, precision), f"fastest usable GPU: {picked.name}"
        ).on(picked)
        failure = failure_of(choice)
        if not failure:
            return choice
        log.warning(
            "platform %s is installed but not usable: %s. To mend it: %s",
            candidate,
            failure,
            driver_remedy(failure),
        )
    return PlatformChoice("CPU", _properties("CPU", precision), "no usable GPU")


def _named(name: str, precision: str, device: int | None) -> PlatformChoice:
    installed = available_platforms()
    if name not in installed:
        reason = gpu_plugin_failures().get(name)
        if reason:
            state, remedy = f"is installed but did not load ({reason})", driver_remedy(reason)
        else:
            state, remedy = "is not installed, or finds no driver", install_hint(name)
            remedy = f"where there is such a GPU and its driver, {remedy}" if remedy else ""
        remedy = f"{remedy}; or " if remedy else ""
        raise PlatformError(
            f"platform {name} {state}; available: {', '.join(installed)}. To mend it: {remedy}"
            "set scoring.platform to auto (screenmm doctor says what this machine has)"
        )
    choice = PlatformChoice(name, _properties(name, precision), "named in the config")
    if device is not None or name in GPU_PLATFORMS:
        picked = _pick(name, device, only_gpu=False)
        choice = choice.on(picked) if picked else choice
    failure = failure_of(choice)
    if failure:
        raise PlatformError(
            f"platform {name} is installed but finds no usable device for precision "
            f"{precision}: {failure}. To mend it: {driver_remedy(failure)}; or set "
            "scoring.platform to auto"
        )
    return choice
