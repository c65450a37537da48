"""Mutants: small changes of the package's code, each of which a unit test should notice."""
