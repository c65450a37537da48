"""Heat map of residue energies: which residues hold the top hits, and which repel them."""

from __future__ import annotations

import re

import duckdb
import numpy as np
from matplotlib.colors import CenteredNorm, LinearSegmentedColormap, to_rgba
from matplotlib.ticker import FuncFormatter

from screenmm.figures.canvas import AXIS, GREY, Cell, Plot, finish, new_figure, plain

HITS = 30
RESIDUES = 25
"""Residues with the largest mean energy, of either sign, over the hits."""

COLOURS = LinearSegmentedColormap.from_list(
    "energies",
    ("#08306b", "#2b7bba", "#a6cee3", "#ffffff", "#fbc4a2", "#d6604d", "#7f0d1f"),
).with_extremes(bad=to_rgba(GREY, 0.45))
"""Blue attracts, white is zero, red repels; told apart with any colour vision."""

CUT_QUANTILE = 0.99
"""Share of the energies within the colours' range: one clash does not pale all others."""

QUERY = f"""
SELECT rank, name, residue, total_kcal_mol
FROM residue_energies JOIN ranking USING (receptor, inchikey, state, pose)
WHERE receptor = ? AND rank <= {HITS} AND isfinite(total_kcal_mol)
ORDER BY rank, residue
"""


def place(residue: str) -> tuple[str, int, str]:
    """Where a residue, ``chain:name:number``, stands: chain, number, insertion code."""
    chain, _, number = residue.split(":")
    found = re.fullmatch(r"(-?\d+)(.*)", number)
    return (chain, int(found[1]), found[2]) if found else (chain, 0, number)


def shown_name(residue: str, chains: int) -> str:
    """Give a residue as ``VAL93``, with its chain where there are several."""
    chain, name, number = residue.split(":")
    short = f"{name}{number}"
    return f"{chain}:{short}" if chains > 1 else short


def energies(
    con: duckdb.DuckDBPyConnection, receptor: str
) -> tuple[list[tuple[int, str]], list[str], np.ndarray]:
    """Read the energies of the top hits with the residues that count most.

    Returns
    -------
    hits : list of (int, str)
        Rank and name.
    residues : list of str
        In the order of the chain.
    energies : numpy.ndarray, shape (hits, residues)
        kcal/mol; NaN for a residue that is not in the hit's pocket.
    """
    rows = con.execute(QUERY, [receptor]).fetchall()
    hits = sorted({(rank, name) for rank, name, *_ in rows})
    row_of = {rank: i for i, (rank, _) in enumerate(hits)}
    names = sorted({residue for _, _, residue, _ in rows}, key=place)
    column_of = {name: i for i, name in enumerate(names)}
    table = np.full((len(hits), len(names)), np.nan)
    for rank, _, residue, energy in rows:
        table[row_of[rank], column_of[residue]] = energy
    # a residue that only some hits reach counts with zero for the others
    mean = np.abs(np.nan_to_num(table)).sum(axis=0)
    kept = sorted(np.argsort(-mean, kind="stable")[:RESIDUES])
    return hits, [names[i] for i in kept], table[:, kept]


def heat_map(con: duckdb.DuckDBPyConnection, receptor: str) -> list[Plot]:
    """Draw the energies of residues with the top hits; nothing without scored hits.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking`` and ``residue_energies``.
    receptor : str
    """
    hits, residues, table = energies(con, receptor)
    if not residues:
        return []
    chains = len({place(name)[0] for name in residues})
    labels = [shown_name(name, chains) for name in residues]
    width, height = 2.4 + 0.21 * len(residues), 1.3 + 0.17 * len(hits)
    figure = new_figure(width, height)
    axes = figure.add_subplot()
    reach = float(np.nanquantile(np.abs(table), CUT_QUANTILE))
    image = axes.imshow(
        table, aspect="auto", interpolation="none", cmap=COLOURS,
        norm=CenteredNorm(0, max(reach, 0.1)),
    )  # fmt: skip
    axes.set_xticks(range(len(labels)), labels, rotation=90, fontsize=8)
    axes.set_yticks(
        range(len(hits)), [f"{rank} {plain(name or '', 22)}" for rank, name in hits], fontsize=8
    )
    if np.isnan(table).any():
        axes.set_xlabel("grey: not in this hit's pocket", fontsize=8)
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(True)
    cut = np.nanmax(np.abs(table)) > reach
    bar = figure.colorbar(image, ax=axes, extend="both" if cut else "neither", shrink=0.8)
    bar.set_label("residue energy, kcal/mol")
    bar.ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}".replace("-", "−")))
    bar.outline.set_edgecolor(AXIS)
    mean = np.nan_to_num(table).mean(axis=0)
    order = np.argsort(mean, kind="stable")

    def told(i: int) -> str:
        return f"{labels[i]} {mean[i]:.1f}".replace("-", "−")

    best = ", ".join(told(i) for i in order[:3])
    worst = [told(i) for i in order[::-1][:2] if mean[i] > 0.05]
    alt = (
        f"Energies of {len(residues)} residues with the top {len(hits)} hits. Mean over the hits"
        f"{', zero where a residue is beyond the pocket' if np.isnan(table).any() else ''}, "
        f"kcal/mol: most attractive {best}; "
        + (f"most repulsive {', '.join(worst)}." if worst else "none repels on average.")
    )
    rows: list[list[Cell]] = [
        [rank, name, residue, None if np.isnan(energy) else float(energy)]
        for (rank, name), own in zip(hits, table, strict=True)
        for residue, energy in zip(residues, own, strict=True)
    ]
    plot = finish(
        figure, f"{receptor}-residue-energies", "Residue energies of the top hits", alt,
        receptor=receptor, columns=("rank", "name", "residue", "energy_kcal_mol"), rows=rows,
    )  # fmt: skip
    return [plot]
