"""The stages that there are: every module of :mod:`screenmm.stages` that declares one.

A module there is a command. The stage that it is, and the rules that run it on other files, are
its constants of type :class:`~screenmm.run.stage.Stage`; nothing else in the package names it.
Modules are loaded by name and import what computes only in their functions, so that each rule's
environment knows all stages and holds its own packages alone.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import ModuleType

from screenmm.config.settings import Settings
from screenmm.run.stage import Stage

PACKAGE = "screenmm.stages"


@cache
def stages() -> Mapping[str, Stage]:
    """Every stage by name, in the order of a run."""
    folders = importlib.import_module(PACKAGE).__path__
    modules = [
        importlib.import_module(f"{PACKAGE}.{m.name}") for m in pkgutil.iter_modules(folders)
    ]
    found = [each for m in modules for each in vars(m).values() if isinstance(each, Stage)]
    return {stage.name: stage for stage in sorted(found, key=lambda stage: stage.place)}


def stage_module(stage: Stage) -> ModuleType:
    """Module of the command that a stage's rule runs."""
    return importlib.import_module(f"{PACKAGE}.{stage.of or stage.name}")


def stage_settings(settings: Settings, stage: str, receptor: str = "") -> str:
    """Settings of a stage by its name; see :meth:`screenmm.run.stage.Stage.settings`."""
    return stages()[stage].settings(settings, receptor)


def versions() -> dict[str, int]:
    """Versions of the methods of the stages that have settings, in the order of a run."""
    return {name: each.version for name, each in stages().items() if each.version and not each.of}
