"""Where the time of scoring goes: a stopwatch around functions that are found by name.

A function that scoring no longer has is told, and its time falls to what is left over.
"""

from __future__ import annotations

import importlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

TIMED = (
    ("model", "screenmm.mmgbsa.score", "model_of"),
    ("build", "screenmm.mmgbsa.minimise", "Pack"),
    ("Context", "screenmm.devices.platforms", "PlatformChoice.context"),
    ("upload", "openmm", "Context.setPositions"),
    ("forces and download", "openmm", "Context.getState"),
    ("download to NumPy", "openmm", "State._getVectorAsNumpy"),
    ("minimiser arithmetic", "screenmm.mmgbsa.minimise", "minimise_members"),
    ("minimiser arithmetic", "screenmm.mmgbsa.minimise", "minimise_members_on_device"),
    ("final energies", "screenmm.mmgbsa.score", "binding_terms"),
    ("strain", "screenmm.mmgbsa.score", "ligand_strains"),
    ("our own kernels", "screenmm.devices.opencl", "OpenCLDevice.run"),
    ("exchange with our own kernels", "screenmm.devices.opencl", "OpenCLDevice.write"),
    ("exchange with our own kernels", "screenmm.devices.opencl", "OpenCLDevice.download"),
)
"""Stage, module and function; what a stage calls of another is not its own."""


ASKED = "OpenCLDevice.run"
"""Only asks for something: the stopwatch waits for its end, which else a download would."""


def waiting(run: Callable[..., None]) -> Callable[..., None]:
    """Wait for the end of the kernel that is run."""

    def waited(device: Any, *args: Any) -> None:
        run(device, *args)
        device.wait()

    return waited


class Stopwatch:
    """Wall seconds by stage."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.missing: list[str] = []
        self.stage = ""

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Wrap a function so that its time is a stage's."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            outer = self.stage
            self.stage, start = stage, time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - start
                self.spent[stage] += took
                self.spent[outer] -= took
                self.stage = outer

        return timed

    @contextmanager
    def running(self) -> Iterator[None]:
        """Time what :data:`TIMED` names while the block lasts; the rest is ``other``."""
        with ExitStack() as patches:
            for stage, module, path in TIMED:
                owner: Any = importlib.import_module(module)
                *way, name = path.split(".")
                for each in way:
                    owner = getattr(owner, each, None)
                function = getattr(owner, name, None)
                if function is None:
                    self.missing.append(f"{module}.{path}")
                    continue
                timed = self.around(stage, waiting(function) if path == ASKED else function)
                patches.enter_context(mock.patch.object(owner, name, timed))
            start = time.perf_counter()
            yield
            self.spent["other"] = self.spent.pop("", 0.0) + time.perf_counter() - start
