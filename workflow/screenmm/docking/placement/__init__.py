"""Placement by template: ligands laid where a reference ligand of a common core lies."""
