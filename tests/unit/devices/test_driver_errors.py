"""Errors of GPU drivers, as OpenMM 7 to 8.6 words them, and the remedies named for them."""

import pytest

from screenmm.devices.driver_errors import device_failed, driver_remedy, install_hint

# OpenMM issues 1829, 3585, 4685, 5196, 3474, 3283; OpenMM-CUDA-12 8.6.1 without a driver
SAID = {
    "libcuda.so.1: cannot open shared object file: No such file or directory": (
        "there is no NVIDIA driver here"
    ),
    "libnvrtc.so.12: cannot open shared object file: No such file or directory": (
        "a CUDA library of the plugin's major version is missing"
    ),
    "libOpenCL.so.9: cannot open shared object file": "OpenCL's loader is missing",
    "libamdhip64.so.6: cannot open shared object file": "there is no ROCm",
    "Error initializing CUDA: CUDA_ERROR_NO_DEVICE (100) at /openmm/CudaContext.cpp:148": (
        "no GPU is visible"
    ),
    "No compatible CUDA device is available": "no GPU is visible",
    "Error initializing context: clGetPlatformIDs (-1001)": "no GPU is visible",
    "Error loading CUDA module: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)": (
        "the driver is older than the CUDA of this OpenMM build"
    ),
    "Error initializing CUDA: CUDA_ERROR_SYSTEM_DRIVER_MISMATCH (803) at CudaContext.cpp:91": (
        "the driver's library and its kernel module have different versions"
    ),
    "Failed to initialize NVML: Driver/library version mismatch": (
        "the driver's library and its kernel module have different versions"
    ),
    "Error initializing CUDA: CUDA_ERROR_COMPAT_NOT_SUPPORTED_ON_DEVICE (804)": "cuda-compat",
    "Error loading CUDA module: CUDA_ERROR_NO_BINARY_FOR_GPU (209)": "does not know the GPU",
    "Error loading CUDA module: CUDA_ERROR_INVALID_PTX (218)": "the driver is in a bad state",
    "Error initializing CUDA: CUDA_ERROR_UNKNOWN (999) at CudaContext.cpp:138": (
        "the driver is in a bad state"
    ),
    "Error creating Context: CUDA_ERROR_OUT_OF_MEMORY (2)": "fill the GPU's memory",
    "Illegal value for DeviceIndex: 7": "no GPU has this number",
    "Something new (12345)": "check the driver (nvidia-smi",
}


@pytest.mark.parametrize("said", SAID)
def test_remedy(said: str) -> None:
    assert SAID[said] in driver_remedy(said)


def test_numbers_alone_are_known_where_the_driver_gives_no_name() -> None:
    assert driver_remedy("Error loading CUDA module: CUDA error (222)") == driver_remedy(
        "Error loading CUDA module: CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)"
    )


def test_install_hint_is_for_gpu_platforms_alone() -> None:
    assert "screenmm[cuda12]" in install_hint("CUDA")
    assert install_hint("CPU") == ""


@pytest.mark.parametrize(
    ("said", "failed"),
    [
        ("Error launching CUDA kernel: CUDA_ERROR_LAUNCH_FAILED (719)", True),
        ("Error downloading array energyBuffer: clEnqueueReadBuffer (-36)", True),
        ("Error downloading array: hipErrorLaunchFailure (719)", True),
        ("Particle coordinate is NaN.  For more information, see a page", False),
        ("Called setPositions() on a Context with the wrong number of positions", False),
    ],
)
def test_a_failed_device_is_told_from_a_bad_molecule(said: str, failed: bool) -> None:
    assert device_failed(said) is failed
