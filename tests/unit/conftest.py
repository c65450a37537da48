"""A parametrised complex and a finished screen, for all rooms.

A fixture of a session is made once for each file that names it: hence all are named here alone.
"""

from tests.unit.models import (
    ejm_42,
    ejm_42_parameters,
    receptor_folder,
    tyk2_model,
    tyk2_pdb,
    tyk2_system,
)
from tests.unit.screens import con, ranked, screen

__all__ = [
    "con",
    "ejm_42",
    "ejm_42_parameters",
    "ranked",
    "receptor_folder",
    "screen",
    "tyk2_model",
    "tyk2_pdb",
    "tyk2_system",
]
