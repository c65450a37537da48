"""OpenCL beside OpenMM: the device of a platform's choice, for kernels of our own.

OpenMM's own plugins compute forces in single precision or mixed; what needs double precision,
or an energy per atom, is computed by kernels in OpenCL C. OpenCL because the drivers of NVIDIA,
AMD and Intel all bring it.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from screenmm.devices.platforms import PlatformChoice, list_devices

if TYPE_CHECKING:
    import pyopencl as cl

log = logging.getLogger(__name__)

GROUP = 64
"""Work items in a work group: whole warps on NVIDIA, a wavefront on AMD."""

_GPU = 1 << 2
"""Bit of OpenCL's type of a device."""

_NO_MEMORY = {-4, -5, -6, -61}
"""OpenCL's codes: memory object allocation, resources, host memory, buffer size. Resources is also
what a driver says after a crash of a kernel."""

_VENDORS = {"CUDA": ("nvidia",), "HIP": ("advanced micro devices", "amd")}
_DRIVERS = {
    "CUDA": "the NVIDIA driver's OpenCL (libnvidia-opencl and /etc/OpenCL/vendors/nvidia.icd; in a "
    "container NVIDIA_DRIVER_CAPABILITIES=compute,utility; with conda also ocl-icd-system)",
    "HIP": "ROCm's OpenCL (rocm-opencl-runtime)",
    "OpenCL": "the GPU's OpenCL driver",
}


class OpenCLError(Exception):
    """The driver refused, or failed; pyopencl's words."""


class OpenCLMemoryError(OpenCLError):
    """What was asked for does not fit into the device's memory; less of it may."""


class NoDeviceError(Exception):
    """Why there is no OpenCL device, and what mends it."""


