"""Proposers, a module each; see :mod:`screenmm.generation.registry`."""
