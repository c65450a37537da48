"""How hard a molecule is to make, guessed from how common its parts are and how complex it is.

The SA score (Ertl and Schuffenhauer 2009, 10.1186/1758-2946-1-8) as RDKit's contributions have it:
1 is easy, 10 is hard, above 6 is called difficult.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

from rdkit import Chem, RDConfig, rdBase

from screenmm.core.errors import ConfigError, LigandError, Reason


def sa_score(mol: Chem.Mol) -> float:
    """How hard a molecule is to make, from 1, easy, to 10 (10.1186/1758-2946-1-8).

    Raises
    ------
    LigandError
        The molecule has no atoms.
    ConfigError
        RDKit was installed without its contributions.
    """
    if mol.GetNumAtoms() == 0:
        raise LigandError(Reason.MISSING_STRUCTURE, "it has no atoms: nothing can be said of it")
    with rdBase.BlockLogs():
        return float(sa_scorer().calculateScore(Chem.RemoveHs(mol)))


@functools.cache
def sa_scorer() -> Any:
    """RDKit's module of the SA score: 0.7 CPU s and 110 MB the first time it computes."""
    path = Path(RDConfig.RDContribDir) / "SA_Score" / "sascorer.py"
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing: the SA score needs RDKit with its contributions, as the wheels "
            "of PyPI and the packages of conda-forge have them"
        )
    return module_at(path)


def module_at(path: Path) -> ModuleType:
    """Run a Python file as a module, without the package that it lies in."""
    spec = importlib.util.spec_from_file_location(f"screenmm_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
