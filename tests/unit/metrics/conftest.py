"""Fixtures of a finished screen."""

from tests.unit.screens import con, ranked, screen

__all__ = ["con", "ranked", "screen"]
