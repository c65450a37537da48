"""``report.html``: one self-contained page that works offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from screenmm.config.settings import Settings
from screenmm.core.formats import duration, energy, grouped, number
from screenmm.figures.canvas import Plot
from screenmm.files.whole import write_text
from screenmm.metrics.model import Metrics
from screenmm.report.depict import HEIGHT, WIDTH
from screenmm.report.section import Context, Results, context_of, section_folders, sections
from screenmm.report.vendor import ASSETS, libraries

TEMPLATES = Path(__file__).parent / "templates"

SCRIPTS_BEFORE, SCRIPTS_AFTER = ("pack", "dom", "theme"), ("main",)
"""The page's own scripts, before and after those of its sections."""


def scripts(names: Sequence[str]) -> list[str]:
    """Scripts of a page with these sections, in the order in which they build on one another."""
    of_sections = [script for name in names for script in sections()[name].scripts]
    # two sections may build on the same one
    return list(dict.fromkeys([*SCRIPTS_BEFORE, *of_sections, *SCRIPTS_AFTER]))


@cache
def _asset(name: str) -> Markup:
    """Text of a file of the page's own; it ends no element that it stands in."""
    text = (ASSETS / name).read_text(encoding="utf-8")
    if "</script" in text or "</style" in text:
        raise ValueError(f"{name} would end its own element")
    return Markup(text)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader([TEMPLATES, *section_folders()]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, duration=duration, energy=energy, grouped=grouped)
    environment.globals.update(asset=_asset, structure={"width": WIDTH, "height": HEIGHT})
    return environment


def _data(contexts: Mapping[str, Context]) -> dict[str, Markup]:
    """What all sections' scripts unpack in the browser."""
    data: dict[str, Markup] = {}
    for name, context in contexts.items():
        # a library that two sections draw with is one
        twice = {name for name, text in context.data.items() if data.get(name, text) != text}
        if twice:
            raise ValueError(
                f"section {name} of the page brings data of names that another section took: "
                f"{', '.join(sorted(twice))}"
            )
        data |= context.data
    return data


def render_report(
    con: duckdb.DuckDBPyConnection,
    metrics: Metrics,
    settings: Settings,
    date: str | None = None,
    results: Path | None = None,
    plots: Sequence[Plot] = (),
) -> str:
    """Render the page: every section that has something to show of the run.

    Parameters
    ----------
    con, metrics, settings, results, plots
        See :class:`screenmm.report.section.Results`; ``results`` is its folder.
    date : str, optional
        Date to show; left out by default, so that the same run gives the same bytes.

    Returns
    -------
    str
        HTML without any outside resource; all text that users supply is escaped or packed.
    """
    shown = Results(con, metrics, settings, results, plots)
    found = {name: context_of(name, shown) for name in sections()}
    contexts = {name: context for name, context in found.items() if context is not None}
    table_library, _ = libraries()
    brought = dict.fromkeys(each for own in contexts.values() for each in own.brings)
    carried = [table_library, *brought]
    environment = _environment()
    html = {
        name: Markup(
            environment.get_template(f"{name}.html.j2").render(context.variables, libraries=carried)
        )
        for name, context in contexts.items()
    }
    return environment.get_template("report.html.j2").render(
        name=settings.name,
        version=metrics.versions["screenmm"],
        date=date,
        titles={name: sections()[name].title for name in html if sections()[name].title},
        in_main=[text for name, text in html.items() if sections()[name].in_main],
        behind=[text for name, text in html.items() if not sections()[name].in_main],
        data=_data(contexts),
        table_library=Markup(table_library.text),
        scripts=scripts(list(html)),
    )


def write_report(
    con: duckdb.DuckDBPyConnection,
    metrics: Metrics,
    settings: Settings,
    path: Path,
    date: str | None = None,
    results: Path | None = None,
    plots: Sequence[Plot] = (),
) -> None:
    """Write ``report.html``; see :func:`render_report`."""
    write_text(path, render_report(con, metrics, settings, date, results, plots))
