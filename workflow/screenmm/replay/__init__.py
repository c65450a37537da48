"""Computing ligands again and comparing."""
