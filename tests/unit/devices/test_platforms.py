"""Platforms are chosen by name, never replaced silently."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import openmm
import pytest

from screenmm.core.errors import PlatformError
from screenmm.devices.platforms import (
    Device,
    PlatformChoice,
    available_platforms,
    choose_platform,
    list_devices,
)

CHOOSE = """
import json, logging, sys
from dataclasses import asdict
from screenmm.core.errors import PlatformError
from screenmm.devices.lease import lease_platform
from screenmm.devices.platforms import choose_platform, list_devices
logging.basicConfig(format="%(message)s")
chosen = []
for asked in json.loads(sys.argv[1]):
    try:
        chosen.append(asdict(choose_platform(*asked)))
    except PlatformError as error:
        chosen.append(str(error))
with lease_platform() as leased:
    print(json.dumps([chosen, [asdict(d) for d in list_devices("OpenCL")], leased.name]))
"""


def choose(environment: dict[str, str], *asked: tuple[Any, ...]) -> tuple[list[Any], str]:
    """Choose platforms in a process with this environment; returns its answer and its log."""
    done = subprocess.run(
        [sys.executable, "-c", CHOOSE, json.dumps(asked)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


def test_auto_takes_the_cpu_where_no_gpu_is():
    if set(available_platforms()) & {"CUDA", "HIP"}:
        pytest.skip("this machine has a GPU build of OpenMM")
    choice = choose_platform("auto")
    assert choice.name == "CPU"
    assert "no usable GPU" in choice.why


def test_cpu_sums_in_one_order():
    assert choose_platform("CPU").properties == {"Threads": "1", "DeterministicForces": "true"}


def test_missing_platform_is_an_error_that_names_the_others():
    if "CUDA" in available_platforms():
        pytest.skip("CUDA is installed here")
    with pytest.raises(PlatformError, match=r"CUDA is not installed, .*; available: .*CPU"):
        choose_platform("CUDA")


def test_cpu_has_no_device_to_choose():
    assert list_devices("CPU") == list_devices("Reference") == []
    with pytest.raises(PlatformError, match="device 0 was asked for, but platform CPU shows none"):
        choose_platform("CPU", device=0)


def test_another_device_keeps_the_other_properties():
    first = PlatformChoice("CUDA", {"Precision": "mixed", "DeviceIndex": "0"}, "because")
    second = first.on(Device(1, "A100", "gpu", "", {"DeviceIndex": "1"}))
    assert second == PlatformChoice("CUDA", {"Precision": "mixed", "DeviceIndex": "1"}, "because")


@pytest.mark.opencl
def test_opencl_on_a_cpu_is_taken_when_named_never_by_auto(opencl_environment: dict[str, str]):
    asked = [("OpenCL",), ("OpenCL", "double", 0), ("auto",), ("OpenCL", "mixed", 1)]
    (answers, devices, leased), _ = choose(opencl_environment, *asked)
    named, double, auto, absent = answers
    assert [device["kind"] for device in devices] == ["cpu"]
    assert devices[0]["vendor"] == "Intel(R) OpenCL"
    assert named["name"] == "OpenCL"
    first = {"DeviceIndex": "0", "OpenCLPlatformIndex": "0"}
    assert named["properties"] == {"Precision": "mixed"} | first
    assert double["properties"] == {"Precision": "double"} | first
    assert auto["name"] == leased == "CPU"
    assert absent.startswith(
        f"device 1 was asked for, but platform OpenCL shows 0 ({devices[0]['name']})"
    )


def test_plugin_that_does_not_load_is_named(broken_cuda_environment: dict[str, str]):
    (answers, _, leased), log = choose(broken_cuda_environment, ("auto",), ("CUDA",))
    assert answers[0]["name"] == leased == "CPU"
    assert "OpenMM's CUDA plugin is installed but did not load:" in log
    assert answers[1].startswith("platform CUDA is installed but did not load (")
    assert "invalid ELF header" in answers[1]


def test_machine_without_opencl_loader_is_no_reason_to_warn(tmp_path: Path):
    plugin = Path(openmm.version.openmm_library_path) / "plugins/libOpenMMOpenCL.so"
    # the real plugin, made to need a loader that is not there
    (tmp_path / plugin.name).write_bytes(
        plugin.read_bytes().replace(b"libOpenCL.so.1", b"libOpenCL.so.9")
    )
    environment = {**os.environ, "OPENMM_PLUGIN_DIR": str(tmp_path)}
    (answers, _, _), log = choose(environment, ("OpenCL",))
    assert "platform OpenCL is installed but did not load (libOpenCL.so.9:" in answers[0]
    assert "did not load" not in log
