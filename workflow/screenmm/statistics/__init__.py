"""Measures with intervals, resampling, contests between scores."""
