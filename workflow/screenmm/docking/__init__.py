"""Docking: engines behind one small interface, and the files they take."""
