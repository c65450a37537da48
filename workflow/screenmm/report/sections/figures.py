"""The figures of the run."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from screenmm.figures.canvas import Plot
from screenmm.report.section import Context, Results, Section

SECTION = Section(title="Figures", place=40)


@dataclass(frozen=True, kw_only=True)
class Figures(Context):
    """Figures.

    Attributes
    ----------
    plots : list of (Plot, Markup)
        Each with its ``svg`` element.
    several_receptors : bool
        Whether a figure has to say whose it is.
    """

    plots: list[tuple[Plot, Markup]]
    several_receptors: bool


def context(results: Results) -> Figures | None:
    """Gather the figures; None where there are none."""
    if not results.plots:
        return None
    return Figures(
        plots=[(plot, Markup(plot.svg)) for plot in results.plots],
        several_receptors=len(results.receptors) > 1,
    )
