"""The learning curve of a campaign in rounds."""

from __future__ import annotations

import numpy as np

from screenmm.figures.canvas import (
    AXIS,
    BLUE,
    GREEN,
    Plot,
    finish,
    legend_above,
    new_axes,
    number,
    signed,
    whole_numbers,
)
from screenmm.metrics.rounds import Campaign

COLUMNS = (
    "round", "docked", "best_kcal_mol", "mean_of_best_kcal_mol", "new_among_best", "recall_low"
)  # fmt: skip


def learning_curve(campaign: Campaign) -> Plot:
    """Draw what each round added; to be called within ``canvas.style``.

    Parameters
    ----------
    campaign : Campaign
        With at least one round.
    """
    rounds = campaign.rounds
    docked = np.cumsum([each.chosen + each.drawn for each in rounds])
    best = _values([each.best_kcal_mol for each in rounds])
    mean = _values([each.mean_of_best_kcal_mol for each in rounds])
    figure, axes = new_axes()
    if campaign.best > 1:
        label = f"mean of the best {campaign.best:,}"
        axes.plot(docked, mean, color=BLUE, marker="o", label=label)
    axes.plot(docked, best, color=GREEN, marker="s", label="best")
    legend_above(axes)
    for each, x in zip(rounds, docked, strict=True):
        axes.annotate(
            f"{each.new_among_best} new", (x, 0), xycoords=("data", "axes fraction"),
            xytext=(0, 4), textcoords="offset points", ha="center", fontsize=7.5, color=AXIS,
        )  # fmt: skip
    axes.margins(x=0.06, y=0.18)
    axes.set_xlabel("molecules docked")
    axes.set_ylabel("kcal/mol")
    whole_numbers(axes.xaxis)
    signed(axes.yaxis)
    rows = [
        [each.round, int(x), each.best_kcal_mol, each.mean_of_best_kcal_mol, each.new_among_best,
         each.recall_low]
        for each, x in zip(rounds, docked, strict=True)
    ]  # fmt: skip
    return finish(
        figure, "learning-curve", "What each round added", _alt(campaign, mean),
        columns=COLUMNS, rows=rows,
    )  # fmt: skip


def _values(found: list[float | None]) -> np.ndarray:
    return np.array([np.nan if each is None else each for each in found], dtype=float)


def _alt(campaign: Campaign, mean: np.ndarray) -> str:
    there = mean[np.isfinite(mean)]
    moved = (
        f"the mean of the best {campaign.best} goes from {number(there[0])} to "
        f"{number(there[-1])} kcal/mol"
        if len(there)
        else "no molecule has a value"
    )
    count = len(campaign.rounds)
    return f"{count} round{'s' * (count != 1)}, {campaign.docked:,} molecules docked: {moved}."
