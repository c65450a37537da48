"""Which of a workstation's GPUs a job computes on: a lease by file lock.

Each device has one lock file per slot. A stage holds the lock of its slot as long as it
runs, and its worker processes compute on the stage's device. The kernel frees a lock when
its process ends, however it ends. Under a scheduler there is nothing to lease.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from screenmm.core.errors import PlatformError
from screenmm.devices.platforms import PlatformChoice, choose_platform, list_devices
from screenmm.execution.usage import device_held

log = logging.getLogger(__name__)

SCHEDULER_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "ROCR_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "GPU_DEVICE_ORDINAL",
    "SLURM_STEP_GPUS",
    "SLURM_JOB_GPUS",
)
POLL_S = 0.5
REPORT_S = 60.0

_open_locks: set[int] = set()


def _close_in_child() -> None:
    """Let go of the locks in a forked child: only the stage itself may keep them."""
    for handle in _open_locks:
        os.close(handle)
    _open_locks.clear()


os.register_at_fork(after_in_child=_close_in_child)


def given_by_scheduler() -> str | None:
    """What a scheduler (or the user) set to give this job its devices, as ``NAME=value``."""
    for name in SCHEDULER_VARIABLES:
        if name in os.environ:
            return f"{name}={os.environ[name]}"
    return None


def lease_folder() -> Path:
    """Folder of the lock files: per host and per user.

    It lies among the temporary files, not in ``XDG_RUNTIME_DIR``: that one is deleted at
    logout, with jobs still running, and cron jobs have none.

    Raises
    ------
    PlatformError
        The folder belongs to somebody else.
    """
    folder = Path(tempfile.gettempdir()) / f"screenmm-{os.getuid()}" / "devices"
    for each in (folder.parent, folder):
        with suppress(FileExistsError):
            each.mkdir(mode=0o700)
        found = each.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
            raise PlatformError(
                f"{each} must be a folder of user {os.getuid()} to hold the device leases; "
                "delete it, or set TMPDIR to a folder of your own on this host"
            )
    return folder


@contextmanager
def lease_device(
    devices: Sequence[int],
    slots_per_device: int = 1,
    platform: str = "gpu",
    folder: Path | None = None,
) -> Iterator[int]:
    """Hold one of several devices until the block ends; wait while all are taken.

    The device with the fewest slots taken is leased, among equals the first in
    ``devices``. Under a scheduler the device it gave is kept, which is the first.

    Parameters
    ----------
    devices : sequence of int
        Places in ``list_devices(platform)``, in order of preference.
    slots_per_device : int
        Jobs that may share a device.
    platform : str
        What the devices are of: part of the lock files' names.
    folder : Path, optional
        Where the lock files are; ``lease_folder()`` by default.

    Yields
    ------
    int
        The leased one of ``devices``.

    Raises
    ------
    PlatformError
        There is no device, or no slot, to lease.
    """
    if not devices or slots_per_device < 1:
        raise PlatformError(
            f"{len(devices)} devices with {slots_per_device} slots each: nothing to lease; "
            "needs at least one of both, or platform CPU"
        )
    given = given_by_scheduler()
    if given is not None:
        log.info("no lease: %s gives this job its device", given)
        yield devices[0]
        return
    slots = _Slots(folder or lease_folder(), platform, devices, slots_per_device)
    device, handle = slots.wait()
    log.info("leased %s device %d", platform, device)
    try:
        yield device
    finally:
        _close(handle)


@contextmanager
def lease_platform(
    name: str = "auto", precision: str = "mixed", slots_per_device: int = 1
) -> Iterator[PlatformChoice]:
    """Choose a platform and, where it has GPUs, hold one of them until the block ends.

    Parameters
    ----------
    name, precision : str
        As for ``choose_platform``.
    slots_per_device : int
        Jobs that may share a device.

    Yields
    ------
    PlatformChoice
        With the leased device among its properties.
    """
    choice = choose_platform(name, precision)
    gpus = {each.index: each for each in list_devices(choice.name) if each.kind == "gpu"}
    if not gpus:
        yield choice
        return
    with (
        lease_device(list(gpus), slots_per_device, choice.name) as index,
        device_held(choice.name, gpus[index].name),
    ):
        yield choice.on(gpus[index])


class _Slots:
    """Lock files of the devices' slots.

    Parameters
    ----------
    folder : Path
    platform : str
    devices : sequence of int
    per_device : int
        As for ``lease_device``.
    """

    def __init__(self, folder: Path, platform: str, devices: Sequence[int], per_device: int):
        self.platform = platform
        self.gate = folder / "gate.lock"
        self.files = {
            device: [folder / f"{platform}-{device}-{slot}.lock" for slot in range(per_device)]
            for device in devices
        }

    def wait(self) -> tuple[int, int]:
        """Take a slot, waiting for one if need be; returns the device and the open lock."""
        start = time.monotonic()
        report_at = start
        while True:
            taken = self._take()
            if taken is not None:
                return taken
            if time.monotonic() >= report_at:
                waited = time.monotonic() - start
                log.info(
                    "waiting for a %s device, %.0f s so far: %s",
                    self.platform,
                    waited,
                    self._held(),
                )
                report_at += REPORT_S
            time.sleep(POLL_S)

    def _take(self) -> tuple[int, int] | None:
        """Take a slot of the least loaded device; None when all are taken."""
        gate = _open(self.gate)
        try:
            # one process at a time probes, so that a probe is never taken for a holder
            fcntl.flock(gate, fcntl.LOCK_EX)
            free = {device: _lock_free(files) for device, files in self.files.items()}
            device = max(free, key=lambda each: len(free[each]))
            mine = free[device].pop(0) if free[device] else None
            for handle in (handle for handles in free.values() for handle in handles):
                _close(handle)
        finally:
            _close(gate)
        if mine is None:
            return None
        os.ftruncate(mine, 0)
        os.write(mine, json.dumps({"pid": os.getpid(), "since": _now()}).encode())
        return device, mine

    def _held(self) -> str:
        """Tell who holds which device since when."""
        parts = []
        for device, files in self.files.items():
            for path in files:
                holder: Mapping[str, object] = {}
                with suppress(OSError, json.JSONDecodeError):
                    holder = json.loads(path.read_text())
                pid, since = holder.get("pid", "?"), holder.get("since", "?")
                parts.append(f"device {device} is held by process {pid} since {since}")
        return ", ".join(parts)


def _lock_free(files: Sequence[Path]) -> list[int]:
    """Lock each file that nobody holds; returns their open handles."""
    handles = []
    for path in files:
        handle = _open(path)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _close(handle)
        else:
            handles.append(handle)
    return handles


def _open(path: Path) -> int:
    """Open a lock file; programs that this process starts do not inherit it."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    _open_locks.add(handle)
    return handle


def _close(handle: int) -> None:
    _open_locks.discard(handle)
    os.close(handle)


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S")
