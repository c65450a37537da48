from __future__ import annotations

import numpy as np
import pytest

from screenmm.ranking.figures import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TERM_WIDTH,
    WIDTH,
    histogram,
    nice_step,
    number,
    scatter,
    term_bars,
    term_scale,
)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(-1.005, 1, "−1.0"), (-0.001, 2, "0.00"), (3, 0, "3"), (None, 2, ""), (float("nan"), 2, "")],
)
def test_numbers_read_well(value: float | None, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


@pytest.mark.parametrize(
    ("span", "parts", "step"), [(10, 5, 2), (7, 7, 1), (0.9, 4, 0.5), (1300, 6, 500)]
)
def test_steps_are_one_two_or_five(span: float, parts: int, step: float) -> None:
    assert nice_step(span, parts) == pytest.approx(step)


def test_a_histogram_counts_every_value_inside_its_axis() -> None:
    values = np.random.default_rng(1).normal(-40, 8, 1000)
    figure = histogram(values, "title", "x")
    assert figure is not None
    assert sum(int(m.title.rsplit(": ")[1].split()[0]) for m in figure.marks) == 1000
    assert all(m.x >= LEFT and m.x + m.width <= WIDTH - RIGHT + 0.1 for m in figure.marks)
    assert all(m.y + m.height == pytest.approx(HEIGHT - BOTTOM, abs=0.2) for m in figure.marks)
    assert all("." not in tick.label for tick in figure.y_ticks)


def test_far_values_do_not_squeeze_the_rest_and_are_told() -> None:
    figure = histogram([*np.linspace(-50, -30, 200), 5000.0], "title", "x")
    assert figure is not None
    assert figure.note == "1 value lies outside the axis."
    assert len(figure.marks) > 5


@pytest.mark.parametrize("values", [[-7.0], [-7.0, -7.0, -7.0]])
def test_equal_values_make_one_bar(values: list[float]) -> None:
    figure = histogram(values, "title", "x")
    assert figure is not None
    assert len(figure.marks) == 1


def test_nothing_gives_no_figure() -> None:
    assert histogram([], "t", "x") is None
    assert scatter([], "t", "x", "y") is None


def test_points_lie_where_their_axes_say() -> None:
    figure = scatter([(10, -50, "a", ""), (20, -40, "b", "active")], "t", "x", "y")
    assert figure is not None
    xs = {t.label: t.at for t in figure.x_ticks}
    ys = {t.label: t.at for t in figure.y_ticks}
    assert (figure.marks[0].x, figure.marks[0].y) == (xs["10"], ys["−50"])
    assert (figure.marks[1].x, figure.marks[1].y) == (xs["20"], ys["−40"])
    assert figure.kinds == ["active"]


def test_bars_are_to_scale_and_cut_at_the_edge() -> None:
    scale = term_scale([[-30.0, 10.0], [None, 5.0]])
    assert scale == 30.0
    full, third, cut = term_bars([("vdw", -30.0), ("polar", 10.0), ("sa", 99.0)], scale)
    assert third.width == pytest.approx(full.width / 3, abs=0.1)
    assert full.x + full.width == pytest.approx(TERM_WIDTH / 2)
    assert (cut.kind, cut.width) == ("sa cut", full.width)


def test_one_wild_energy_does_not_set_the_scale() -> None:
    terms = [[-30.0 + i % 7] for i in range(200)]
    assert term_scale([*terms, [9000.0]]) < 50
