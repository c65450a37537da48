"""Heat map of variants and ligands: which mutation weakens which ligand."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import CenteredNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from screenmm.analysis.variants import Board, Line, listing
from screenmm.figures.canvas import (
    AXIS,
    INK,
    Cell,
    Plot,
    finish,
    new_figure,
    number,
    plain,
    signed,
)
from screenmm.figures.heat_map import COLOURS
from screenmm.variants.calls import Call

VARIANTS, LIGANDS = 60, 40
"""Most that are drawn: of the variants those with the largest ΔΔG of either sign."""

COLUMNS = ("variant", "kind", "ligand", "ddg_kcal_mol", "ddg_low_kcal_mol", "ddg_high_kcal_mol",
           "call")  # fmt: skip

MARKS = {str(Call.WEAKER): "^", str(Call.STRONGER): "v"}

GAP = 0.5
"""Between variants and controls, in rows."""


def variant_map(found: Board) -> list[Plot]:
    """Draw ΔΔG of the ligands in the variants; nothing where none was scored.

    Parameters
    ----------
    found : Board
    """
    variants = _most_telling(found.variants)
    if not any(each.scored for each in variants):
        return []
    lines = [*variants, *found.controls]
    ligands = found.ligands[:LIGANDS]
    places = [at + GAP * each.is_control for at, each in enumerate(lines)]
    figure = new_figure(2.0 + 0.42 * max(len(ligands), 4), 1.5 + 0.2 * len(lines))
    axes = figure.add_subplot()
    _squares(figure, axes, lines, places, found.reach_kcal_mol, len(ligands))
    axes.set_xticks(range(len(ligands)), [plain(each, 18) for each in ligands], rotation=90)
    axes.set_yticks(places, [plain(each.name, 22) for each in lines])
    axes.set_xlim(-0.5, len(ligands) - 0.5)
    axes.set_ylim(places[-1] + 0.5, -0.5)
    axes.tick_params(length=0, labelsize=8)
    axes.grid(visible=False)
    axes.set_xlabel("▲ weaker, ▼ stronger, beyond the noise; hatched: failed", fontsize=8)
    rows: list[list[Cell]] = [
        [line.name, line.about["kind"], *(cell[key] for key in ("ligand", *COLUMNS[3:]))]
        for line in found.lines
        for cell in line.cells
        if cell is not None
    ]
    name, title = f"{found.wild_type}-variants", "ΔΔG of ligands in variants"
    return [
        finish(
            figure, name, title, _alt(found, len(variants), len(ligands)),
            receptor=found.wild_type, columns=COLUMNS, rows=rows,
        )
    ]  # fmt: skip


def _most_telling(variants: list[Line]) -> list[Line]:
    """Variants to draw, in their order."""

    def size(line: Line) -> float:
        return max((abs(each["ddg_kcal_mol"]) for each in line.scored), default=0.0)

    kept = sorted(variants, key=lambda each: -size(each))[:VARIANTS]
    return [each for each in variants if each in kept]


def _squares(
    figure: Figure, axes: Axes, lines: list[Line], places: list[float], reach: float, width: int
) -> None:
    """Draw a square for each pair: its colour, its mark, or hatches where there is no number."""
    norm = CenteredNorm(0, reach)
    beyond = False
    for line, y in zip(lines, places, strict=True):
        for x, cell in enumerate(line.cells[:width]):
            scored = cell is not None and cell["status"] == "scored"
            ddg = cell["ddg_kcal_mol"] if cell is not None and scored else 0.0
            beyond |= abs(ddg) > reach
            axes.add_patch(
                Rectangle(
                    (x - 0.5, y - 0.5), 1, 1, linewidth=0.4, edgecolor=AXIS,
                    facecolor=COLOURS(norm(ddg)) if scored else "none",
                    hatch=None if scored else "////",
                )
            )  # fmt: skip
            if cell is not None and (mark := MARKS.get(cell["call"])):
                # on dark squares white shows, whatever the page's paper is
                dark = abs(ddg) > 0.6 * reach
                axes.plot(x, y, mark, color="white" if dark else "black", markersize=4)
    bar = figure.colorbar(
        ScalarMappable(norm, COLOURS), ax=axes, extend="both" if beyond else "neither", shrink=0.9
    )
    bar.set_label("ΔΔG, kcal/mol", color=INK)
    signed(bar.ax.yaxis)
    bar.outline.set_edgecolor(AXIS)


def _alt(found: Board, variants: int, ligands: int) -> str:
    """In words what is seen: the worst losses."""
    cells = [(each.name, cell) for each in found.variants for cell in each.scored]
    cells.sort(key=lambda each: -each[1]["ddg_kcal_mol"])
    worst = [
        f"{name} with {plain(cell['ligand'], 22)} {number(cell['ddg_kcal_mol'])}"
        for name, cell in cells[:3]
    ]
    drawn = f"{variants} of {len(found.variants)}" if variants < len(found.variants) else variants
    return (
        f"ΔΔG of {ligands} ligands in {drawn} variants and {len(found.controls)} controls. The "
        f"largest, in kcal/mol: {listing(worst)}."
    )
