"""Ligand parameters: OpenFF Sage with charges from OpenFF NAGL.

Sage 2.3 [1]_ was fitted with NAGL's charges. The force field is read by its own package;
assigning parameters and charges is done in :mod:`screenmm.forcefield.smirnoff` and
:mod:`screenmm.forcefield.charges`, with the results of OpenFF Interchange and of
``GNNModel.compute_property`` in a fraction of their time.

References
----------
.. [1] S. Boothroyd et al., J. Chem. Theory Comput. 19, 3251 (2023).
"""

from __future__ import annotations

import functools
import logging
import warnings
from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem

from screenmm.core.deadline import deadline
from screenmm.core.errors import MACHINE_FAULTS, LigandError, Reason, ScreenMMError
from screenmm.forcefield.charge_model import load_charge_model
from screenmm.forcefield.charges import nagl_charges
from screenmm.forcefield.parameters import Parameters
from screenmm.forcefield.smirnoff import (
    FORCE_FIELD,
    CompiledForceField,
    assign,
    compile_force_field,
    mdl_molecule,
)

if TYPE_CHECKING:
    from screenmm.forcefield.parameter_cache import ParameterCache


@functools.lru_cache(maxsize=1)
def _force_field() -> CompiledForceField:
    from openff.toolkit import ForceField  # noqa: PLC0415  (a second to import)

    return compile_force_field(ForceField(FORCE_FIELD), FORCE_FIELD)


def load_models() -> None:
    """Load force field and charge model once, for a worker to do before its first ligand."""
    logging.getLogger("openff").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning)
    _force_field()
    load_charge_model()


def ligand_parameters(
    mol: Chem.Mol,
    *,
    cache: ParameterCache | None = None,
    time_limit_s: float | None = None,
) -> Parameters:
    """Parametrise a molecule.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens explicit; only its structure is used, no coordinates.
    cache : ParameterCache, optional
        Asked first and told afterwards.
    time_limit_s : float, optional
        Bound on the time this may take, s.

    Returns
    -------
    parameters : Parameters
        In the molecule's atom order.

    Raises
    ------
    LigandError
        No parameters or charges for this molecule (reason ``parameters_missing``), or not
        within the time limit (``time_limit``).
    """
    known = cache.get(mol) if cache is not None else None
    if known is not None:
        return known
    load_models()
    with deadline(time_limit_s, "parametrisation"):
        parameters = _parametrise(mol)
    if cache is not None:
        cache.put(mol, parameters)
    return parameters


def _parametrise(mol: Chem.Mol) -> Parameters:
    try:
        prepared = mdl_molecule(mol)
        raw = nagl_charges(prepared)
        if not np.isfinite(raw).all():
            raise LigandError(Reason.PARAMETERS_MISSING, "NAGL gave charges that are not finite")
        charges = raw + (Chem.GetFormalCharge(mol) - raw.sum()) / len(raw)
        return assign(_force_field(), prepared, charges)
    except (*MACHINE_FAULTS, ScreenMMError):
        raise
    except Exception as error:
        # the toolkit raises many classes from many packages; each means the same here
        text = " ".join(str(error).split())[:300]
        raise LigandError(
            Reason.PARAMETERS_MISSING, f"{FORCE_FIELD} with NAGL: {type(error).__name__}: {text}"
        ) from error
