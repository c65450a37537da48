"""Minimisation in packs and MM/GBSA energies."""
