"""Figures, each with its table."""
