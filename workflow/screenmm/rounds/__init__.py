"""A library docked in rounds: what is learned from those before, and which batch comes next."""
