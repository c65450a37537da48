"""The docking engines that there are: every module of :mod:`screenmm.docking.engines`.

A module there is an engine. It says what it is in a constant ``FACTS`` and makes itself ready
in a function ``make``; nothing else in the package names it. Modules are loaded by name and
import their packages only in their functions, so that the config can be read where no engine
is installed.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from screenmm.core.columns import Column
from screenmm.core.errors import ConfigError

PACKAGE = "screenmm.docking.engines"

CNN_PACKAGE = "rustina"
"""Evaluates GNINA's CNN on poses of any engine."""


@dataclass(frozen=True)
class Effort:
    """What an engine makes of an effort.

    Parameters
    ----------
    words : str
        Its own parameters, for the config's documentation.
    cpu_s : float
        CPU seconds per state, as ``screenmm plan`` takes them.
    keys : mapping of str to int
        Keys of the config's section ``docking`` that it sets where the config gives none.
    """

    words: str
    cpu_s: float
    keys: Mapping[str, int] = field(default_factory=dict)


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
        CPU seconds per state, as ``screenmm plan`` takes them, of an engine without efforts.
    efforts : mapping of str to Effort
        What it makes of each ``docking.effort``; empty for an engine that has one way only.
        ``standard`` is among them.
    cpu_s_grows_with : str
        Key of ``docking`` that their costs are in proportion to; empty: none.
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
    cnn : bool
        Whether its own poses come with GNINA's CNN's opinion; others are asked for it.
    """

    words: str
    keys: frozenset[str]
    cpu_s: float = 0.0
    efforts: Mapping[str, Effort] = field(default_factory=dict)
    cpu_s_grows_with: str = ""
    poses_from_library: bool = False
    only_places: bool = False
    packages: tuple[str, ...] = field(default=())
    get: str = ""
    scores: tuple[Column, ...] = ()
    cnn: bool = False


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


def is_installed(distribution: str) -> bool:
    """Whether a package is installed beside this Python."""
    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True


def check_cnn() -> None:
    """Look for the package that ``docking.cnn`` needs.

    Raises
    ------
    ConfigError
        It is not installed.
    """
    if not is_installed(CNN_PACKAGE):
        raise ConfigError(
            f"docking.cnn: true needs the package {CNN_PACKAGE}, which is not installed beside "
            f"Python {sys.version_info.major}.{sys.version_info.minor} in {sys.prefix}: "
            f"pip install {CNN_PACKAGE}; or set docking.cnn to false: minimised poses, and those "
            "of engines that do not ask the CNN themselves, are then without its scores"
        )


def searching_engines() -> list[str]:
    """Engines that look for poses themselves."""
    return [
        name
        for name, facts in engines().items()
        if not (facts.poses_from_library or facts.only_places)
    ]
