"""ROC and enrichment curves of every score and of size alone, with their bands."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from screenmm.analysis.curves import GRID_POINTS, SIZE, Curve, Labelled, curves, labelled
from screenmm.analysis.verdict import score_words
from screenmm.figures.canvas import (
    AXIS,
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    RED,
    Cell,
    Plot,
    finish,
    new_axes,
    number,
)
from screenmm.tables.dictionary import CNN_AFFINITY, DG, DOCK, ECR

CURVE_STYLES: dict[str, tuple[str, Any]] = {
    DG.name: (BLUE, "-"),
    DOCK.name: (RED, "-"),
    CNN_AFFINITY.name: (GREEN, "-"),
    ECR.name: (PURPLE, "-"),
    SIZE: (GREY, (0, (4, 2))),
}

EARLY = (0.01, 0.05, 0.1, 0.25)
"""Shares of the list that the enrichment is told at: the first of at least EARLY_LIGANDS."""

EARLY_LIGANDS = 3

FIRST_SHARE = 0.001
"""Where the enrichment curve's axis begins, at most."""


def curve_plots(
    con: duckdb.DuckDBPyConnection, receptor: str, metrics: dict[str, Any], seed: int
) -> list[Plot]:
    """Draw the curves of a receptor; to be called within ``canvas.style``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    metrics : dict
        From :func:`screenmm.analysis.metrics.make_metrics`.
    seed : int
        Of the run.

    Returns
    -------
    list of Plot
        Empty without labels of both kinds.
    """
    controls = metrics["controls"].get(receptor, {})
    presumed = controls.get("presumed_inactive", False)
    known = labelled(con, receptor, seed, presume_inactive=presumed)
    if known is None:
        return []
    common = controls.get("common", {}).get("classification", {})
    return [_roc(known, receptor, common), _enrichment(known, receptor)]


def _who(known: Labelled) -> str:
    n, actives = len(known.active), int(known.active.sum())
    if known.presumed:
        return f"{n} ligands with every score, {actives} known actives, the rest presumed inactive"
    return f"{n} ligands with a label and every score, {actives} of them active"


def _roc(known: Labelled, receptor: str, common: dict[str, Any]) -> Plot:
    figure, axes = new_axes(6.0, 4.2)
    found = curves(known, "roc", np.linspace(0, 1, GRID_POINTS))
    told = {name: _measured(common, name, "roc_auc") for name in found}
    axes.plot([0, 1], [0, 1], color=AXIS, lw=0.8, ls=":")
    _draw(axes, found, {name: f"{_words(name)} {told[name]}".strip() for name in found})
    axes.set(
        xlabel="share of the inactives passed", ylabel="share of the actives found",
        xlim=(0, 1), ylim=(0, 1.01),
    )  # fmt: skip
    axes.legend(loc="lower right", title="area under the curve", title_fontsize=8.5)
    areas = "; ".join(f"{_words(name)} {text or 'none'}" for name, text in told.items())
    alt = (
        f"ROC curves of {_who(known)}, with 95 % bands. Area under the curve: {areas}. "
        "Chance is 0.50."
    )
    return _finish(figure, receptor, "roc", "ROC curves", alt, "inactives_passed", found)


def _enrichment(known: Labelled, receptor: str) -> Plot:
    n, actives = len(known.active), int(known.active.sum())
    figure, axes = new_axes(6.0, 4.2)
    first = max(1 / n, FIRST_SHARE)
    grid = np.geomspace(first, 1, GRID_POINTS)
    found = curves(known, "enrichment", grid)
    axes.plot(grid, grid, color=AXIS, lw=0.8, ls=":", label="by chance")
    ideal = np.minimum(1, grid * n / actives)
    axes.plot(grid, ideal, color=AXIS, lw=0.8, ls="-.", label="best possible")
    _draw(axes, found, {name: _words(name) for name in found})
    axes.set(
        xlabel="share of the list looked at, %", ylabel="share of the actives found",
        xscale="log", xlim=(first, 1), ylim=(0, 1.01),
    )  # fmt: skip
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: ""))
    axes.legend(loc="upper left")
    at = next((each for each in EARLY if n * each >= EARLY_LIGANDS), EARLY[-1])
    reached = "; ".join(
        f"{_words(name)} {100 * float(np.interp(at, curve.x, curve.y)):.0f} %"
        for name, curve in found.items()
    )
    alt = (
        f"Enrichment curves of {_who(known)}, with 95 % bands. Actives found in the first "
        f"{100 * at:g} % of the list: {reached}. Chance is {100 * at:g} %."
    )
    title = "Enrichment curves"
    return _finish(figure, receptor, "enrichment", title, alt, "list_looked_at", found)


def _finish(
    figure: Figure, receptor: str, kind: str, title: str, alt: str, x: str, found: dict[str, Curve]
) -> Plot:
    columns = ("score", "part", x, "actives_found", "low", "high")
    return finish(
        figure, f"{receptor}-{kind}", title, alt, receptor=receptor, columns=columns,
        rows=_rows(found),
    )  # fmt: skip


def _words(score: str) -> str:
    return score_words()[score].removesuffix(" (baseline)")


def _rows(made: dict[str, Curve]) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for name, curve in made.items():
        rows += [[name, "curve", float(x), float(y), None, None]
                 for x, y in zip(curve.x, curve.y, strict=True)]  # fmt: skip
        rows += [
            [name, "band", float(x), None, float(low), float(high)]
            for x, low, high in zip(curve.grid, curve.low, curve.high, strict=True)
        ]
    return rows


def _draw(axes: Axes, made: dict[str, Curve], labels: dict[str, str]) -> None:
    for name, curve in made.items():
        colour, line = CURVE_STYLES[name]
        if len(curve.grid):
            axes.fill_between(curve.grid, curve.low, curve.high, color=colour, alpha=0.12, lw=0)
        axes.plot(curve.x, curve.y, color=colour, ls=line, label=labels[name])


def _measured(common: dict[str, Any], name: str, measure: str) -> str:
    value = common.get(name, {}).get(measure, {})
    if value.get("value") is None:
        return ""
    if value.get("low") is None:
        return number(value["value"])
    return f"{number(value['value'])} ({number(value['low'])} to {number(value['high'])})"
