"""Where rustina searches: on the CPU, or on a GPU through Vulkan."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from dataclasses import dataclass

from screenmm.core.errors import PlatformError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SearchDevice:
    """Device of a docking search.

    Parameters
    ----------
    kind : str
        ``cpu`` or ``gpu``.
    name : str
        Adapter's name, empty for the CPU.
    why : str
        What decided, for the log.
    """

    kind: str
    name: str
    why: str


_LIST_ADAPTERS = """
import json
import wgpu
from wgpu.backends.wgpu_native.extras import set_instance_extras
set_instance_extras(backends=["Vulkan"])
found = wgpu.gpu.enumerate_adapters_sync()
print(json.dumps([[each.info["device"], each.info["adapter_type"]] for each in found]))
"""


def vulkan_adapters() -> list[tuple[str, str]]:
    """List Vulkan adapters as (name, type); the type of a software adapter is ``CPU``.

    A process of its own asks: a graphics driver that crashes must not take the stage along.
    """
    command = [sys.executable, "-c", _LIST_ADAPTERS]
    try:
        asked = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    except subprocess.SubprocessError as error:
        log.warning("Vulkan adapters cannot be listed: %s", error)
        return []
    return [(name, kind) for name, kind in json.loads(asked.stdout)]


def choose_search_device(asked: str) -> SearchDevice:
    """Choose the device of rustina's search.

    Parameters
    ----------
    asked : str
        ``auto``: a hardware GPU if there is one, else the CPU; never a software adapter.
        ``cpu``. ``gpu``: any adapter, hardware first.

    Raises
    ------
    PlatformError
        ``gpu`` was asked for and Vulkan shows no adapter.
    """
    if asked == "cpu":
        return SearchDevice("cpu", "", "named in the config")
    adapters = vulkan_adapters()
    hardware = [name for name, kind in adapters if kind != "CPU"]
    if hardware:
        return SearchDevice("gpu", hardware[0], "Vulkan shows a hardware GPU")
    if asked == "gpu":
        if not adapters:
            raise PlatformError(
                "docking.device is gpu, but Vulkan shows no adapter; install the GPU's Vulkan "
                "driver and loader (libvulkan1), pass the GPU to the container or the job "
                "(NVIDIA_DRIVER_CAPABILITIES must hold graphics), or set docking.device to auto "
                "or cpu"
            )
        log.warning(
            "docking on a software adapter (%s): slower than the CPU search", adapters[0][0]
        )
        return SearchDevice("gpu", adapters[0][0], "named in the config; a software adapter")
    return SearchDevice("cpu", "", "Vulkan shows no hardware GPU")
