"""Optional property and alert filters."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, FilterCatalog
from rdkit.Chem import rdMolDescriptors as D

from screenmm.config.settings import Filters
from screenmm.core.errors import Reason

PROPERTIES: dict[str, tuple[Callable[[Chem.Mol], float], str]] = {
    "molecular_weight": (Descriptors.MolWt, " g/mol"),  # type: ignore[attr-defined]
    "logp": (Crippen.MolLogP, ""),  # type: ignore[attr-defined]
    "tpsa": (D.CalcTPSA, " Å²"),
    # Lipinski's own counts: N–H and O–H hydrogens, and N and O atoms
    "hbond_donors": (D.CalcNumLipinskiHBD, ""),
    "hbond_acceptors": (D.CalcNumLipinskiHBA, ""),
    "rotatable_bonds": (D.CalcNumRotatableBonds, ""),
    "heavy_atoms": (Chem.Mol.GetNumHeavyAtoms, ""),
    "formal_charge": (Chem.GetFormalCharge, ""),
}
"""Each filter's property of the neutral parent, and its unit."""


def check_filters(mol: Chem.Mol, filters: Filters) -> tuple[Reason, str] | None:
    """Say why a molecule is filtered out, if it is.

    Parameters
    ----------
    mol : Mol
        The standardised parent.
    filters : Filters
        Limits and alert catalogues.

    Returns
    -------
    tuple of (Reason, str), or None
        Reason and a message with the value and the limit, or the alert's name.
    """
    for name, (compute, unit) in PROPERTIES.items():
        limits = getattr(filters, name)
        if limits is None:
            continue
        value = compute(mol)
        if limits.min is not None and value < limits.min:
            return Reason.PROPERTY_FILTER, f"{name} {value:.4g}{unit} is below {limits.min:g}{unit}"
        if limits.max is not None and value > limits.max:
            return Reason.PROPERTY_FILTER, f"{name} {value:.4g}{unit} is above {limits.max:g}{unit}"
    for alert in filters.alerts:
        match = _catalogue(alert).GetFirstMatch(mol)
        if match is not None:
            return Reason.ALERT_FILTER, f"{alert} alert {match.GetDescription()}"
    return None


@cache
def _catalogue(name: str) -> FilterCatalog.FilterCatalog:
    parameters = FilterCatalog.FilterCatalogParams()
    parameters.AddCatalog(getattr(FilterCatalog.FilterCatalogParams.FilterCatalogs, name))
    return FilterCatalog.FilterCatalog(parameters)
