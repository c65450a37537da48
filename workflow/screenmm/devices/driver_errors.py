"""What the errors of GPU drivers mean, and what to do about them.

OpenMM passes on the driver's name and number of an error, for example ``Error loading CUDA
module: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)``. NVIDIA documents them with ``CUresult`` in
the CUDA driver API, AMD with ``hipError_t``.
"""

from __future__ import annotations

import re

GET_A_GPU = (
    "ask the scheduler for a GPU, start a container with it (docker --gpus all, apptainer --nv)"
)

_INSTALL = {
    "CUDA": "pip install 'screenmm[cuda12]' (or cuda13)",
    "HIP": "pip install 'screenmm[hip6]' (or hip7, as ROCm's version is)",
    "OpenCL": "install OpenCL's loader (ocl-icd-libopencl1) and the GPU's OpenCL driver",
}

_REMEDIES = (
    (
        r"libcuda\.so",
        f"there is no NVIDIA driver here: install it, or, where the GPU is elsewhere, {GET_A_GPU}",
    ),
    (
        r"lib(nvrtc|cufft|nvJitLink|cudart)",
        "a CUDA library of the plugin's major version is missing: reinstall with "
        "pip install 'screenmm[cuda12]' (or cuda13)",
    ),
    (
        r"lib(amdhip64|hiprtc|hipfft|hsa-runtime)",
        "there is no ROCm of the plugin's major version here: install it, or the plugin for the "
        "version that is there, with pip install 'screenmm[hip6]' (or hip7)",
    ),
    (
        r"libOpenCL\.so",
        "OpenCL's loader is missing: install ocl-icd-libopencl1 and the GPU's OpenCL driver",
    ),
    (
        r"UNSUPPORTED_PTX_VERSION|\(222\)|INSUFFICIENT_DRIVER|driver version is insufficient",
        "the driver is older than the CUDA of this OpenMM build (nvidia-smi shows the highest "
        "CUDA it supports): update the driver, or install the build for an older CUDA, "
        "pip install 'screenmm[cuda12]'",
    ),
    (
        r"SYSTEM_DRIVER_MISMATCH|\(803\)|[Dd]river/library version mismatch",
        "the driver's library and its kernel module have different versions, as after an update: "
        "reboot the machine (or reload the nvidia module); in a container, use the host's driver "
        "library",
    ),
    (
        r"COMPAT_NOT_SUPPORTED_ON_DEVICE|\(804\)",
        "this GPU does not allow the forward-compatibility library (cuda-compat): take it out of "
        "LD_LIBRARY_PATH and update the driver",
    ),
    (
        r"SYSTEM_NOT_READY|\(802\)",
        "the driver is not ready: start nvidia-fabricmanager on machines with NVSwitch, then look "
        "at nvidia-smi",
    ),
    (
        r"NO_DEVICE|NoDevice|No compatible (CUDA|HIP|OpenCL) device|-1001\)",
        "no GPU is visible: see whether nvidia-smi (rocm-smi for AMD) lists one and whether "
        f"CUDA_VISIBLE_DEVICES or ROCR_VISIBLE_DEVICES hides it; else {GET_A_GPU}",
    ),
    (
        r"NO_BINARY_FOR_GPU|\(209\)|NoBinaryForGpu|gpu-architecture",
        "this OpenMM build does not know the GPU's model: update openmm, and take the build for "
        "the newest CUDA or ROCm that the driver supports",
    ),
    (
        r"JIT_COMPILER_NOT_FOUND|\(221\)",
        "the driver's compiler (libnvidia-ptxjitcompiler) is missing: install the whole driver; "
        "in a container, set NVIDIA_DRIVER_CAPABILITIES=compute,utility",
    ),
    (
        r"DEVICE_UNAVAILABLE|\(46\)",
        "another process holds the GPU for itself (nvidia-smi shows the compute mode and the "
        "process): wait, or ask the scheduler for a free one",
    ),
    (
        r"OUT_OF_MEMORY|OutOfMemory|\(-4\)",
        "other processes fill the GPU's memory (nvidia-smi lists them): end them, or take another "
        "GPU with CUDA_VISIBLE_DEVICES",
    ),
    (
        r"INVALID_DEVICE|\(101\)|Illegal value for DeviceIndex",
        "no GPU has this number: screenmm doctor lists them",
    ),
    (
        r"CUDA_ERROR_(UNKNOWN|INVALID_PTX|NOT_INITIALIZED)|\((999|218)\)",
        "the driver is in a bad state: run nvidia-smi, reload the nvidia_uvm module or reboot the "
        "machine, and update the driver if it happens again",
    ),
)


def install_hint(platform: str) -> str:
    """How a platform's OpenMM plugin is installed; empty for a name that is no GPU platform."""
    return _INSTALL.get(platform, "")


def driver_remedy(said: str) -> str:
    """Say what an error of a driver means and what mends it.

    Parameters
    ----------
    said : str
        OpenMM's message, or the loader's.

    Returns
    -------
    str
        The remedy; for an unknown error, where to look.
    """
    for pattern, remedy in _REMEDIES:
        if re.search(pattern, said):
            return remedy
    return "check the driver (nvidia-smi, rocm-smi or clinfo) and what screenmm doctor says"


def device_failed(said: str) -> bool:
    """Whether an error of OpenMM names one of the device's or the driver's.

    Parameters
    ----------
    said : str
        OpenMM's message.
    """
    return re.search(r"CUDA_ERROR_|CUDA error|hipError|\bcl[A-Z]\w+ \(-\d+\)", said) is not None
