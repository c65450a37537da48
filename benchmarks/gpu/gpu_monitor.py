"""How busy a GPU is, its memory, power and energy, by NVIDIA's management library."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SAMPLE_S = 0.05


@dataclass
class Load:
    """What a GPU did while it was watched; None: unknown.

    Parameters
    ----------
    seconds : float
    joules : float or None
        By the board's own counter.
    """

    seconds: float = 0.0
    joules: float | None = None
    _busy: list[float] = field(default_factory=list)
    _memory: list[float] = field(default_factory=list)

    @property
    def columns(self) -> dict[str, Any]:
        """As columns of a table; empty where unknown."""
        if not self._busy:
            return {}
        found: dict[str, Any] = {
            "gpu_busy_percent": sum(self._busy) / len(self._busy),
            "gpu_memory_mb": max(self._memory),
        }
        if self.joules is not None and self.seconds:
            found["watts"] = self.joules / self.seconds
        return found


class Gpu:
    """The first GPU of this machine, or none."""

    def __init__(self) -> None:
        self.why_not = ""
        try:
            import pynvml  # noqa: PLC0415  (travels with the kit)

            pynvml.nvmlInit()
            self._nvml, self._device = pynvml, pynvml.nvmlDeviceGetHandleByIndex(0)
        except Exception as error:  # of a library that may be absent, as its driver may
            self._nvml, self.why_not = None, f"{type(error).__name__}: {error}"

    @contextmanager
    def watched(self) -> Iterator[Load]:
        """Watch the GPU for as long as the block lasts."""
        load, over = Load(), threading.Event()
        if self._nvml is None:
            began = time.monotonic()
            yield load
            load.seconds = time.monotonic() - began
            return
        watcher = threading.Thread(target=self._watch, args=(load, over), daemon=True)
        watcher.start()
        before, began = self.joules(), time.monotonic()
        try:
            yield load
        finally:
            load.seconds = time.monotonic() - began
            over.set()
            watcher.join()
            after = self.joules()
            if before is not None and after is not None:
                load.joules = after - before

    def joules(self) -> float | None:
        """Energy that the board has used since its driver was loaded; None: not counted."""
        try:
            return self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._device) / 1000
        except Exception:  # not every board counts
            return None

    def _watch(self, load: Load, over: threading.Event) -> None:
        while not over.is_set():
            load._busy.append(self._nvml.nvmlDeviceGetUtilizationRates(self._device).gpu)
            load._memory.append(self._nvml.nvmlDeviceGetMemoryInfo(self._device).used / 1e6)
            over.wait(SAMPLE_S)
