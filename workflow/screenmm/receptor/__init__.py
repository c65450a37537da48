"""Receptors: reading, cleaning, protonation, pocket and polymer force field."""
