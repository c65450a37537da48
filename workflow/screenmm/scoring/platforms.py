"""The one place that chooses an OpenMM platform, its device and its precision."""

from __future__ import annotations

import ctypes
import ctypes.util
import logging
from dataclasses import dataclass, field

import openmm

from screenmm.errors import PlatformError

log = logging.getLogger(__name__)

GPU_PLATFORMS = ("CUDA", "HIP", "OpenCL")
_CL_DEVICE_TYPE_GPU = 1 << 2


@dataclass(frozen=True)
class PlatformChoice:
    """A platform with the properties a Context is created with.

    Parameters
    ----------
    name : str
        CUDA, HIP, OpenCL, CPU or Reference.
    properties : dict of str to str
        Precision, determinism, threads.
    why : str
        What decided, for the log.
    """

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    why: str = ""

    def context(self, system: openmm.System) -> openmm.Context:
        """Create a Context of a System on this platform."""
        integrator = openmm.VerletIntegrator(0.001)
        platform = openmm.Platform.getPlatformByName(self.name)
        return openmm.Context(system, integrator, platform, self.properties)


def available_platforms() -> list[str]:
    """Names of the platforms whose plugins loaded, in OpenMM's order."""
    return [
        openmm.Platform.getPlatform(i).getName() for i in range(openmm.Platform.getNumPlatforms())
    ]


def opencl_gpu_count() -> int:
    """Count OpenCL devices that are GPUs; a CPU runtime such as Intel's or PoCL has none."""
    library = ctypes.util.find_library("OpenCL")
    if library is None:
        return 0
    cl = ctypes.CDLL(library)
    count = ctypes.c_uint()
    if cl.clGetPlatformIDs(0, None, ctypes.byref(count)) != 0:
        return 0
    ids = (ctypes.c_void_p * count.value)()
    cl.clGetPlatformIDs(count, ids, None)
    total = 0
    for each in ids:
        devices = ctypes.c_uint()
        status = cl.clGetDeviceIDs(
            ctypes.c_void_p(each),
            ctypes.c_ulong(_CL_DEVICE_TYPE_GPU),
            0,
            None,
            ctypes.byref(devices),
        )
        total += devices.value if status == 0 else 0
    return total


def _is_usable(name: str) -> bool:
    """Try a one-particle Context: a plugin that loads may still find no device."""
    system = openmm.System()
    system.addParticle(1.0)
    try:
        PlatformChoice(name).context(system)
    except openmm.OpenMMException as error:
        log.warning("platform %s is installed but not usable: %s", name, error)
        return False
    return True


def _properties(name: str, precision: str) -> dict[str, str]:
    if name in ("CUDA", "HIP"):
        return {"Precision": precision, "DeterministicForces": "true"}
    if name == "OpenCL":
        return {"Precision": precision}
    # one thread a worker: jobs run side by side, and sums keep their order
    return {"Threads": "1", "DeterministicForces": "true"} if name == "CPU" else {}


def choose_platform(name: str = "auto", precision: str = "mixed") -> PlatformChoice:
    """Choose where OpenMM computes.

    Parameters
    ----------
    name : str
        ``auto`` (CUDA, HIP, OpenCL on a GPU, then CPU) or a platform's name.
    precision : str
        ``single``, ``mixed`` or ``double``; for GPU platforms.

    Returns
    -------
    PlatformChoice

    Raises
    ------
    PlatformError
        The named platform is not installed or finds no device. A named platform is
        never replaced silently by another one.
    """
    installed = available_platforms()
    failures = [text for text in openmm.Platform.getPluginLoadFailures() if text]
    if name != "auto":
        if name not in installed:
            detail = f" Plugin failures: {'; '.join(failures)}" if failures else ""
            raise PlatformError(
                f"platform {name} is not installed; available: {', '.join(installed)}. Install "
                f"its OpenMM plugin or set scoring.platform to auto.{detail}"
            )
        if not _is_usable(name):
            raise PlatformError(
                f"platform {name} is installed but finds no usable device; check the driver, or "
                "set scoring.platform to auto"
            )
        return PlatformChoice(name, _properties(name, precision), "named in the config")
    for candidate in GPU_PLATFORMS:
        if candidate not in installed:
            continue
        if candidate == "OpenCL" and opencl_gpu_count() == 0:
            continue
        if _is_usable(candidate):
            return PlatformChoice(
                candidate, _properties(candidate, precision), "fastest usable GPU"
            )
    for text in failures:
        log.warning("a GPU plugin of OpenMM did not load: %s", text)
    return PlatformChoice("CPU", _properties("CPU", precision), "no usable GPU")
