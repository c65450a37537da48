"""Variants of a protein: reading them, and numbering them against a sequence and a structure."""
