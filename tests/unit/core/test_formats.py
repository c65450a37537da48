from __future__ import annotations

import pytest

from screenmm.core.formats import duration, energy, grouped, number


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [(-1.005, 1, "−1.0"), (-0.001, 2, "0.00"), (3, 0, "3"), (None, 2, ""), (float("nan"), 2, "")],
)
def test_numbers_read_well(value: float | None, decimals: int, text: str) -> None:
    assert number(value, decimals) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0.31, "0.3 s"), (59.94, "59.9 s"), (60, "1 min 00 s"), (3825, "1 h 03 min")],
)
def test_durations_read_well(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("kwh", "text"), [(0, "0 Wh"), (1e-8, "< 0.001 Wh"), (0.0123, "12.3 Wh"), (2.5, "2.5 kWh")]
)
def test_energies_read_well(kwh: float, text: str) -> None:
    assert energy(kwh) == text


def test_thousands_are_set_apart() -> None:
    assert grouped(1234567) == "1\u202f234\u202f567"
