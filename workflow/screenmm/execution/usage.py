"""What each job used: time, CPU, memory, GPU, energy, and on what it ran.

A job appends a line to its own file when it ends, also when it fails or is told to stop:
the last line that says ``done`` made the outputs that are there, the lines before it are
what earlier attempts cost. A job that was killed outright leaves no line.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import resource
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from screenmm.core.errors import Interrupted, ScreenMMError
from screenmm.core.versions import installed_versions
from screenmm.execution.energy import EnergyMeter, busy_cpu_s
from screenmm.files.locks import try_lock

log = logging.getLogger(__name__)

Usage = dict[str, Any]

SCHEDULERS = ("SLURM_JOB_ID", "LSB_JOBID", "JOB_ID", "PBS_JOBID", "AWS_BATCH_JOB_ID")
"""Variables in which schedulers tell a job its number."""

RAPL = "RAPL counters of the host, by share of CPU time"

_held: list[dict[str, Any]] = []
"""Devices that this process held, and for how long."""


@contextmanager
def device_held(kind: str, name: str) -> Iterator[None]:
    """Note that this job holds a device for as long as the block lasts.

    Parameters
    ----------
    kind : str
        OpenMM platform, or Vulkan.
    name : str
        The device's name.
    """
    began = time.monotonic()
    try:
        yield
    finally:
        held_s = round(time.monotonic() - began, 3)
        _held.append({"platform": kind, "name": name, "held_s": held_s})


@contextmanager
def metered(stage: str, path: Path, command: Sequence[str], workers: int = 1) -> Iterator[None]:
    """Append what the block used to a file, however the block ends; one process at a time.

    Parameters
    ----------
    stage : str
        Name of the command.
    path : Path
        File to append to (.jsonl).
    command : sequence of str
        The command line.
    workers : int
        Cores that the job holds.

    Raises
    ------
    ScreenMMError
        Another process works on the same job: one that a killed run left behind.
    """
    handle = try_lock(path)
    if handle is None:
        raise ScreenMMError(
            f"another process is at work on this job, it holds {path}: wait until it has "
            "ended, or end it, then run again"
        )
    _held.clear()
    started, began, cpu_s = datetime.now(UTC), time.monotonic(), _cpu_s()
    busy_s, meter = busy_cpu_s(), EnergyMeter()
    status, error = "done", ""
    try:
        yield
    except (Interrupted, KeyboardInterrupt):
        status = "interrupted"
        raise
    except BaseException as caught:
        status, error = "failed", f"{type(caught).__name__}: {caught}"
        raise
    finally:
        wall_s, used_s, joules = time.monotonic() - began, _cpu_s() - cpu_s, meter.stop()
        energy_j = _share(joules, used_s, busy_s)
        usage = {
            "stage": stage,
            "status": status,
            "error": error[:500],
            "started": started.isoformat(timespec="milliseconds"),
            "ended": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "wall_s": round(wall_s, 3),
            "cpu_s": round(used_s, 3),
            "core_s": round(wall_s * workers, 3),
            "max_rss_mb": round(_max_rss_mb(), 1),
            "gpu_s": round(sum(each["held_s"] for each in _held), 3),
            "devices": list(_held),
            "energy_j": energy_j,
            "energy_source": "" if energy_j is None else RAPL,
            "host": host(),
            "scheduler": _scheduler(),
            "python": platform.python_version(),
            "versions": installed_versions(),
            "command": list(command),
        }
        try:
            os.write(handle, (json.dumps(usage) + "\n").encode())
        except OSError as problem:
            # a full disk: the job's own error tells it
            log.warning("usage is not recorded in %s: %s", path, problem)
        os.close(handle)


def host() -> dict[str, Any]:
    """Name, processor, number of cores and operating system of this machine."""
    return {
        "name": socket.gethostname(),
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "os": platform.platform(),
    }


def read_usage(folder: Path) -> dict[str, dict[str, list[Usage]]]:
    """Read the usage files of a run.

    Parameters
    ----------
    folder : Path
        ``{rule}.jsonl`` and ``{rule}/**/*.jsonl`` below it.

    Returns
    -------
    dict
        Rule to target (``receptor/shard``, ``shard``, ``receptor``, or empty) to attempts,
        the first one first. A torn line, of a machine that went down, is left out.
    """
    found: dict[str, dict[str, list[Usage]]] = {}
    for path in sorted(folder.rglob("*.jsonl")):
        rule, *rest = path.relative_to(folder).with_suffix("").parts
        found.setdefault(rule, {})["/".join(rest)] = list(_lines(path))
    return found


def _lines(path: Path) -> Iterator[Usage]:
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            continue


def _cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in spent)


def _max_rss_mb() -> float:
    """Give the memory of the largest of this job's processes at its peak."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    peak = max(resource.getrusage(kind).ru_maxrss for kind in kinds)
    return peak / 2**20 if sys.platform == "darwin" else peak / 1024


def _share(joules: float | None, used_s: float, busy_before_s: float | None) -> float | None:
    """Joules of a job: its share of the machine's."""
    busy_after_s = busy_cpu_s()
    if joules is None or busy_before_s is None or busy_after_s is None:
        return None
    busy_s = max(busy_after_s - busy_before_s, used_s)
    return round(joules * used_s / busy_s, 3) if busy_s > 0 else 0.0


def _scheduler() -> str:
    for name in SCHEDULERS:
        if name in os.environ:
            return f"{name}={os.environ[name]}"
    return ""


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
