from tests.unit.models import tyk2_model, tyk2_pdb, tyk2_system

__all__ = ["tyk2_model", "tyk2_pdb", "tyk2_system"]
