"""The doctor, run for real: what works, what does not load, and GPUs nobody uses."""

from __future__ import annotations

import json
import os
import platform as python_platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screenmm.commands.doctor import (
    Gpu,
    as_text,
    check_platform,
    compare,
    examine,
    find_gpus,
    own_kernels,
)
from screenmm.commands.doctor import gpu_remedy as remedy
from screenmm.devices.lease import SCHEDULER_VARIABLES
from screenmm.devices.platforms import Device

FORCES = np.random.default_rng(1).normal(size=(20, 3)) * 1000


def doctor(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "screenmm.cli", "doctor", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def platforms(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in found["platforms"]}


@pytest.fixture
def plain(tmp_path: Path) -> dict[str, str]:
    """Environment without OpenCL runtimes, so that it is the same everywhere."""
    return {**os.environ, "OCL_ICD_VENDORS": str(tmp_path), "OCL_ICD_FILENAMES": ""}


def test_working_installation_passes(plain: dict[str, str]) -> None:
    if find_gpus():
        pytest.skip("this machine has a GPU")
    done = doctor(plain)
    assert done.returncode == 0, done.stdout
    assert f"  python          {python_platform.python_version()}\n" in done.stdout
    assert "  CPU        speed 10    ok   agrees with Reference: force error " in done.stdout
    assert "\nauto takes CPU {'Threads': '1', " in done.stdout
    assert done.stdout.endswith("\nNo problems found\n")
    assert "  OpenCL     installed, but finds no driver or runtime\n" in done.stdout


@pytest.mark.opencl
def test_opencl_passes(opencl_environment: dict[str, str]) -> None:
    if find_gpus():
        pytest.skip("this machine has a GPU")
    done = doctor(opencl_environment, "--json")
    assert done.returncode == 0, done.stdout
    found = json.loads(done.stdout)
    assert found["problems"] == found["gpus"] == found["platforms_without_runtime"] == []
    assert list(platforms(found)) == ["OpenCL", "CPU", "Reference"]
    assert found["auto"]["name"] == "CPU"
    for name, each in platforms(found).items():
        assert each["check"]["passed"], name
        assert each["check"]["max_relative_force_error"] < 1e-3
        assert abs(each["check"]["energy_error_kj_mol"]) < 0.1
    opencl = platforms(found)["OpenCL"]
    assert [each["kind"] for each in opencl["devices"]] == ["cpu"]
    assert opencl["own_kernels"] == {"device": opencl["devices"][0]["name"].strip(), "error": ""}
    assert platforms(found)["CPU"]["own_kernels"] is None


def test_own_kernels_without_a_device_say_what_mends_it() -> None:
    found = own_kernels("CUDA")
    assert found["device"] == ""
    assert "CUDA" in found["error"]


def test_plugin_that_does_not_load_is_a_problem(
    broken_cuda_environment: dict[str, str],
) -> None:
    done = doctor(broken_cuda_environment, "--json")
    assert done.returncode == 1
    assert "screenmm doctor: 1 problem(s) found" in done.stderr
    found = json.loads(done.stdout)
    assert list(found["plugins_not_loaded"]) == ["CUDA"]
    (problem,) = found["problems"]
    assert problem.startswith("OpenMM's CUDA plugin is installed but did not load (")
    assert "invalid ELF header" in problem
    assert "install the NVIDIA driver" in problem
    assert platforms(found)["CPU"]["check"]["passed"]


def test_platform_that_is_missing_fails_with_its_message() -> None:
    check = check_platform("Cuda")
    assert not check["passed"]
    assert "platform Cuda is not installed" in check["message"]


@pytest.mark.parametrize(
    ("energy", "factor", "passed"),
    [
        (-500.0, 1.0, True),
        (-500.04, 1.00001, True),
        (-500.1, 1.0, False),
        (-500.0, 1.01, False),
        (float("nan"), 1.0, False),
        (-500.0, float("nan"), False),
    ],
)
def test_wrong_energy_or_force_fails(energy: float, factor: float, passed: bool) -> None:
    forces = FORCES.copy()
    forces[7] *= factor
    check = compare(energy, forces, -500.0, FORCES)
    assert check["passed"] is passed
    assert ("set scoring.platform to another" in check["message"]) is not passed
    json.dumps(check, allow_nan=False)


def bus(root: Path, slot: str, vendor: str, kind: str) -> None:
    folder = root / "sys/bus/pci/devices" / slot
    folder.mkdir(parents=True)
    (folder / "vendor").write_text(f"{vendor}\n")
    (folder / "class").write_text(f"{kind}\n")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two NVIDIA and one AMD GPU on the bus, without drivers."""
    for name in SCHEDULER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    bus(tmp_path, "0000:01:00.0", "0x10de", "0x030200")
    bus(tmp_path, "0000:02:00.0", "0x10de", "0x030000")
    bus(tmp_path, "0000:02:00.1", "0x10de", "0x040300")  # its sound
    bus(tmp_path, "0000:03:00.0", "0x1002", "0x038000")
    bus(tmp_path, "0000:04:00.0", "0x1a03", "0x030000")  # a server's display
    (tmp_path / "dev").mkdir()
    return tmp_path


def nvidia_smi(root: Path, cuda: str) -> None:
    """Put a program in place that answers as NVIDIA's does."""
    tool = root / "bin/nvidia-smi"
    tool.parent.mkdir(exist_ok=True)
    tool.write_text(
        '#!/bin/sh\n[ "$1" = -L ] && echo "GPU 0: NVIDIA L4 (UUID: GPU-1)" && exit\n'
        f'echo "| NVIDIA-SMI 550.54   Driver Version: 550.54   CUDA Version: {cuda} |"\n'
    )
    tool.chmod(0o755)


def test_gpus_are_found_without_drivers(machine: Path) -> None:
    assert find_gpus(machine) == [
        Gpu("NVIDIA", "at 0000:01:00.0", False),
        Gpu("NVIDIA", "at 0000:02:00.0", False),
        Gpu("AMD", "at 0000:03:00.0", False),
    ]
    assert "install the AMD driver; in a container" in remedy(find_gpus(machine)[2], {}, machine)


def test_gpus_are_named_by_the_best_source(machine: Path) -> None:
    (machine / "dev/nvidia0").touch()
    (machine / "dev/nvidiactl").touch()
    (machine / "dev/kfd").touch()
    assert find_gpus(machine) == [
        Gpu("NVIDIA", "/dev/nvidia0", True),
        Gpu("AMD", "at 0000:03:00.0", True),
    ]
    information = machine / "proc/driver/nvidia/gpus/0000:01:00.0/information"
    information.parent.mkdir(parents=True)
    information.write_text("Model: \t\t NVIDIA L40\nIRQ:   \t\t 1\n")
    assert find_gpus(machine)[0].name == "NVIDIA L40"
    nvidia_smi(machine, "12.4")
    assert find_gpus(machine)[0].name == "NVIDIA L4"


@pytest.mark.parametrize(
    ("cuda", "text"),
    [
        (
            "12.4",
            "pip install 'screenmm[cuda12]', or from conda-forge: openmm cuda-version=12 "
            "(the driver supports CUDA 12)",
        ),
        ("13.1", "pip install 'screenmm[cuda13]'"),
        ("11.8", "the driver supports CUDA 11, but 12 is needed; update the driver"),
        ("N/A", "pip install 'screenmm[cuda12]'"),
    ],
)
def test_remedy_fits_the_nvidia_driver(machine: Path, cuda: str, text: str) -> None:
    nvidia_smi(machine, cuda)
    assert remedy(Gpu("NVIDIA", "L4", True), {}, machine).startswith(text)


def test_remedy_fits_rocm(machine: Path) -> None:
    gpu = Gpu("AMD", "MI210", True)
    assert remedy(gpu, {}, machine).startswith("install ROCm 6 or 7")
    info = machine / "opt/rocm/.info/version"
    info.parent.mkdir(parents=True)
    info.write_text("6.4.1-83\n")
    assert remedy(gpu, {}, machine) == "pip install 'screenmm[hip6]' (ROCm 6 is installed)"


def test_gpu_hidden_by_a_variable(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    hidden: dict[str, list[Device]] = {"CUDA": []}
    text = remedy(Gpu("NVIDIA", "L4", True), hidden, machine)
    assert text.startswith("CUDA_VISIBLE_DEVICES= may hide it")
    assert "pip install" in remedy(Gpu("NVIDIA", "L4", True), {}, machine)


def test_unused_gpu_is_a_problem(machine: Path) -> None:
    found = examine(machine)
    unused = [text for text in found["problems"] if "no OpenMM platform uses it" in text]
    assert [text.split(" is present")[0] for text in unused] == [
        "NVIDIA GPU at 0000:01:00.0",
        "NVIDIA GPU at 0000:02:00.0",
        "AMD GPU at 0000:03:00.0",
    ]
    assert "Problems\n  NVIDIA GPU at 0000:01:00.0 is present" in as_text(found)
