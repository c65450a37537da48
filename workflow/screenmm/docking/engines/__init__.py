"""Docking engines, a module each; see :mod:`screenmm.config.engines`."""
