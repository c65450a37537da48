"""Names of residues, and filters on them."""
