"""Geometry of the report's figures; the templates draw it as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 420, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 10, 12, 40
BINS = 24
TERM_WIDTH = 132


@dataclass(frozen=True, slots=True)
class Tick:
    """Place on an axis and its label."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A bar or a point: place, size, what it says, and a style class."""

    x: float
    y: float
    width: float
    height: float
    title: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure ready to draw."""

    title: str
    x_label: str
    y_label: str
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    marks: list[Mark]
    note: str = ""

    @property
    def kinds(self) -> list[str]:
        """Style classes of the marks, for the legend."""
        return sorted({mark.kind for mark in self.marks if mark.kind})


def number(value: float | None, decimals: int = 2) -> str:
    """Give a number as text with a true minus sign; empty for none."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{value:.{decimals}f}"
    return f"−{text[1:]}" if text.startswith("-") and float(text) != 0 else text.lstrip("-")


def nice_step(span: float, parts: int) -> float:
    """Step of 1, 2 or 5 times a power of ten that divides a span into at most ``parts``."""
    raw = span / parts
    power = 10.0 ** math.floor(math.log10(raw))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * (1 - 1e-9))


def _decimals(step: float) -> int:
    return max(0, -math.floor(math.log10(step) + 1e-9))


def _bounds(values: np.ndarray) -> tuple[float, float]:
    """Range to show: all values, or three interquartile ranges beyond the quartiles."""
    low, high = np.quantile(values, [0.25, 0.75])
    reach = 3 * (high - low)
    if reach == 0:
        return float(values.min()), float(values.max())
    return max(float(values.min()), low - reach), min(float(values.max()), high + reach)


def _grid(low: float, high: float, parts: int) -> tuple[float, float, float]:
    """Axis from a whole step below to a whole step above, and the step."""
    if high <= low:
        low, high = low - 0.5, high + 0.5
    step = nice_step(high - low, parts)
    return math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step, step


def _x(value: float, low: float, high: float) -> float:
    return round(LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT), 1)


def _y(value: float, low: float, high: float) -> float:
    return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)


def _ticks(
    low: float, high: float, place: Callable[[float, float, float], float], parts: int
) -> list[Tick]:
    step = nice_step(high - low, parts)
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    values = [(first + i) * step for i in range(count)]
    return [Tick(place(v, low, high), number(v, _decimals(step))) for v in values]


def _outside(count: int) -> str:
    return f"{count} values lie outside the axis." if count > 1 else (
        "1 value lies outside the axis." if count else "")  # fmt: skip


def histogram(values: Sequence[float], title: str, x_label: str) -> Figure | None:
    """Histogram with whole-step bins; None without values.

    Parameters
    ----------
    values : sequence of float
        Finite numbers.
    title, x_label : str
        Texts; the label carries the unit.
    """
    if len(values) == 0:
        return None
    data = np.asarray(values, dtype=float)
    low, high, step = _grid(*_bounds(data), BINS)
    bins = max(1, round((high - low) / step))
    counts, edges = np.histogram(data, bins=bins, range=(low, high))
    top = float(-(-counts.max() // 4) * 4) if counts.max() > 4 else float(counts.max())
    width = (WIDTH - LEFT - RIGHT) / bins
    marks = [
        Mark(
            round(LEFT + i * width + 0.5, 1),
            _y(count, 0, top),
            round(width - 1, 1),
            round(HEIGHT - BOTTOM - _y(count, 0, top), 1),
            f"{number(edges[i], _decimals(step))} to {number(edges[i + 1], _decimals(step))}: "
            f"{count} ligand{'' if count == 1 else 's'}",
        )
        for i, count in enumerate(counts)
        if count
    ]
    whole = _ticks(0, top, _y, int(min(top, 4)))
    note = _outside(len(data) - int(counts.sum()))
    return Figure(title, x_label, "ligands", _ticks(low, high, _x, 7), whole, marks, note)


def scatter(
    points: Sequence[tuple[float, float, str, str]], title: str, x_label: str, y_label: str
) -> Figure | None:
    """Scatter plot of ``(x, y, text, kind)``; None without points."""
    if len(points) == 0:
        return None
    xs, ys = (np.array([point[axis] for point in points], dtype=float) for axis in (0, 1))
    x_low, x_high, _ = _grid(float(xs.min()), float(xs.max()), 7)
    y_low, y_high, _ = _grid(*_bounds(ys), 5)
    marks = [
        Mark(_x(x, x_low, x_high), _y(y, y_low, y_high), 0, 0, text, kind)
        for x, y, text, kind in points
        if y_low <= y <= y_high
    ]
    x_ticks, y_ticks = _ticks(x_low, x_high, _x, 7), _ticks(y_low, y_high, _y, 5)
    note = _outside(len(points) - len(marks))
    return Figure(title, x_label, y_label, x_ticks, y_ticks, marks, note)


def term_scale(terms: Sequence[Sequence[float | None]]) -> float:
    """Energy at the end of the diverging bars: the largest, unless it is far from the rest."""
    sizes = [abs(value) for row in terms for value in row if value is not None]
    if not sizes or max(sizes) == 0:
        return 1.0
    return min(max(sizes), max(1.5 * float(np.quantile(sizes, 0.98)), 1.0))


def term_bars(values: Sequence[tuple[str, float | None]], scale: float) -> list[Mark]:
    """Bars to either side of zero, one below the other; ``kind`` is the term's name."""
    middle = TERM_WIDTH / 2
    marks = []
    for i, (term, value) in enumerate(values):
        if value is not None:
            length = min(1.0, abs(value) / scale) * (middle - 2)
            left = middle - length if value < 0 else middle
            kind = f"{term} cut" if abs(value) > scale else term
            marks.append(
                Mark(round(left, 1), 2 + 7 * i, round(length, 1), 5, number(value, 1), kind)
            )
    return marks
