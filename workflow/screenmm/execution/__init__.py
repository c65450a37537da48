"""Doing a stage's work: workers, journal, progress, usage, energy."""
