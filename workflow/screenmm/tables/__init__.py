"""One dictionary of columns: what stands in the tables of a screen."""
