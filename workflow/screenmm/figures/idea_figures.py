"""How the properties of proposals drift over the rounds of a campaign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from screenmm.figures.canvas import (
    BLUE,
    GREEN,
    GREY,
    RED,
    Plot,
    finish,
    new_figure,
    number,
    signed,
    whole_numbers,
)
from screenmm.metrics.generation import Generation, Group, Properties


class Look(NamedTuple):
    """How an arm is drawn."""

    words: str
    colour: str
    marker: str


ARMS: Mapping[Group, Look] = {
    "learned": Look("learned", BLUE, "o"),
    "blind": Look("blind", RED, "s"),
    "neighbour": Look("neighbours", GREEN, "^"),
}


class Panel(NamedTuple):
    """How a property is drawn; ``least`` is the shortest axis: no noise looks like a drift."""

    words: str
    decimals: int
    least: float


PANELS: Mapping[str, Panel] = {
    "heavy_atoms": Panel("heavy atoms", 1, 4.0),
    "logp": Panel("logP", 1, 1.0),
    "formal_charge": Panel("net charge", 1, 2.0),
    "strain_kcal_mol": Panel("strain, kcal/mol", 1, 2.0),
    "sa_score": Panel("SA score", 1, 1.0),
    "checks_passed": Panel("share that passes all checks", 2, 0.4),
}

COLUMNS = ("group", "round", "molecules", *PANELS)


def drift_figure(generation: Generation) -> list[Plot]:
    """Draw the properties of each arm by round; to be called within ``canvas.style``.

    Parameters
    ----------
    generation : Generation

    Returns
    -------
    list of Plot
        Empty where no proposal is ranked.
    """
    shown = [name for name in PANELS if any(_of(each, name) for each in generation.drift)]
    if not shown or all(each.group == "neighbour" for each in generation.drift):
        return []
    best = next((each for each in generation.properties if each.group == "library_best"), None)
    rows = -(-len(shown) // 3)
    figure = new_figure(8.4, 0.4 + 1.9 * rows)
    panels = list(figure.subplots(rows, 3, squeeze=False).flat)
    for axes, name in zip(panels, shown, strict=False):
        _panel(axes, name, generation.drift, best)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    figure.supxlabel("round", fontsize=8.5)
    there = {each.group for each in generation.drift}
    looks = [look for arm, look in ARMS.items() if arm in there]
    lines = [
        *(_line(look.colour, look.words, marker=look.marker, ms=4) for look in looks),
        *([_line(GREY, "the library's best", ls="--")] if best is not None else []),
    ]
    figure.legend(handles=lines, loc="outside upper left", ncols=4)
    return [
        finish(
            figure, "idea-drift", "Properties of proposals by round",
            _alt(generation.drift, best, shown), columns=COLUMNS, rows=_rows(generation),
        )
    ]  # fmt: skip


def _panel(axes: Axes, name: str, drift: Sequence[Properties], best: Properties | None) -> None:
    """One property by round, with the level of the library's best."""
    for arm, look in ARMS.items():
        own = [each for each in drift if each.group == arm]
        values = [_of(each, name) for each in own]
        heights = np.array([each[0] if each else np.nan for each in values])
        numbers = np.array([each.round for each in own], dtype=float)
        axes.plot(numbers, heights, color=look.colour, marker=look.marker, ms=4)
    if best is not None and (level := _of(best, name)):
        axes.axhline(level[0], color=GREY, ls="--", lw=1.2)
    axes.set_title(PANELS[name].words, fontsize=8.5)
    axes.tick_params(labelsize=7.5)
    axes.margins(x=0.08, y=0.2)
    low, high = axes.get_ylim()
    more = max(PANELS[name].least - (high - low), 0) / 2
    axes.set_ylim(low - more, high + more)
    whole_numbers(axes.xaxis)
    signed(axes.yaxis)


def _line(colour: str, label: str, **more: object) -> Line2D:
    return Line2D([], [], color=colour, label=label, **more)  # type: ignore[arg-type]


def _of(own: Properties, name: str) -> tuple[float] | tuple[()]:
    """Median of a property, if there is one."""
    value = getattr(own, name)
    return () if value is None else (float(value),)


def _rows(generation: Generation) -> list[list[str | float | int | None]]:
    every = [*generation.drift, *generation.properties]
    return [[getattr(each, name) for name in COLUMNS] for each in every]


def _alt(drift: Sequence[Properties], best: Properties | None, shown: Sequence[str]) -> str:
    """The first and the last round of each arm in words."""
    told = []
    for name in shown:
        words, decimals, _ = PANELS[name]
        moves = []
        for arm, look in ARMS.items():
            values = [value for each in drift if each.group == arm for value in _of(each, name)]
            if values:
                ends = dict.fromkeys(number(value, decimals) for value in (values[0], values[-1]))
                moves.append(f"{look.words} {' to '.join(ends)}")
        if best is not None and (level := _of(best, name)):
            moves.append(f"the library's best {number(level[0], decimals)}")
        told.append(f"{words} {', '.join(moves)}")
    return f"Medians of ranked molecules by arm, first to last round: {'; '.join(told)}."
