"""The made-up screen of the ranking's tests."""

from tests.unit.screens import con, ranked, screen

__all__ = ["con", "ranked", "screen"]
