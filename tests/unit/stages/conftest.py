"""Fixtures of other rooms that stages are tested with."""

from tests.unit.inspection.conftest import ejm_42, receptor_folder
from tests.unit.models import tyk2_model, tyk2_pdb, tyk2_system

__all__ = ["ejm_42", "receptor_folder", "tyk2_model", "tyk2_pdb", "tyk2_system"]
