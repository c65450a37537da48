"""Force-field parameters of receptors and ligands, as plain arrays."""
