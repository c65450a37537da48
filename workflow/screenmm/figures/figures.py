"""The figures of a screen: each as SVG that a page can embed and theme, and as PNG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np

from screenmm.analysis.variants import read_board
from screenmm.config.settings import Settings
from screenmm.figures.bias_figures import bias_plots
from screenmm.figures.canvas import BLUE, RED, Plot, finish, legend_above, new_axes, style
from screenmm.figures.curve_figures import curve_plots
from screenmm.figures.heat_map import heat_map
from screenmm.figures.idea_figures import drift_figure
from screenmm.figures.round_figures import learning_curve
from screenmm.figures.score_figures import score_plots
from screenmm.figures.variant_map import variant_map
from screenmm.files.whole import replaced_folder
from screenmm.metrics.costs import RuleUsed
from screenmm.metrics.model import Metrics


def plots(con: duckdb.DuckDBPyConnection, metrics: Metrics, settings: Settings) -> list[Plot]:
    """Draw every figure that the screen has the numbers for.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.database.open_database`.
    metrics : Metrics
        Of the run; without the bias report it has no figures.
    settings : Settings
        Of the run.

    Returns
    -------
    list of Plot
        Receptors in config order, then what is of the whole screen.
    """
    out: list[Plot] = []
    with style():
        for receptor in metrics.counts.by_receptor:
            out += score_plots(con, receptor, metrics)
            out += curve_plots(con, receptor, metrics, settings.seed)
            out += heat_map(con, receptor)
            if metrics.variants is not None and metrics.variants.wild_type == receptor:
                out += variant_map(read_board(con, receptor))
            if metrics.bias is not None:
                out += bias_plots(metrics.bias.by_receptor[receptor], receptor)
        if metrics.rounds is not None and metrics.rounds.rounds:
            out.append(learning_curve(metrics.rounds))
        if metrics.generation is not None:
            out += drift_figure(metrics.generation)
        out += _cost(metrics.timings)
    return out


def write_plots(made: Sequence[Plot], figures: Path, tables: Path) -> None:
    """Write each figure as ``figures/NAME.svg`` and ``.png``, its numbers as ``tables/NAME.csv``.

    Parameters
    ----------
    made : sequence of Plot
    figures, tables : Path
        Folders; nothing else stays in them.
    """
    with replaced_folder(figures) as folder:
        for plot in made:
            (folder / f"{plot.name}.svg").write_text(plot.svg_file, encoding="utf-8")
            (folder / f"{plot.name}.png").write_bytes(plot.png)
    with replaced_folder(tables) as folder:
        for plot in made:
            if plot.columns:
                (folder / f"{plot.name}.csv").write_text(plot.csv, encoding="utf-8")


def _cost(timings: Mapping[str, RuleUsed]) -> list[Plot]:
    """Core-hours and GPU-hours of each rule; nothing without timings."""
    rules = [name for name, used in timings.items() if used.core_s or used.gpu_s]
    if not rules:
        return []
    cores = np.array([timings[name].core_s / 3600 for name in rules])
    gpus = np.array([timings[name].gpu_s / 3600 for name in rules])
    figure, axes = new_axes(6.0, 0.9 + 0.24 * len(rules))
    places = np.arange(len(rules))
    both = bool(gpus.any())
    height = 0.36 if both else 0.7
    axes.barh(places - (height / 2 if both else 0), cores, height, color=BLUE, label="core-hours")
    if both:
        axes.barh(places + height / 2, gpus, height, color=RED, label="GPU-hours")
        legend_above(axes)
    axes.set_yticks(places, rules)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("hours held" if both else "core-hours")
    total = cores.sum()
    most = sorted(zip(cores, rules, strict=True), key=lambda each: (-each[0], each[1]))[:3]
    alt = f"Core-hours by rule, {total:.3g} in all: " + ", ".join(
        f"{name} {hours:.3g} ({100 * hours / total:.0f} %)" for hours, name in most
    )
    if both:
        alt += f"; {gpus.sum():.3g} GPU-hours"
    plot = finish(
        figure, "cost-by-rule", "Cost by rule", f"{alt}.",
        columns=("rule", "core_hours", "gpu_hours"),
        rows=[list(row) for row in zip(rules, cores.tolist(), gpus.tolist(), strict=True)],
    )  # fmt: skip
    return [plot]