class OpenCLDevice:
    """A device with its queue and the kernels built for it; for one thread at a time.

    What is asked for is done in that order; only :meth:`download` and :meth:`wait` wait for it.

    Parameters
    ----------
    device : pyopencl.Device
        With double precision.
    source : str
        Kernels in OpenCL C.

    Raises
    ------
    OpenCLError
        The driver gives no context, does not build the kernels, or, in any method, fails.
    OpenCLMemoryError
        In any method: it has no memory left, or a buffer is too large for it.
    """

    def __init__(self, device: cl.Device, source: str) -> None:
        import pyopencl as cl  # noqa: PLC0415 - an extra, and slow to load

        self._cl = cl
        self.name = device.name.strip()
        with self._telling(), warnings.catch_warnings():
            # what the driver's compiler says of a program that it builds
            warnings.simplefilter("ignore")
            self._context = cl.Context([device])
            self._queue = cl.CommandQueue(self._context)
            self._program = cl.Program(self._context, source).build(["-cl-std=CL1.2"])
        self._kernels: dict[str, cl.Kernel] = {}
        self._written: list[cl.Event] = []

    def upload(self, values: np.ndarray) -> cl.Buffer:
        """Copy an array into a new buffer.

        Parameters
        ----------
        values : ndarray
            Of any shape and type; laid out row by row.
        """
        flags = self._cl.mem_flags.READ_WRITE | self._cl.mem_flags.COPY_HOST_PTR
        # no buffer may be empty
        whole = np.ascontiguousarray(values) if values.size else np.zeros(4)
        with self._telling():
            return self._cl.Buffer(self._context, flags, hostbuf=whole)

    def empty(self, count: int) -> cl.Buffer:
        """Make a buffer for so many doubles, of no particular content."""
        with self._telling():
            return self._cl.Buffer(self._context, self._cl.mem_flags.READ_WRITE, 8 * max(count, 1))

    def unknown(self, count: int) -> cl.Buffer:
        """Make a buffer for so many doubles, all NaN: what a kernel that does nothing leaves."""
        return self.upload(np.full(max(count, 1), np.nan))

    def write(self, buffer: cl.Buffer, values: np.ndarray) -> None:
        """Ask for an array of doubles to be copied into a buffer.

        Parameters
        ----------
        buffer : pyopencl.Buffer
        values : ndarray
            Must stay as it is until the next download.
        """
        whole = np.ascontiguousarray(values, dtype=np.float64)
        with self._telling():
            copied = self._cl.enqueue_copy(self._queue, buffer, whole, is_blocking=False)
        # letting go of it would wait for the copy
        self._written.append(copied)

    def download(self, buffer: cl.Buffer, into: np.ndarray) -> np.ndarray:
        """Wait for all that was asked for, and copy doubles out of a buffer.

        Parameters
        ----------
        buffer : pyopencl.Buffer
        into : ndarray of float64
            Filled, and returned; its elements one after the other.

        Raises
        ------
        ValueError
            It is of another type or layout.
        """
        if into.dtype != np.float64 or not into.flags.c_contiguous:
            raise ValueError(
                f"doubles cannot be copied into {into.dtype} of strides {into.strides}"
            )
        try:
            with self._telling():
                self._cl.enqueue_copy(self._queue, into, buffer, is_blocking=True)
        finally:
            self._written.clear()
        return into

    def run(self, kernel: str, count: int, *arguments: Any) -> None:
        """Ask for a kernel to be run over so many work items.

        Parameters
        ----------
        kernel : str
            Its name in the source.
        count : int
            Work items; filled up to whole work groups, so that the kernel is to return where
            ``get_global_id(0)`` is beyond them.
        *arguments
            Buffers, and NumPy scalars of the kernel's types; the first call tells them.
        """
        size = -(-count // GROUP) * GROUP
        with self._telling():
            if kernel not in self._kernels:
                found = self._cl.Kernel(self._program, kernel)
                # known once and for all, as finding out takes longer than the call
                found.set_scalar_arg_dtypes([getattr(each, "dtype", None) for each in arguments])
                self._kernels[kernel] = found
            self._kernels[kernel](self._queue, (size,), (GROUP,), *arguments)

    def wait(self) -> None:
        """Wait for all that was asked for."""
        with self._telling():
            self._queue.finish()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except self._cl.Error as error:
            # pyopencl's own complaints are words, without a code
            coded = bool(error.args) and not isinstance(error.args[0], str)
            kind = OpenCLMemoryError if coded and error.code in _NO_MEMORY else OpenCLError
            raise kind(str(error).strip()) from error


def open_device(platform: PlatformChoice, source: str) -> OpenCLDevice:
    """Open the device of a platform's choice for kernels in double precision.

    Parameters
    ----------
    platform : PlatformChoice
        Of OpenMM, one of ``GPU_PLATFORMS``. For OpenCL its device is taken; for CUDA and HIP the
        GPU of that vendor which bears the device's name, or else has its place among the vendor's.
    source : str
        Kernels in OpenCL C.

    Raises
    ------
    NoDeviceError
        There is none that can be used.
    """
    try:
        import pyopencl as cl  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise NoDeviceError(
            f"pyopencl cannot be loaded ({error}): pip install 'screenmm[gpu]'"
        ) from None
    try:
        device = _device_of(platform, cl.get_platforms())
    except cl.Error as error:
        raise NoDeviceError(f"OpenCL shows no device ({error}): {_remedy(platform)}") from None
    if device is None:
        raise NoDeviceError(f"OpenCL does not show it: {_remedy(platform)}")
    if "cl_khr_fp64" not in device.extensions:
        raise NoDeviceError(f"{device.name.strip()} has no double precision (fp64) in OpenCL")
    try:
        return OpenCLDevice(device, source)
    except OpenCLError as error:
        log.debug("%s", error)
        said = str(error).partition("\n")[0]
        raise NoDeviceError(f"its OpenCL driver fails ({said}): update the driver") from None


def _remedy(platform: PlatformChoice) -> str:
    return f"install {_DRIVERS[platform.name]}"


def _device_of(platform: PlatformChoice, shown: Sequence[cl.Platform]) -> cl.Device | None:
    """What OpenCL shows of a platform's device, if anything."""
    index = int(platform.properties.get("DeviceIndex", "0").partition(",")[0])
    if platform.name == "OpenCL":
        devices = _devices(_same_platform(platform, shown))
        return devices[index] if index < len(devices) else None
    gpus = [gpu for each in shown for gpu in _devices(each) if _is_gpu_of(gpu, platform.name)]
    names = [each.name for each in list_devices(platform.name)]
    if index < len(names):
        # of GPUs of one name, that of the same place among them
        alike = [gpu for gpu in gpus if names[index] in _names(gpu)]
        rank = names[:index].count(names[index])
        if rank < len(alike):
            return alike[rank]
    # without a name, by its place, where both count the same GPUs
    return gpus[index] if index < len(gpus) == len(names) else None


def _same_platform(platform: PlatformChoice, shown: Sequence[cl.Platform]) -> cl.Platform | None:
    """The OpenCL platform that OpenMM means: it counts them all, by a loader of its own."""
    asked = platform.properties.get("OpenCLPlatformIndex", "0")
    vendors = [
        each.vendor
        for each in list_devices("OpenCL")
        if each.properties.get("OpenCLPlatformIndex") == asked
    ]
    by_index = shown[int(asked) : int(asked) + 1]
    by_name = [each for each in shown if each.name in vendors]
    both = [each for each in by_index if each in by_name]
    return next(iter(both or by_name or by_index), None)


def _devices(platform: cl.Platform | None) -> list[cl.Device]:
    """All devices of a platform, as OpenMM counts them; none where its driver fails."""
    import pyopencl as cl  # noqa: PLC0415 - an extra, and slow to load

    if platform is None:
        return []
    try:
        return list(platform.get_devices())
    except cl.Error as error:
        log.debug("OpenCL platform %s does not list its devices: %s", platform.name, error)
        return []


def _is_gpu_of(device: cl.Device, name: str) -> bool:
    vendor = device.vendor.lower()
    return bool(device.type & _GPU) and any(each in vendor for each in _VENDORS[name])


def _names(gpu: cl.Device) -> set[str]:
    """What a GPU is called: AMD's have a name of their chip, and one of their board."""
    import pyopencl as cl  # noqa: PLC0415 - an extra, and slow to load

    found = {gpu.name.strip()}
    try:
        found.add(gpu.board_name_amd.strip())
    except (AttributeError, cl.Error):  # other drivers do not know the question
        log.debug("%s has no name of its board", gpu.name)
    return found
