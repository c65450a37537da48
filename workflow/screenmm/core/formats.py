"""Numbers and times as people read them."""

from __future__ import annotations

import math


def number(value: float | None, decimals: int = 2) -> str:
    """Give a number as text with a true minus sign; empty for none."""
    if value is None or not math.isfinite(value):
        return ""
    text = f"{value:.{decimals}f}"
    return f"−{text[1:]}" if text.startswith("-") and float(text) != 0 else text.lstrip("-")


def duration(seconds: float | None) -> str:
    """Give a time in words short enough for a table."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def energy(kwh: float) -> str:
    """Give an energy with a unit in which it is easy to read."""
    watt_hours = kwh * 1000
    if 0 < watt_hours < 0.001:
        return "< 0.001 Wh"
    return f"{kwh:.3g} kWh" if watt_hours >= 1000 else f"{watt_hours:.3g} Wh"


def grouped(value: float) -> str:
    """Give a whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")
