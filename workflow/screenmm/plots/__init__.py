"""Figures of a screen, drawn with matplotlib."""
