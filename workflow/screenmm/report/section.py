"""The sections of the page: every module of :mod:`screenmm.report.sections`.

A module there is a section. It says what it is in a constant ``SECTION`` and what it shows of a
run in a function ``context``; its template, ``NAME.html.j2``, lies beside it. Nothing else in the
package names it. A template whose name goes on with an underscore, ``NAME_PART.html.j2``, is a
part that the section's own template includes.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from markupsafe import Markup

from screenmm.config.settings import Settings
from screenmm.figures.canvas import Plot
from screenmm.metrics.model import Metrics
from screenmm.report.vendor import Library

PACKAGE = "screenmm.report.sections"


@dataclass(frozen=True, kw_only=True)
class Section:
    """What the page needs to know of a section.

    Attributes
    ----------
    title : str
        Its entry in the navigation, which leads to the element whose ``id`` is the module's
        name; empty: none.
    place : int
        Sections stand in ascending order of it.
    in_main : bool
        Whether it stands in the main part of the page; a dialog stands behind it.
    scripts : tuple of str
        Files of ``report/assets`` without ``.js``, in the order in which they build on one
        another.
    """

    title: str
    place: int
    in_main: bool = True
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Results:
    """What a page is made of.

    Attributes
    ----------
    con : duckdb.DuckDBPyConnection
        With the tables of ``screen.duckdb``.
    metrics : Metrics
        Of the run.
    settings : Settings
        The run's settings.
    folder : Path or None
        The results folder, with ``hits.sdf`` and ``complexes``; without it the page has no 3D
        structures.
    plots : sequence of Plot
        Figures to show.
    """

    con: duckdb.DuckDBPyConnection
    metrics: Metrics
    settings: Settings
    folder: Path | None = None
    plots: Sequence[Plot] = ()

    @property
    def receptors(self) -> list[str]:
        """Receptors, in config order."""
        return list(self.metrics.counts.by_receptor)


@dataclass(frozen=True, kw_only=True)
class Context:
    """What a section shows of a run; its template has each field by its name.

    Attributes
    ----------
    data : mapping of str to Markup
        What its scripts unpack in the browser, by name; see :mod:`screenmm.report.pack`.
    brings : tuple of Library
        Software of others among the data, whose licences the page then carries.
    """

    data: Mapping[str, Markup] = field(default_factory=dict)
    brings: tuple[Library, ...] = ()

    @property
    def variables(self) -> dict[str, Any]:
        """Variables of the template."""
        return {each.name: getattr(self, each.name) for each in fields(self)}


def section_module(name: str) -> Any:
    """Module of a section.

    Parameters
    ----------
    name : str
        One of :func:`sections`.
    """
    return importlib.import_module(f"{PACKAGE}.{name}")


def section_folders() -> list[str]:
    """Folders with the sections' modules and templates."""
    return list(importlib.import_module(PACKAGE).__path__)


@cache
def sections() -> Mapping[str, Section]:
    """Every section by name, in the order of the page."""
    names = [module.name for module in pkgutil.iter_modules(section_folders())]
    found: dict[str, Section] = {name: section_module(name).SECTION for name in names}
    return dict(sorted(found.items(), key=lambda each: (each[1].place, each[0])))


def context_of(name: str, results: Results) -> Context | None:
    """Context of a section; None where it has nothing to show of this run.

    Parameters
    ----------
    name : str
        One of :func:`sections`.
    results : Results
    """
    found: Context | None = section_module(name).context(results)
    return found
