"""OpenMM minimisation and MM/GBSA scoring."""
