"""The made-up screen of the ranking's tests."""

from tests.unit.ranking.conftest import con, ranked, screen

__all__ = ["con", "ranked", "screen"]
