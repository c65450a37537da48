"""The redocking control: whether docking finds the reference ligand's pose again."""
