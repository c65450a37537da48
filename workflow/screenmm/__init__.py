"""ScreenMM: from a receptor and a library to a ranked, explained shortlist."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from screenmm.api import (
        Results,
        dock,
        load_settings,
        open_results,
        prepare_ligand,
        prepare_receptor,
        propose,
        score_poses,
    )

__version__ = version("screenmm")

__all__ = [
    "Results", "__version__", "dock", "load_settings", "open_results", "prepare_ligand",
    "prepare_receptor", "propose", "score_poses",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load the public functions when they are asked for: a command imports its own packages."""
    if name not in __all__:
        raise AttributeError(f"module 'screenmm' has no attribute {name!r}")
    from screenmm import api  # noqa: PLC0415

    return getattr(api, name)
