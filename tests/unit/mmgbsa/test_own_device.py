"""What is done by our own kernels, and what the host does where they, or their memory, fail."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.devices.opencl import OpenCLError, OpenCLMemoryError
from screenmm.devices.platforms import PlatformChoice
from screenmm.mmgbsa import own_device
from screenmm.mmgbsa.own_device import HOST, computed, computed_of_all, device_of, use

SCRIPT = Path(__file__).with_name("small_device_run.py")
PLATFORM = PlatformChoice("CUDA")


class Device:
    """Doubles what fits; says that resources lack for the rest, or fails."""

    name = "a card"

    def __init__(self, room: float) -> None:
        self.room, self.asked, self.crashed = room, [], False

    def upload(self, values: np.ndarray) -> np.ndarray:
        if self.crashed:
            raise OpenCLMemoryError("clCreateBuffer failed: OUT_OF_RESOURCES")
        return values

    def download(self, buffer: np.ndarray, into: np.ndarray) -> np.ndarray:
        into[...] = buffer
        return into

    def doubled(self, items: Sequence[float]) -> list[float]:
        self.asked.append(len(items))
        if "crash" in items:
            self.crashed = True
        if "fail" in items:
            raise OpenCLError("clFinish failed: INVALID_COMMAND_QUEUE")
        if self.crashed or sum(items) > self.room:
            raise OpenCLMemoryError("clEnqueueNDRangeKernel failed: OUT_OF_RESOURCES")
        return [2 * each for each in items]


def doubled(items: Sequence[float], device: Device) -> list[tuple[float, str]]:
    use(PLATFORM, device)
    return computed_of_all(
        PLATFORM,
        items,
        lambda some, device: device.doubled(some),
        lambda some: [2 * each for each in some],
    )


@pytest.fixture(autouse=True)
def nothing_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_device, "_OPENED", {})


def test_what_does_not_fit_together_is_halved(caplog) -> None:
    device = Device(room=5)
    assert doubled([2.0, 1.0, 1.0, 3.0, 2.0], device) == [
        (each, "a card") for each in (4.0, 2.0, 2.0, 6.0, 4.0)
    ]
    assert device.asked == [5, 3, 2]
    assert "over 5 complexes: going on with 3" in caplog.text
    assert device_of(PLATFORM) is device


def test_what_does_not_fit_alone_is_the_hosts_and_nothing_else(caplog) -> None:
    device = Device(room=2)
    assert doubled([1.0, 9.0, 2.0], device) == [(2.0, "a card"), (18.0, HOST), (4.0, "a card")]
    assert device_of(PLATFORM) is device
    assert "a card has too little memory for one complex" in caplog.text


def test_after_one_that_is_too_large_as_many_go_on_as_before() -> None:
    device = Device(room=8)
    assert len(doubled([1.0] * 9 + [99.0] + [1.0] * 22, device)) == 32
    assert device.asked == [32, 16, 8, 8, 4, 2, 1, 1, 8, 8, 6]


def test_where_each_fits_alone_only_nothing_larger_is_asked_again() -> None:
    device = Device(room=1)
    assert all(where == "a card" for _, where in doubled([1.0] * 6, device))
    assert device.asked == [6, 3, 2, 1, 1, 1, 1, 1, 1]


def test_nothing_of_nothing() -> None:
    assert doubled([], Device(room=2)) == []


@pytest.mark.parametrize("trouble", ["crash", "fail"])
def test_a_device_that_does_nothing_any_more_is_given_up_at_once(trouble: str, caplog) -> None:
    device = Device(room=9)
    assert doubled(["a", trouble, "b"], device)[1] == (2 * trouble, HOST)
    assert device.asked == [3]
    assert device_of(PLATFORM) is None
    assert "it failed: cl" in caplog.text
    assert doubled([1.0], Device(room=9)) == [(2.0, "a card")]


def test_too_much_together_is_told_to_who_can_ask_for_less() -> None:
    device = Device(room=2)
    use(PLATFORM, device)
    ours = lambda device: device.doubled([3.0])  # noqa: E731 - as it is called
    with pytest.raises(OpenCLMemoryError, match="OUT_OF_RESOURCES"):
        computed(PLATFORM, ours, lambda: [6.0], count=2)
    assert computed(PLATFORM, ours, lambda: [6.0]) == ([6.0], HOST)


@pytest.fixture(scope="module")
def small(opencl_environment, tyk2_model, tyk2_ligands, tmp_path_factory) -> dict:
    """Scores by a device whose buffers hold 90 kB at most: the limit is the runtime's own."""
    pytest.importorskip("pyopencl")
    folder = tmp_path_factory.mktemp("small_device")
    tyk2_model.save(folder)
    with Chem.SDWriter(str(folder / "ligands.sdf")) as writer:
        for index in (0, 1, 2, 4):
            writer.write(tyk2_ligands[index])
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=opencl_environment | {"CL_CONFIG_CPU_FORCE_MAX_MEM_ALLOC_SIZE": "90KB"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout) | {"log": done.stderr}


@pytest.mark.opencl
@pytest.mark.system
def test_a_ligand_too_large_for_a_device_is_the_hosts_alone(small: dict) -> None:
    """The inverse of a ligand of 36 atoms and more takes more than 90 kB."""
    own, large = [small["device"]], [small["device"], HOST]
    expected = [sorted(large if n > 35 else own) for n in small["atoms"]]
    assert sorted(map(len, expected)) == [1, 1, 1, 2]
    assert len(expected[-1]) == 1
    assert small["few move"]["ran on"] == expected
    assert "INVALID_BUFFER_SIZE" in small["log"]


@pytest.mark.opencl
@pytest.mark.system
def test_a_complex_too_large_for_a_device_is_minimised_by_the_host(small: dict) -> None:
    assert "CPU is out of memory for 4 complexes at once: going on with 2" in small["log"]
    for atoms, where in zip(small["atoms"], small["many move"]["ran on"], strict=True):
        assert where == ([HOST] if atoms > 35 else sorted([small["device"], HOST]))


@pytest.mark.opencl
@pytest.mark.system
@pytest.mark.parametrize("which", ["few move", "many move"])
def test_scores_are_the_hosts_whoever_computes_them(small: dict, which: str) -> None:
    sides = small[which]["kcal_mol"]
    assert len(sides["host"]) == 4
    assert sides["ours"] == pytest.approx(sides["host"], abs=0.02)
