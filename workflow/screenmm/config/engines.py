"""The docking engines that there are: every module of :mod:`screenmm.docking.engines`.

A module there is an engine. It says what it is in a constant ``FACTS`` and makes itself ready
in a function ``make``; nothing else in the package names it. Modules are loaded by name and
import their packages only in their functions, so that the config can be read where no engine
is installed.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from screenmm.core.columns import Column

PACKAGE = "screenmm.docking.engines"


@dataclass(frozen=True)
class EngineFacts:
    """What the rest of the package needs to know of an engine.

    Parameters
    ----------
    words : str
        What it is, for the config's documentation.
    keys : frozenset of str
        Keys of the config's section ``docking`` that it reads, beside ``engine`` and
        ``time_limit_s``. Others never dock anything again.
    cpu_s : float
        CPU seconds per state, as ``screenmm plan`` takes them.
    cpu_s_times : str
        Key of ``docking`` that they are multiplied by; empty: none.
    poses_from_library : bool
        Whether the library carries the poses, and nothing is searched for.
    only_places : bool
        Whether it needs ``docking.templates``, and has no pose where none of them fits.
    packages : tuple of str
        Distributions that it needs.
    get : str
        How to get them.
    scores : tuple of Column
        Scores of a pose that it gives beside those of every engine: each is a column of the
        poses, of the ranking, of the controls and of the page.
    """

    words: str
    keys: frozenset[str]
    cpu_s: float
    cpu_s_times: str = ""
    poses_from_library: bool = False
    only_places: bool = False
    packages: tuple[str, ...] = field(default=())
    get: str = ""
    scores: tuple[Column, ...] = ()


def engine_module(name: str) -> Any:
    """Module of an engine.

    Parameters
    ----------
    name : str
        One of :func:`engines`.
    """
    return importlib.import_module(f"{PACKAGE}.{name}")


@cache
def engines() -> Mapping[str, EngineFacts]:
    """Every engine's facts, by name."""
    folders = importlib.import_module(PACKAGE).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(folders))
    return {name: engine_module(name).FACTS for name in names}


def searching_engines() -> list[str]:
    """Engines that look for poses themselves."""
    return [
        name
        for name, facts in engines().items()
        if not (facts.poses_from_library or facts.only_places)
    ]
