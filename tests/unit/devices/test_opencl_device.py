"""Which OpenCL device belongs to OpenMM's platform, and what is said where none does."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from screenmm.devices import opencl
from screenmm.devices.opencl import NoDeviceError, OpenCLError, open_device
from screenmm.devices.platforms import Device, PlatformChoice

SOURCE = "__kernel void nothing(int count) {}"
CPU, GPU = 1 << 1, 1 << 2


class FakeError(Exception):
    """What pyopencl raises."""


def fake(name: str, vendor: str, kind: int = GPU, **more: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, vendor=vendor, type=kind, extensions="cl_khr_fp64", **more)


def shown(*devices: SimpleNamespace, name: str = "some OpenCL") -> SimpleNamespace:
    return SimpleNamespace(name=name, get_devices=lambda: list(devices))


@pytest.fixture
def pretend(monkeypatch):
    """Make OpenCL show these platforms, and OpenMM these names of its platform's devices."""

    def show(*platforms: SimpleNamespace, names: tuple[str, ...] = ()) -> None:
        module = ModuleType("pyopencl")
        module.Error, module.get_platforms = FakeError, lambda: list(platforms)
        monkeypatch.setitem(sys.modules, "pyopencl", module)
        devices = [Device(i, name, "gpu", "", {}) for i, name in enumerate(names)]
        monkeypatch.setattr(opencl, "list_devices", lambda name: devices)
        monkeypatch.setattr(opencl, "OpenCLDevice", lambda device, source: device)

    return show


def refusal(platform: PlatformChoice) -> str:
    with pytest.raises(NoDeviceError) as refused:
        open_device(platform, SOURCE)
    return str(refused.value)


def on(name: str, **properties: str) -> PlatformChoice:
    return PlatformChoice(name, properties)


@pytest.mark.parametrize("name", ["CUDA", "HIP", "OpenCL"])
def test_without_pyopencl_the_remedy_is_told(name: str, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pyopencl", None)
    assert "pip install 'screenmm[gpu]'" in refusal(PlatformChoice(name))


def test_a_gpu_that_opencl_does_not_show_is_told(pretend) -> None:
    pretend(shown(fake("AMD EPYC", "Intel(R) Corporation", CPU)), names=("NVIDIA H200",))
    assert "the NVIDIA driver's OpenCL" in refusal(on("CUDA", DeviceIndex="0"))


def test_no_opencl_platform_at_all_is_told(pretend) -> None:
    pretend(names=("NVIDIA H200",))

    def fail() -> list:
        raise FakeError("clGetPlatformIDs failed: PLATFORM_NOT_FOUND_KHR")

    sys.modules["pyopencl"].get_platforms = fail
    said = refusal(on("HIP"))
    assert "PLATFORM_NOT_FOUND_KHR" in said
    assert "ROCm's OpenCL" in said


def test_no_double_precision_is_told(pretend) -> None:
    device = fake("Arc A770", "Intel(R) Corporation")
    device.extensions = "cl_khr_fp16"
    pretend(shown(device))
    said = refusal(on("OpenCL", DeviceIndex="0", OpenCLPlatformIndex="0"))
    assert "no double precision (fp64)" in said


def test_a_driver_that_does_not_build_the_kernels_is_told(pretend, monkeypatch) -> None:
    pretend(shown(fake("NVIDIA A40", "NVIDIA Corporation")), names=("NVIDIA A40",))

    def build(device: object, source: str) -> None:
        raise OpenCLError("clBuildProgram failed: BUILD_PROGRAM_FAILURE\nthe whole log")

    monkeypatch.setattr(opencl, "OpenCLDevice", build)
    said = refusal(on("CUDA"))
    assert "BUILD_PROGRAM_FAILURE" in said
    assert "the whole log" not in said


def test_a_gpu_is_found_by_its_name_though_others_are_counted_first(pretend) -> None:
    small, large = (fake(name, "NVIDIA Corporation") for name in ("NVIDIA T400", "NVIDIA A40"))
    processor = shown(fake("EPYC", "Intel", CPU))
    pretend(processor, shown(small, large), names=("NVIDIA A40", "NVIDIA T400"))
    assert open_device(on("CUDA"), SOURCE) is large
    assert open_device(on("CUDA", DeviceIndex="1"), SOURCE) is small


def test_of_gpus_of_one_name_the_place_decides(pretend) -> None:
    gpus = [fake("NVIDIA A40", "NVIDIA Corporation") for _ in range(3)]
    pretend(shown(*gpus), names=("NVIDIA A40",) * 3)
    assert open_device(on("CUDA", DeviceIndex="2"), SOURCE) is gpus[2]


def test_an_amd_gpu_is_found_by_its_boards_name_or_else_its_place(pretend) -> None:
    vendor = "Advanced Micro Devices, Inc."
    gpus = [
        fake("gfx1036", vendor, board_name_amd="AMD Radeon Graphics"),
        fake("gfx1100", vendor, board_name_amd="AMD Radeon RX 7900 XTX"),
    ]
    nvidia = shown(fake("NVIDIA A40", "NVIDIA Corporation"))
    pretend(nvidia, shown(*gpus), names=("AMD Radeon RX 7900 XTX", "AMD Radeon Graphics"))
    assert open_device(on("HIP"), SOURCE) is gpus[1]
    pretend(nvidia, shown(*gpus), names=("AMD Radeon", "AMD Radeon"))
    assert open_device(on("HIP", DeviceIndex="1"), SOURCE) is gpus[1]
    assert "does not show it" in refusal(on("HIP", DeviceIndex="2"))


def test_a_place_says_nothing_where_opencl_shows_other_gpus_than_openmm(pretend) -> None:
    gpus = [fake(name, "NVIDIA Corporation") for name in ("NVIDIA T400", "NVIDIA A40")]
    pretend(shown(*gpus), names=("NVIDIA A40 MIG 1g",))
    assert "does not show it" in refusal(on("CUDA"))


def test_opencls_own_device_is_taken_by_both_indices(pretend) -> None:
    first = shown(fake("A", "Intel"), name="one")
    second = shown(fake("B", "AMD", CPU), fake("C", "AMD"), name="two")
    pretend(first, second)
    chosen = open_device(on("OpenCL", OpenCLPlatformIndex="1", DeviceIndex="1"), SOURCE)
    assert chosen.name == "C"
    assert open_device(on("OpenCL"), SOURCE).name == "A"


def test_an_opencl_platform_that_another_loader_counts_elsewhere_is_found_by_name(
    pretend, monkeypatch
) -> None:
    pretend(shown(fake("A", "Intel"), name="one"), shown(fake("B", "AMD"), name="two"))
    rows = [Device(0, "B", "gpu", "two", {"DeviceIndex": "0", "OpenCLPlatformIndex": "0"})]
    monkeypatch.setattr(opencl, "list_devices", lambda name: rows)
    assert open_device(on("OpenCL", OpenCLPlatformIndex="0"), SOURCE).name == "B"
