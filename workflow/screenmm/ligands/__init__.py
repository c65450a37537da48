"""Ligands made ready for docking: their states and their conformers."""
