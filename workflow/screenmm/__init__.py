"""ScreenMM: from a receptor and a library to a ranked, explained shortlist."""

from importlib.metadata import version

__version__ = version("screenmm")
