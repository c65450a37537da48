"""Fixtures of a parametrised complex."""

from tests.unit.models import ejm_42, ejm_42_parameters, tyk2_model, tyk2_pdb, tyk2_system

__all__ = ["ejm_42", "ejm_42_parameters", "tyk2_model", "tyk2_pdb", "tyk2_system"]
