"""Device leases, with real processes: waiting, sharing, and kills."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from screenmm.core.errors import PlatformError
from screenmm.devices.lease import (
    SCHEDULER_VARIABLES,
    given_by_scheduler,
    lease_device,
    lease_folder,
)

HOLD = """
import logging, sys, time
from pathlib import Path
from screenmm.devices.lease import lease_device
logging.basicConfig(level=logging.INFO, format="%(message)s")
folder, devices, slots, extra = sys.argv[1:]
with lease_device([int(d) for d in devices.split(",")], int(slots), folder=Path(folder)) as device:
    exec(extra)
    print(device, flush=True)
    time.sleep(60)
"""
"""Lease a device, print it, hold it."""

CHILDREN = {
    "program": "import subprocess; child = subprocess.Popen(['sleep', '60']).pid",
    "inheriting program": (
        "import subprocess; child = subprocess.Popen(['sleep', '60'], close_fds=False).pid"
    ),
    "spawned worker": (
        "import multiprocessing as m; p = m.get_context('spawn').Process(target=time.sleep, "
        "args=(60,)); p.start(); child = p.pid"
    ),
    "forked worker": (
        "import multiprocessing as m; p = m.get_context('fork').Process(target=time.sleep, "
        "args=(60,)); p.start(); child = p.pid"
    ),
}
TELL = "\nPath(folder, 'child').write_text(str(child))"

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Start a process that leases one of the devices."""
    for name in SCHEDULER_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    started = []

    def run(devices: str = "0,1", slots: int = 1, extra: str = "") -> subprocess.Popen[str]:
        command = [sys.executable, "-c", HOLD, str(tmp_path), devices, str(slots), extra]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def leased(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def waits_for(process: subprocess.Popen[str]) -> str:
    """Return what a process that waits says of the holders."""
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("waiting for a gpu device, 0 s so far: "), line
    return line


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("killed", [0, 1])
def test_third_process_waits_and_gets_the_device_of_the_killed(start: Start, killed: int) -> None:
    holders = [start()]
    assert leased(holders[0]) == 0
    holders.append(start())
    assert leased(holders[1]) == 1
    third = start()
    said = waits_for(third)
    for device, holder in enumerate(holders):
        assert f"device {device} is held by process {holder.pid} since 20" in said
    time.sleep(1)
    assert third.poll() is None
    kill(holders[killed])
    assert leased(third) == killed


@pytest.mark.parametrize("kind", CHILDREN)
def test_child_of_a_killed_holder_does_not_keep_the_device(
    start: Start, tmp_path: Path, kind: str
) -> None:
    holder = start("0", extra=CHILDREN[kind] + TELL)
    assert leased(holder) == 0
    second = start("0")
    waits_for(second)
    child = int((tmp_path / "child").read_text())
    try:
        kill(holder)
        assert leased(second) == 0
        state = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        assert state == "S", "the child no longer sleeps"
    finally:
        os.kill(child, signal.SIGKILL)


def test_slots_let_two_share_after_every_device_has_one(start: Start) -> None:
    assert [leased(start(slots=2)) for _ in range(4)] == [0, 1, 0, 1]
    waits_for(start(slots=2))


def test_order_of_the_devices_is_kept(start: Start) -> None:
    assert [leased(start("1,0")) for _ in range(2)] == [1, 0]


def test_device_is_free_after_the_block(tmp_path: Path, start: Start) -> None:
    for _ in range(2):
        with lease_device([4], folder=tmp_path) as device:
            assert device == 4
    with pytest.raises(KeyError), lease_device([4], folder=tmp_path):
        raise KeyError
    assert leased(start("4")) == 4


def test_platforms_do_not_wait_for_each_other(tmp_path: Path, start: Start) -> None:
    assert leased(start("0")) == 0
    with lease_device([0], platform="CUDA", folder=tmp_path) as device:
        assert device == 0


@pytest.mark.parametrize("name", SCHEDULER_VARIABLES)
def test_device_of_a_scheduler_is_kept(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    assert given_by_scheduler() is None
    monkeypatch.setenv(name, "3")
    assert given_by_scheduler() == f"{name}=3"
    # the first of what is visible, for both: no lease, no file
    assert [leased(start()) for _ in range(2)] == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_nothing_to_lease_is_an_error() -> None:
    with pytest.raises(PlatformError, match="0 devices with 1 slots each"), lease_device([]):
        pass
    with pytest.raises(PlatformError, match="2 devices with 0 slots"), lease_device([0, 1], 0):
        pass


def test_folder_is_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    folder = lease_folder()
    assert folder == lease_folder() == tmp_path / f"screenmm-{os.getuid()}/devices"
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(PlatformError, match="must be a folder of user"):
        lease_folder()
