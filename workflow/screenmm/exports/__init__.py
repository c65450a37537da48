"""Results for other programs: hits, complexes, viewers' scripts."""
