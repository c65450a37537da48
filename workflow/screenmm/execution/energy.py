"""Energy of a job from the processor's own counters, where the machine lets one read them.

Linux shows Intel's and AMD's RAPL counters as files, on many machines to root alone. They
count a whole processor package: a job is given the share that its CPU time has in the time
the machine was busy.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

POWERCAP = Path("/sys/class/powercap")
STAT = Path("/proc/stat")
SAMPLE_S = 60.0
"""A counter wraps after some ten minutes at full power at the soonest."""


class EnergyMeter:
    """Joules of the processor packages since the meter was started.

    Parameters
    ----------
    powercap : Path
        Folder of the counters.
    """

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._counters = {
            zone: counter
            for zone in sorted(powercap.glob("*-rapl:[0-9]*"))
            if zone.name.count(":") == 1 and (counter := _read(zone / "energy_uj")) is not None
        }
        self._ranges = {zone: _read(zone / "max_energy_range_uj") or 0 for zone in self._counters}
        self._microjoules = 0
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        if self._counters:
            threading.Thread(target=self._watch, daemon=True).start()

    def _watch(self) -> None:
        while not self._stopped.wait(SAMPLE_S):
            self.sample()

    def sample(self) -> None:
        """Add what the counters have gained; one that wrapped has begun at zero again."""
        with self._lock:
            for zone, before in self._counters.items():
                now = _read(zone / "energy_uj")
                if now is None:
                    continue
                gained = now - before
                self._microjoules += gained if gained >= 0 else gained + self._ranges[zone]
                self._counters[zone] = now

    def stop(self) -> float | None:
        """End the measurement.

        Returns
        -------
        float or None
            Joules; None where no counter can be read.
        """
        self._stopped.set()
        if not self._counters:
            return None
        self.sample()
        return self._microjoules / 1e6


def busy_cpu_s(stat: Path = STAT) -> float | None:
    """Give the seconds that all cores together were busy since boot; None where unknown."""
    try:
        fields = stat.read_text(encoding="ascii").split("\n", 1)[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _iowait, irq, softirq = map(int, fields[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def _read(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
