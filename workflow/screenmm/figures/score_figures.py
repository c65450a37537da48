"""Figures of the scores: their distributions, against size, against measured affinity."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from matplotlib.axes import Axes

from screenmm.figures.canvas import (
    BLUE,
    GREY,
    RASTER_POINTS,
    RED,
    Cell,
    Plot,
    finish,
    legend_above,
    new_axes,
    number,
    signed,
    small_print,
    whole_numbers,
)
from screenmm.results.consensus import floats
from screenmm.tables.dictionary import DG, DOCK

BINS = 30

CLASSES = {
    "actives": ("label = 1", RED),
    "inactives": ("label = 0", BLUE),
    "without label": ("label IS NULL", GREY),
}
"""How the ligands of a labelled library are told apart."""

MARKERS = {"actives": "^", "inactives": "o", "without label": "s"}
LINES = {"actives": "-", "inactives": "--", "without label": ":"}
"""The same without colour."""

DISTRIBUTIONS = {
    "mmgbsa-scores": (DG.name, "MM/GBSA energies", "ΔG MM/GBSA, kcal/mol"),
    "docking-scores": (DOCK.name, "Docking scores", "docking score, kcal/mol"),
}

FEW = 300
"""Points up to which each is drawn large."""

Columns = dict[str, np.ndarray]


def score_plots(
    con: duckdb.DuckDBPyConnection, receptor: str, metrics: dict[str, Any]
) -> list[Plot]:
    """Draw the scores of a receptor; to be called within ``canvas.style``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    metrics : dict
        From :func:`screenmm.analysis.metrics.make_metrics`.
    """
    made = [_distribution(con, receptor, kind) for kind in DISTRIBUTIONS]
    made.append(_against_size(con, receptor, metrics))
    made.append(_against_affinity(con, receptor, metrics))
    return [plot for plot in made if plot is not None]


def _read(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> Columns:
    # as arrays: rows of a large screen take several times the memory
    found: Columns = con.execute(query, list(values)).fetchnumpy()
    return found


def _classes(con: duckdb.DuckDBPyConnection, receptor: str, column: str) -> dict[str, np.ndarray]:
    """Values of a column by class of label; one class, ``ligands``, where none has a label."""
    where = f"receptor = ? AND isfinite({column})"
    query = f"SELECT {column} AS value FROM ranking WHERE {where}"
    found = {
        name: floats(_read(con, f"{query} AND {which} ORDER BY rank", receptor)["value"])
        for name, (which, _) in CLASSES.items()
    }
    if not len(found["actives"]) + len(found["inactives"]):
        found = {"ligands": found["without label"]}
    return {name: values for name, values in found.items() if len(values)}


def bounds(values: np.ndarray) -> tuple[float, float]:
    """Range to show: all values, or three interquartile ranges beyond the quartiles."""
    low, high = np.quantile(values, [0.25, 0.75])
    reach = 3 * (high - low)
    if reach == 0:
        low, high = float(values.min()), float(values.max())
        return (low, high) if low < high else (low - 0.5, high + 0.5)
    return max(float(values.min()), low - reach), min(float(values.max()), high + reach)


def _bins(n: int) -> int:
    """Bins of a histogram: more for more values, at most ``BINS``."""
    return min(BINS, max(8, round(2 * n**0.5)))


def _outside(count: int) -> str:
    """Say how many values an axis leaves out; empty for none."""
    if not count:
        return ""
    return "1 value lies outside the axis." if count == 1 else (
        f"{count} values lie outside the axis.")  # fmt: skip


# --- distributions -----------------------------------------------------------------------


def _distribution(con: duckdb.DuckDBPyConnection, receptor: str, kind: str) -> Plot | None:
    column, title, label = DISTRIBUTIONS[kind]
    found = _classes(con, receptor, column)
    if not found:
        return None
    every = np.concatenate(list(found.values()))
    low, high = bounds(every)
    edges = np.histogram_bin_edges(every, bins=_bins(len(every)), range=(low, high))
    figure, axes = new_axes()
    shares = len(found) > 1
    rows: list[list[Cell]] = []
    for name, values in found.items():
        counts, _ = np.histogram(values, edges)
        colour = CLASSES[name][1] if name in CLASSES else BLUE
        heights = 100 * counts / len(values) if shares else counts
        axes.stairs(heights, edges, fill=True, color=colour, alpha=0.3, lw=0)
        line = LINES.get(name, "-")
        axes.stairs(heights, edges, color=colour, lw=1.4, ls=line, label=f"{name} ({len(values)})")
        rows += [
            [name, float(edges[i]), float(edges[i + 1]), int(count)]
            for i, count in enumerate(counts)
        ]
    axes.set(xlabel=label, ylabel="share of the class, %" if shares else "ligands", ylim=(0, None))
    if not shares:
        whole_numbers(axes.yaxis)
    signed(axes.xaxis)
    if shares:
        legend_above(axes)
    left_out = _outside(int(((every < low) | (every > high)).sum()))
    small_print(axes, left_out)
    told = "; ".join(
        f"{len(values)} {name}, median {number(np.median(values))}, middle half "
        f"{number(np.quantile(values, 0.25))} to {number(np.quantile(values, 0.75))}"
        for name, values in found.items()
    )
    alt = f"Histogram of {label}. {told}. {left_out}".strip()
    return finish(
        figure, f"{receptor}-{kind}", title, alt, receptor=receptor,
        columns=("class", "from", "to", "ligands"), rows=rows,
    )  # fmt: skip


# --- clouds of points --------------------------------------------------------------------


def _cloud(
    axes: Axes, x: np.ndarray, y: np.ndarray, colour: str, label: str, n: int, marker: str = "o"
) -> None:
    size = 30 if n <= FEW else 12 if n <= RASTER_POINTS else 3
    axes.scatter(
        x, y, s=size, c=colour, alpha=1 if n <= FEW else 0.4, linewidths=0, label=label,
        rasterized=n > RASTER_POINTS, marker=marker,
    )  # fmt: skip


def _correlation(told: dict[str, Any] | None) -> str:
    """Say a correlation with its interval; empty where there is none."""
    if told is None or told.get("value") is None:
        return ""
    text = f"Spearman correlation {number(told['value'])}"
    if told.get("low") is not None:
        text += f" (95 % interval {number(told['low'])} to {number(told['high'])})"
    return text


def _against_size(
    con: duckdb.DuckDBPyConnection, receptor: str, metrics: dict[str, Any]
) -> Plot | None:
    table = _read(
        con,
        "SELECT heavy_atoms, dg_mmgbsa_kcal_mol AS dg, label FROM ranking WHERE receptor = ? "
        "AND isfinite(dg_mmgbsa_kcal_mol) AND heavy_atoms IS NOT NULL ORDER BY rank",
        receptor,
    )
    size, dg, label = (floats(table[name]) for name in ("heavy_atoms", "dg", "label"))
    if not len(dg):
        return None
    low, high = bounds(dg)
    # equal counts of atoms lie on one line: spread them a little, always alike
    spread = np.random.default_rng(1).uniform(-0.25, 0.25, len(dg)) if len(dg) > FEW else 0.0
    figure, axes = new_axes()
    known = np.isfinite(label)
    kinds = {"actives": label == 1, "inactives": label == 0, "without label": ~known}
    for name in ("without label", "inactives", "actives"):
        own = kinds[name]
        if own.any():
            colour = CLASSES[name][1] if known.any() else BLUE
            place, named = (size + spread)[own], f"{name} ({own.sum()})"
            _cloud(axes, place, dg[own], colour, named, len(dg), MARKERS[name])
    reach = 0.04 * (high - low)
    axes.set(xlabel="heavy atoms", ylabel="ΔG MM/GBSA, kcal/mol", ylim=(low - reach, high + reach))
    signed(axes.yaxis)
    whole_numbers(axes.xaxis)
    if known.any():
        legend_above(axes)
    left_out = _outside(int(((dg < low) | (dg > high)).sum()))
    small_print(axes, left_out)
    found = metrics.get("bias", {}).get("by_receptor", {}).get(receptor, {}).get("correlations", {})
    told = _correlation(found.get(DG.name, {}).get("heavy_atoms"))
    told = told.replace("correlation", "correlation of better scores with size,", 1)
    alt = (
        f"{len(dg)} ligands: ΔG by MM/GBSA, {number(dg.min(), 1)} to {number(dg.max(), 1)} "
        f"kcal/mol, against {size.min():.0f} to {size.max():.0f} heavy atoms. {told}"
        f"{'. ' if told else ''}{left_out}"
    ).strip()
    # the ranking has these numbers
    return finish(figure, f"{receptor}-dg-against-size", "ΔG against size", alt, receptor=receptor)


def _against_affinity(
    con: duckdb.DuckDBPyConnection, receptor: str, metrics: dict[str, Any]
) -> Plot | None:
    table = _read(
        con,
        "SELECT affinity_kcal_mol AS measured, dg_mmgbsa_kcal_mol AS dg FROM ranking "
        "WHERE receptor = ? AND isfinite(affinity_kcal_mol) AND isfinite(dg_mmgbsa_kcal_mol) "
        "ORDER BY rank",
        receptor,
    )
    measured, dg = floats(table["measured"]), floats(table["dg"])
    if len(dg) < 2:
        return None
    low, high = bounds(dg)
    figure, axes = new_axes()
    _cloud(axes, measured, dg, BLUE, "", len(dg))
    reach = 0.04 * (high - low)
    axes.set(
        xlabel="measured affinity, kcal/mol", ylabel="ΔG MM/GBSA, kcal/mol",
        ylim=(low - reach, high + reach),
    )  # fmt: skip
    for axis in (axes.xaxis, axes.yaxis):
        signed(axis)
    left_out = _outside(int(((dg < low) | (dg > high)).sum()))
    found = metrics["controls"].get(receptor, {}).get("correlation", {})
    told = _correlation(found.get(DG.name, {}).get("spearman"))
    small_print(axes, f"{told.replace(' correlation', '')} {left_out}".strip())
    alt = (
        f"{len(dg)} ligands with measured affinity, {number(measured.min(), 1)} to "
        f"{number(measured.max(), 1)} kcal/mol, against ΔG by MM/GBSA, {number(dg.min(), 1)} to "
        f"{number(dg.max(), 1)} kcal/mol. {told}{'. ' if told else ''}{left_out}"
    ).strip()
    return finish(
        figure, f"{receptor}-measured-against-computed", "Measured against computed affinity",
        alt, receptor=receptor,
    )  # fmt: skip
