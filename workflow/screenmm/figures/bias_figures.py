"""Figures of the bias report, drawn from ``metrics.json``'s part ``bias``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from screenmm.analysis.verdict import score_words
from screenmm.bias.bias import UNREAD
from screenmm.bias.described import PROPERTIES
from screenmm.bias.losses import LOSSES
from screenmm.figures.canvas import (
    AXIS,
    BLUE,
    GREY,
    PURPLE,
    RED,
    Plot,
    finish,
    legend_above,
    new_axes,
    new_figure,
    number,
)
from screenmm.files.csv import Cell

FATE_STYLES: dict[str, tuple[str, Any]] = {
    "input": (GREY, "-"),
    "ranked": (BLUE, "-"),
    "filtered": (PURPLE, (0, (4, 1.5))),
    "failed": (RED, (0, (1.5, 1))),
}
"""Duplicates repeat a structure that is shown already."""

LOSS_STYLES = {
    "refused": (GREY, "D"),
    "filtered": (PURPLE, "s"),
    "failed": (RED, "o"),
    "pose filtered": (BLUE, "^"),
}

WITH_WORDS = {"heavy_atoms": "size", "formal_charge": "net charge"}
WITH_STYLES = {"heavy_atoms": (BLUE, "o"), "formal_charge": (RED, "s")}

PANEL_COLUMNS = 5


def bias_plots(bias: dict[str, Any], receptor: str) -> list[Plot]:
    """Draw what the bias report says of a receptor; to be called within ``canvas.style``.

    Parameters
    ----------
    bias : dict
        From :func:`screenmm.bias.bias.bias`; empty gives no figure.
    receptor : str
    """
    own = bias.get("by_receptor", {}).get(receptor)
    if own is None:
        return []
    made = [
        _properties(own, receptor),
        _losses(own, receptor),
        _correlations(own, receptor),
        _similarity(own, receptor),
    ]
    return [plot for plot in made if plot is not None]


def _ends(edges: Sequence[float]) -> np.ndarray:
    """Edges of all bins, the two open ones being drawn as wide as their neighbours."""
    step = edges[1] - edges[0]
    return np.array([edges[0] - step, *edges, edges[-1] + step])


def _properties(own: dict[str, Any], receptor: str) -> Plot | None:
    """Distribution of each property by fate, a small panel each."""
    first = next(iter(own["properties"].values()))["by_fate"]
    shown = [fate for fate in FATE_STYLES if fate in first]
    if not shown:
        return None
    rows = -(-len(PROPERTIES) // PANEL_COLUMNS)
    figure = new_figure(8.4, 0.4 + 1.75 * rows)
    panels = figure.subplots(rows, PANEL_COLUMNS, squeeze=False)
    for axes, (name, each) in zip(panels.flat, own["properties"].items(), strict=False):
        edges = _ends(each["edges"])
        for fate in shown:
            counts = np.array(each["by_fate"][fate]["counts"])
            colour, line = FATE_STYLES[fate]
            heights = 100 * counts / counts.sum()
            if fate == "input":
                axes.stairs(heights, edges, fill=True, color=colour, alpha=0.3, lw=0)
            else:
                axes.stairs(heights, edges, color=colour, ls=line, lw=1.4)
        words, unit = PROPERTIES[name].words, PROPERTIES[name].unit
        axes.set_xlabel(f"{words}, {unit}" if unit else words, fontsize=8.5)
        axes.set_ylim(0, None)
        axes.tick_params(labelsize=7.5)
        axes.locator_params(nbins=4)
        axes.xaxis.set_major_formatter(lambda value, _: number(value, 2).rstrip("0").rstrip("."))
    for row in panels:
        row[0].set_ylabel("share, %", fontsize=8.5)
    handles = [
        Line2D([], [], color=colour, ls=line, lw=6 if fate == "input" else 1.6,
               alpha=0.4 if fate == "input" else 1, label=f"{fate} ({first[fate]['n']})")
        for fate, (colour, line) in FATE_STYLES.items() if fate in shown
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside upper left", ncols=4)

    def medians(name: str) -> str:
        by_fate = own["properties"][name]["by_fate"]
        decimals = 1 if name == "logp" else 0
        return ", ".join(f"{fate} {number(by_fate[fate]['median'], decimals)}" for fate in shown)

    alt = (
        f"Distributions of {len(PROPERTIES)} properties of the records as read, by what became of "
        f"them; {first['input']['n']} of {own['fates']['input']['described']} have a readable "
        f"structure. Median molecular weight in g/mol: {medians('molecular_weight')}. Median logP: "
        f"{medians('logp')}. Median net charge: {medians('formal_charge')}."
    )
    # bias/properties.csv has these numbers
    return finish(
        figure, f"{receptor}-properties", "Properties of what came in and what was lost", alt,
        receptor=receptor,
    )  # fmt: skip


def _interval_lines(
    axes: Axes, places: np.ndarray, rows: Sequence[dict[str, Any]], value: str, colour: str,
    marker: str, label: str,
) -> None:  # fmt: skip
    """Points with their intervals, one below the other."""
    values = np.array([row[value] for row in rows])
    for place, row in zip(places, rows, strict=True):
        if row["low"] is not None:
            axes.plot([row["low"], row["high"]], [place, place], color=colour, lw=1.6, alpha=0.6)
    axes.plot(values, places, marker, color=colour, ms=5, ls="", label=label)


def _rows_on_axis(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")


def _class_label(row: dict[str, Any]) -> str:
    if row["class"] == UNREAD or row["by"] == "chemotype":
        return str(row["class"])
    return f"{row['by']} {row['class']}"


def _losses(own: dict[str, Any], receptor: str) -> Plot | None:
    """Shares of each class that were lost, of those at risk, with intervals."""
    kinds = [
        kind for kind in LOSSES if any(row["lost"] for row in own["losses"] if row["loss"] == kind)
    ]
    if not kinds:
        return None
    by_class: dict[str, dict[str, dict[str, Any]]] = {}
    for row in own["losses"]:
        if row["loss"] in kinds and row["at_risk"]:
            # records without a structure stand in the tables once for charge and once for weight
            by_class.setdefault(_class_label(row), {})[row["loss"]] = row
    labels = []
    for name, found in by_class.items():
        counts = [found[kind]["at_risk"] if kind in found else 0 for kind in kinds]
        shown = counts if len(set(counts)) > 1 else counts[:1]
        labels.append(f"{name} ({' / '.join(map(str, shown))})")
    each = 0.25 + 0.1 * max(0, len(kinds) - 2)
    figure, axes = new_axes(6.6, 0.9 + each * len(by_class))
    for n, kind in enumerate(kinds):
        rows = [(place, found[kind]) for place, found in enumerate(by_class.values())
                if kind in found]  # fmt: skip
        places = np.array([place for place, _ in rows]) + (n + 0.5) / len(kinds) * 0.6 - 0.3
        percent = [
            row | {key: 100 * row[key] for key in ("share", "low", "high")} for _, row in rows
        ]
        colour, marker = LOSS_STYLES[kind]
        _interval_lines(axes, places, percent, "share", colour, marker, kind)
        for place, row in zip(places, percent, strict=True):
            if row["more"]:
                axes.annotate(
                    "✱", (row["high"], place), (3, 0), textcoords="offset points", va="center",
                    color=colour, fontsize=8,
                )  # fmt: skip
    _rows_on_axis(axes, labels)
    flagged = [row for row in own["losses"] if row["more"]]
    told = "✱ more than the rest" if flagged else "no class loses more than the rest"
    axes.set(
        xlabel=f"lost, % of the records at risk (their number in brackets)\n{told}", xlim=(-2, 104)
    )
    legend_above(axes)
    worst = "; ".join(
        f"{_class_label(row)} "
        f"{row['loss']} {100 * row['share']:.0f} % of {row['at_risk']} "
        f"({100 * row['low']:.0f} to {100 * row['high']:.0f} %)"
        for row in flagged
    )
    alt = (
        "Share of each class that was lost, of its records at risk: those that nothing took out "
        f"before. {'; '.join(f'{kind}: {LOSSES[kind]}' for kind in kinds)}. 95 % intervals. "
    ) + (
        f"Significantly more than the rest: {worst}." if worst
        else "No class loses significantly more than the rest."
    )  # fmt: skip
    # bias/losses.csv has these numbers
    return finish(figure, f"{receptor}-losses", "Losses by class", alt, receptor=receptor)


def _correlations(own: dict[str, Any], receptor: str) -> Plot | None:
    """Correlation of every score with size and charge."""
    found = own["correlations"]
    scores = [
        score for score in found if any(row["value"] is not None for row in found[score].values())
    ]
    if not scores:
        return None
    figure, axes = new_axes(6.0, 0.95 + 0.36 * len(scores))
    axes.axvline(0, color=AXIS, lw=0.8)
    told = []
    for n, (other, words) in enumerate(WITH_WORDS.items()):
        rows = [found[score].get(other, {"value": None}) for score in scores]
        kept = [i for i, row in enumerate(rows) if row["value"] is not None]
        colour, marker = WITH_STYLES[other]
        places = np.array(kept) + 0.24 * n - 0.12
        if kept:
            _interval_lines(
                axes, places, [rows[i] for i in kept], "value", colour, marker, f"with {words}"
            )
        told += [
            f"{score_words()[scores[i]]} with {words} {number(rows[i]['value'])}"
            + (
                f" ({number(rows[i]['low'])} to {number(rows[i]['high'])})"
                if rows[i]["low"] is not None else ""
            )
            for i in kept
        ]  # fmt: skip
    _rows_on_axis(axes, [score_words()[score] for score in scores])
    axes.set(xlabel="Spearman correlation, larger being better", xlim=(-1.02, 1.02))
    axes.set_xticks([-1, -0.5, 0, 0.5, 1])
    axes.xaxis.set_major_formatter(lambda value, _: number(value, 1))
    legend_above(axes)
    alt = (
        "Spearman correlation of each score, larger being better, with size and net charge, "
        f"95 % intervals in brackets: {'; '.join(told)}."
    )
    # bias/correlations.csv has these numbers
    return finish(
        figure, f"{receptor}-correlations", "Scores against size and charge", alt,
        receptor=receptor,
    )  # fmt: skip


def _similarity(own: dict[str, Any], receptor: str) -> Plot | None:
    """How like the known actives the hits and the library are."""
    found = own["similarity"]
    if found is None or not found["hits"]["n"]:
        return None
    edges = np.array([0.0, *found["edges"], 1.0])
    figure, axes = new_axes()
    rows: list[list[Cell]] = []
    for part, label, colour in (("library", "rest of the library", GREY), ("hits", "hits", RED)):
        each = found[part]
        if not each["n"]:
            continue
        heights = 100 * np.array(each["counts"]) / each["n"]
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.3, lw=0)
        axes.stairs(heights, edges, color=colour, lw=1.4, label=f"{label} ({each['n']})")
        rows += [
            [part, float(edges[i]), float(edges[i + 1]), count]
            for i, count in enumerate(each["counts"])
        ]
    axes.set(
        xlabel="Tanimoto similarity to the nearest known active", ylabel="share, %",
        xlim=(0, 1), ylim=(0, None),
    )  # fmt: skip
    legend_above(axes)
    library = found["library"]
    rest = (
        f"; of {library['n']} other ligands of the library {number(library['median'])}"
        if library["n"]
        else ""
    )
    alt = (
        f"Similarity to the nearest of {found['compared_with']} known actives, other than itself: "
        f"median of the top {found['hits']['n']} hits {number(found['hits']['median'])}{rest}. "
        f"{found['known_among_hits']} of the hits are known actives."
    )
    return finish(
        figure, f"{receptor}-similarity", "Similarity to the known actives", alt,
        receptor=receptor, columns=("part", "from", "below", "ligands"), rows=rows,
    )  # fmt: skip
